package dev.skim.tensor.block;

import java.lang.foreign.MemorySegment;

/**
 * 256 elements in 110 bytes: 32 bytes of third bits, 64 bytes of 2-bit codes, 12 bytes of 6-bit group scales, f16
 * {@code d}. A group is 16 elements; an element is {@code d * (scale - 32) * (code - 4)}, its third bit worth 4.
 *
 * <p>Codes lie as in {@link Q2_K}; third bit k of byte i belongs to element 32k + i. Scales: the low nibbles of the
 * first 8 bytes are the low four bits of scales 0 to 7, the high nibbles those of 8 to 15; bits 2k and 2k + 1 of the
 * last 4 bytes are the upper two of scales 4k to 4k + 3.
 */
public final class Q3_K implements BlockCodec {
    /** Code - 4, as f32. */
    private static final float[] CODES = Fields.ramp(8, -4);

    @Override
    public void expand(MemorySegment source, long at, float[] target, int to, int count) {
        for (int end = to + count; to < end; to += 256, at += 110) {
            float d = Fields.half(source, at + 108);
            long lowScales = Fields.i64(source, at + 96);
            int highScales = Fields.i32(source, at + 104);
            for (int group = 0; group < 16; group++) {
                int low = (int) (lowScales >>> 8 * (group & 7) + 4 * (group >>> 3)) & 15;
                int high = highScales >>> 8 * (group & 3) + 2 * (group >>> 2) & 3;
                float scale = d * ((low | high << 4) - 32);
                long codes = at + 32 + (group >>> 3) * 32 + (group & 1) * 16;
                long thirds = at + (group & 1) * 16;
                for (int i = 0; i < 16; i += 8) {
                    long word = Fields.i64(source, codes + i) >>> (group & 6);
                    long third = Fields.i64(source, thirds + i) >>> (group >>> 1);
                    long code = word & 0x0303030303030303L | (third & 0x0101010101010101L) << 2;
                    for (int j = 0; j < 8; j++) {
                        target[to + group * 16 + i + j] = scale * CODES[(int) (code >>> 8 * j) & 7];
                    }
                }
            }
        }
    }
}
