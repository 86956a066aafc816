package dev.skim.tensor.block;

import java.lang.foreign.MemorySegment;

/**
 * 256 elements in 84 bytes: 16 bytes of group scales (low nibble) and minima (high nibble), 64 bytes of 2-bit codes,
 * f16 {@code d}, f16 {@code dmin}. A group is 16 elements; an element is {@code d * scale * code - dmin * minimum}.
 *
 * <p>Codes: each half of the block has 32 bytes; bits 2k and 2k + 1 of them are the half's elements 32k to 32k + 31.
 */
public final class Q2_K implements BlockCodec {
    /** The codes as f32. */
    private static final float[] CODES = Fields.ramp(4, 0);

    @Override
    public void expand(MemorySegment source, long at, float[] target, int to, int count) {
        for (int end = to + count; to < end; to += 256, at += 84) {
            float d = Fields.half(source, at + 80);
            float dmin = Fields.half(source, at + 82);
            for (int group = 0; group < 16; group++) {
                int packed = Fields.u8(source, at + group);
                float scale = d * (packed & 15);
                float minimum = dmin * (packed >>> 4);
                long codes = at + 16 + (group >>> 3) * 32 + (group & 1) * 16;
                int shift = group & 6;
                for (int i = 0; i < 16; i += 8) {
                    long word = Fields.i64(source, codes + i) >>> shift;
                    for (int j = 0; j < 8; j++) {
                        target[to + group * 16 + i + j] = scale * CODES[(int) (word >>> 8 * j) & 3] - minimum;
                    }
                }
            }
        }
    }
}
