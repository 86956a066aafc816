package dev.skim.tensor.block;

import java.lang.foreign.MemorySegment;

/**
 * 32 elements in 18 bytes: f16 scale {@code d}, then 16 bytes of 4-bit codes, element i in the low and i + 16 in the
 * high nibble. An element is {@code d * VALUES[code]}.
 */
public final class IQ4_NL implements BlockCodec {
    /** The 16 unevenly spaced values of the format, denser near zero. */
    static final byte[] VALUES = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

    /** The sixteen values that codes stand for. */
    public static byte[] values() {
        return VALUES.clone();
    }

    @Override
    public void expand(MemorySegment source, long at, float[] target, int to, int count) {
        for (int end = to + count; to < end; to += 32, at += 18) {
            Fields.expand(source, at + 2, VALUES, Fields.half(source, at), target, to);
        }
    }
}
