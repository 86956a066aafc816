package dev.skim.tensor;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.VectorSpecies;

/** The values that codes stand for, for the look-ups of {@link TableCodes}, {@link TableCodes3} and {@link TableProduct}. */
final class ValueTable {
    /** Whether a vector of ints holds sixteen values. */
    static final boolean WIDE = Simd.LANES >= 16;

    /** Sixteen bytes. */
    static final VectorSpecies<Byte> SIXTEEN = ByteVector.SPECIES_128;

    // Again and again, where a vector takes more than there are.

    /** The bits of the values as f32. */
    final int[] floats;
    final short[] shorts;
    final byte[] bytes;

    ValueTable(byte[] values) {
        floats = new int[Math.max(values.length, Simd.LANES)];
        shorts = new short[Math.max(values.length, Simd.S.length())];
        bytes = new byte[Math.max(values.length, Simd.WORDS.length())];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = Float.floatToRawIntBits(values[i % values.length]);
        }
        for (int i = 0; i < shorts.length; i++) {
            shorts[i] = values[i % values.length];
        }
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = values[i % values.length];
        }
    }

    /** For codes as {@link BytePlanes#sizesAndSigns} makes them: {@code bits} bits tell the size, and the one above them the sign. */
    static ValueTable ofSizes(int[] sizes, int bits) {
        byte[] values = new byte[2 << bits];
        for (int i = 0; i < sizes.length; i++) {
            values[i] = (byte) sizes[i];
            values[(1 << bits) + i] = (byte) -sizes[i];
        }
        return new ValueTable(values);
    }

    float value(int code) {
        return bytes[code];
    }
}
