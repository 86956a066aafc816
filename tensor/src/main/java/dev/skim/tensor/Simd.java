package dev.skim.tensor;

import java.lang.invoke.VarHandle;
import java.util.Objects;
import java.util.Set;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * The vector width, chosen once.
 *
 * <p>The species are compile-time constants to C2.
 */
final class Simd {
    /** Bits of a vector. */
    static final int BITS = Kernels.vectorBits();

    static final VectorSpecies<Float> F = species(float.class, BITS);
    static final VectorSpecies<Integer> I = species(int.class, BITS);
    static final VectorSpecies<Long> L = species(long.class, BITS);
    static final VectorSpecies<Short> S = species(short.class, BITS);

    /** Floats that become one vector of longs. */
    static final VectorSpecies<Float> HALF_FLOATS = species(float.class, BITS / 2);

    /** Bytes that become one vector of shorts. */
    static final VectorSpecies<Byte> HALF_BYTES = species(byte.class, BITS / 2);

    /** Floats in a vector. */
    static final int LANES = F.length();

    /** Rows of a strip: the two vectors that an inner loop works on. */
    static final int STRIP = 2 * LANES;

    /** Bytes that are one vector of floats, or of shorts. */
    static final VectorSpecies<Byte> WORDS = species(byte.class, BITS);

    /**
     * Bytes that become one vector of ints. There is no species of 32 bits: at a width of 128 a load takes 8 bytes of which
     * 4 are used. {@link TableCodes} takes 16 there and uses 8. So arrays of codes end in {@link #SLACK} spare bytes.
     */
    static final VectorSpecies<Byte> BYTES = species(byte.class, Math.max(64, BITS / 4));

    /** Bytes that a load may read beyond what it uses. */
    static final int SLACK = 8;

    /** Where a load fence is no instruction, since the processor keeps loads in order by itself. */
    static final boolean FREE_FENCES = Set.of("amd64", "x86_64").contains(System.getProperty("os.arch"));

    private Simd() {}

    /**
     * An index into an array for a kernel's loop to start from: at most 2^30 - 1, and C2 knows it. It can then prove that
     * {@code index + k + 64} does not overflow, and the processor's addressing does the sum; else each load of the loop has two
     * or three instructions for it.
     *
     * @throws IndexOutOfBoundsException when it is larger, or negative
     */
    static int index(int index) {
        return Objects.checkIndex(index, 1 << 30);
    }

    /** A number of steps for such a loop: at most 65,535. */
    static int steps(int n) {
        return Objects.checkIndex(n, 1 << 16);
    }

    /**
     * Keeps C2 from moving the loads that follow in front of what precedes. At the start of a loop's body: C2 would collect the
     * loads of several unrolled steps at the top and then run out of registers, and one accumulator that waits in memory halves
     * the loop's speed. It changes nothing else, and nothing at all where it would cost.
     */
    static void keepLoads() {
        if (FREE_FENCES) {
            VarHandle.loadLoadFence();
        }
    }

    private static <E> VectorSpecies<E> species(Class<E> element, int bits) {
        return VectorSpecies.of(element, VectorShape.forBitSize(bits));
    }
}
