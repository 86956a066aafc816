package dev.skim.tensor.block;

import java.lang.foreign.MemorySegment;

/**
 * 256 elements in 136 bytes: f16 {@code d}, 16 bits with the upper two bits of the 8 group scales, 4 bytes with their
 * low nibbles, then 8 groups of 32 elements coded as in {@link IQ4_NL}. An element is {@code d * (scale - 32) *
 * VALUES[code]}.
 */
public final class IQ4_XS implements BlockCodec {
    @Override
    public void expand(MemorySegment source, long at, float[] target, int to, int count) {
        for (int end = to + count; to < end; to += 256, at += 136) {
            float d = Fields.half(source, at);
            int high = Fields.u16(source, at + 2);
            int low = Fields.i32(source, at + 4);
            for (int group = 0; group < 8; group++) {
                int scale = low >>> 4 * group & 15 | (high >>> 2 * group & 3) << 4;
                Fields.expand(source, at + 8 + group * 16, IQ4_NL.VALUES, d * (scale - 32), target, to + group * 32);
            }
        }
    }
}
