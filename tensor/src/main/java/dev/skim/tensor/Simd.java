package dev.skim.tensor;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * The vector width, chosen once, and the loads that the kernels share.
 *
 * <p>The species are compile-time constants to C2. The property {@code skim.width} (128, 256 or 512) forces a width, for
 * tests and for machines whose widest vectors are slow.
 */
final class Simd {
    /** Bits of a vector. */
    static final int BITS = width();

    static final VectorSpecies<Float> F = species(float.class, BITS);
    static final VectorSpecies<Integer> I = species(int.class, BITS);

    static final VectorSpecies<Short> S = species(short.class, BITS);

    /** Bytes that become one vector of shorts. */
    static final VectorSpecies<Byte> HALF_BYTES = species(byte.class, BITS / 2);

    /** Shorts that become one vector of floats. */
    static final VectorSpecies<Short> HALF_SHORTS = species(short.class, BITS / 2);

    /** Floats in a vector. */
    static final int LANES = F.length();

    /** Rows of a strip: the two vectors that an inner loop works on. */
    static final int STRIP = 2 * LANES;

    /** Bytes of a column of a panel, or of half of it. */
    static final VectorSpecies<Byte> B = species(byte.class, Math.min(256, BITS));

    private static final VectorSpecies<Byte> AS_WORDS = species(byte.class, BITS);
    /**
     * Bytes that become one vector of ints. There is no species of 32 bits: at a width of 128 a load takes 8 bytes of which
     * 4 are used, and arrays of codes end in {@link #SLACK} spare bytes.
     */
    static final VectorSpecies<Byte> BYTES = species(byte.class, Math.max(64, BITS / 4));

    /** Bytes that a load may read beyond what it uses. */
    static final int SLACK = 4;


    private Simd() {}

    private static int width() {
        int preferred = FloatVector.SPECIES_PREFERRED.vectorBitSize();
        String forced = System.getProperty("skim.width");
        if (forced == null) {
            return Math.min(512, preferred);
        }
        return switch (forced) {
            case "128" -> 128;
            case "256" -> 256;
            case "512" -> 512;
            default -> throw new IllegalArgumentException(
                    "The property skim.width must be 128, 256 or 512, not " + forced + ".");
        };
    }

    private static <E> VectorSpecies<E> species(Class<E> element, int bits) {
        return VectorSpecies.of(element, VectorShape.forBitSize(bits));
    }

    /** The signed bytes of vector {@code half} (0 or 1) of a strip that starts at {@code offset}, as floats. */
    static FloatVector signedBytes(byte[] a, int offset, int half) {
        return (FloatVector) ByteVector.fromArray(BYTES, a, offset + half * LANES)
                .convertShape(VectorOperators.B2F, F, 0);
    }

    /** Half-precision numbers at byte {@code offset}; exact for all finite ones. */
    static FloatVector halves(byte[] a, int offset) {
        IntVector bits = (IntVector) ByteVector.fromArray(HALF_BYTES, a, offset)
                .reinterpretAsShorts()
                .convertShape(VectorOperators.S2I, I, 0);
        // Exponent and fraction stand 13 bits further left in f32; the biases differ by 112, so a product with 2^112
        // mends the exponent and makes subnormals normal.
        return bits.lanewise(VectorOperators.LSHL, 13).and(0x8fffe000).reinterpretAsFloats().mul(0x1p112f);
    }

    /** Bfloat16 numbers at byte {@code offset}. */
    static FloatVector brains(byte[] a, int offset) {
        IntVector bits = (IntVector) ByteVector.fromArray(HALF_BYTES, a, offset)
                .reinterpretAsShorts()
                .convertShape(VectorOperators.S2I, I, 0);
        return bits.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
    }

    /** Single-precision numbers at byte {@code offset}. */
    static FloatVector singles(byte[] a, int offset) {
        return ByteVector.fromArray(AS_WORDS, a, offset).reinterpretAsFloats();
    }
}
