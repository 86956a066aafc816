package dev.skim.tensor.block;

import java.lang.foreign.MemorySegment;

/**
 * 32 elements in 24 bytes: f16 scale {@code d}, f16 minimum {@code m}, 32 fifth bits (bit i for element i), then 16
 * bytes of low nibbles as in {@link Q4_1}. An element is {@code d * code + m}.
 */
public final class Q5_1 implements BlockCodec {
    @Override
    public void expand(MemorySegment source, long at, float[] target, int to, int count) {
        for (int end = to + count; to < end; to += 32, at += 24) {
            float d = Fields.half(source, at);
            float m = Fields.half(source, at + 2);
            int fifth = Fields.i32(source, at + 4);
            for (int i = 0; i < 16; i += 8) {
                long codes = Fields.i64(source, at + 8 + i);
                int high = fifth >>> i;
                for (int j = 0; j < 8; j++) {
                    int pair = (int) (codes >>> 8 * j);
                    target[to + i + j] = d * (pair & 15 | (high >>> j & 1) << 4) + m;
                    target[to + i + j + 16] = d * (pair >>> 4 & 15 | (high >>> j + 16 & 1) << 4) + m;
                }
            }
        }
    }

    @Override
    public boolean canQuantise() {
        return true;
    }

    @Override
    public void quantise(float[] source, int from, int count, MemorySegment target, long at) {
        AffineFit fit = new AffineFit("Q5_1", 31, source, from, count);
        for (int end = from + count; from < end; from += 32, at += 24) {
            fit.fit(from);
            Fields.putHalf(target, at, fit.scale(), "Q5_1");
            Fields.putHalf(target, at + 2, fit.minimum(), "Q5_1");
            int fifth = 0;
            for (int i = 0; i < 16; i++) {
                int low = fit.code(i);
                int high = fit.code(i + 16);
                fifth |= low >>> 4 << i | high >>> 4 << i + 16;
                Fields.putU8(target, at + 8 + i, low & 15 | high << 4);
            }
            Fields.putI32(target, at + 4, fifth);
        }
    }
}
