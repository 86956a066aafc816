package dev.skim.tensor;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * The vector width, chosen once.
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

    /** Bytes that are one vector of floats, or of shorts. */
    static final VectorSpecies<Byte> WORDS = species(byte.class, BITS);

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
}
