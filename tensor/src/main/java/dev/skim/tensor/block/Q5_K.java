package dev.skim.tensor.block;

import java.lang.foreign.MemorySegment;

/**
 * 256 elements in 176 bytes: f16 {@code d}, f16 {@code dmin}, 12 bytes of 6-bit group scales and minima ({@link
 * GroupScales}), 32 bytes of fifth bits, 128 bytes of low nibbles as in {@link Q4_K}. A group is 32 elements; an
 * element is {@code d * scale * code - dmin * minimum}. Fifth bit k of byte i belongs to element 32k + i.
 */
public final class Q5_K implements BlockCodec {
    /** The codes as f32. */
    private static final float[] CODES = Fields.ramp(32, 0);

    @Override
    public void expand(MemorySegment source, long at, float[] target, int to, int count) {
        for (int end = to + count; to < end; to += 256, at += 176) {
            float d = Fields.half(source, at);
            float dmin = Fields.half(source, at + 2);
            long scales = GroupScales.scales(source, at + 4);
            long minima = GroupScales.minima(source, at + 4);
            for (int group = 0; group < 8; group++) {
                float scale = d * ((int) (scales >>> 8 * group) & 63);
                float minimum = dmin * ((int) (minima >>> 8 * group) & 63);
                int shift = (group & 1) * 4;
                for (int i = 0; i < 32; i += 8) {
                    long low = Fields.i64(source, at + 48 + (group >>> 1) * 32 + i) >>> shift & 0x0F0F0F0F0F0F0F0FL;
                    long fifth = Fields.i64(source, at + 16 + i) >>> group & 0x0101010101010101L;
                    long code = low | fifth << 4;
                    for (int j = 0; j < 8; j++) {
                        target[to + group * 32 + i + j] = scale * CODES[(int) (code >>> 8 * j) & 31] - minimum;
                    }
                }
            }
        }
    }
}
