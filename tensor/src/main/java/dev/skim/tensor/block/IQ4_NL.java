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
            float d = Fields.half(source, at);
            for (int i = 0; i < 16; i += 8) {
                long codes = Fields.i64(source, at + 2 + i);
                for (int j = 0; j < 8; j++) {
                    int pair = (int) (codes >>> 8 * j);
                    target[to + i + j] = d * VALUES[pair & 15];
                    target[to + i + j + 16] = d * VALUES[pair >>> 4 & 15];
                }
            }
        }
    }
}
