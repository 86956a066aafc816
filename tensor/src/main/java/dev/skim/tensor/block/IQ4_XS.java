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
                float scaled = d * (scale - 32);
                for (int i = 0; i < 16; i += 8) {
                    long codes = Fields.i64(source, at + 8 + group * 16 + i);
                    for (int j = 0; j < 8; j++) {
                        int pair = (int) (codes >>> 8 * j);
                        target[to + group * 32 + i + j] = scaled * IQ4_NL.VALUES[pair & 15];
                        target[to + group * 32 + i + j + 16] = scaled * IQ4_NL.VALUES[pair >>> 4 & 15];
                    }
                }
            }
        }
    }
}
