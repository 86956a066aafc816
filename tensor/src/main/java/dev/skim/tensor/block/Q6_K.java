package dev.skim.tensor.block;

import java.lang.foreign.MemorySegment;

/**
 * 256 elements in 210 bytes: 128 bytes of low nibbles, 64 bytes of upper bit pairs, 16 signed group scales, f16
 * {@code d}. A group is 16 elements; an element is {@code d * scale * (code - 32)}.
 *
 * <p>Each half of the block has 64 bytes of nibbles: the low ones are its elements 0 to 63, the high ones 64 to 127. It
 * has 32 bytes of pairs: bits 2k and 2k + 1 belong to its elements 32k to 32k + 31.
 */
public final class Q6_K implements BlockCodec {
    /** Code - 32, as f32. */
    private static final float[] CODES = Fields.ramp(64, -32);

    @Override
    public void expand(MemorySegment source, long at, float[] target, int to, int count) {
        for (int end = to + count; to < end; to += 256, at += 210) {
            float d = Fields.half(source, at + 208);
            for (int group = 0; group < 16; group++) {
                float scale = d * Fields.i8(source, at + 192 + group);
                int half = group >>> 3;
                long nibbles = at + half * 64 + (group & 3) * 16;
                int nibbleShift = group & 4;
                long pairs = at + 128 + half * 32 + (group & 1) * 16;
                int pairShift = group & 6;
                for (int i = 0; i < 16; i += 8) {
                    long low = Fields.i64(source, nibbles + i) >>> nibbleShift & 0x0F0F0F0F0F0F0F0FL;
                    long high = Fields.i64(source, pairs + i) >>> pairShift & 0x0303030303030303L;
                    long code = low | high << 4;
                    for (int j = 0; j < 8; j++) {
                        target[to + group * 16 + i + j] = scale * CODES[(int) (code >>> 8 * j) & 63];
                    }
                }
            }
        }
    }
}
