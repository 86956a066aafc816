package dev.skim.tensor.block;

import java.lang.foreign.MemorySegment;

/**
 * 32 elements in 20 bytes: f16 scale {@code d}, f16 minimum {@code m}, then 16 bytes of 4-bit codes, element i in the
 * low and i + 16 in the high nibble. An element is {@code d * code + m}.
 */
public final class Q4_1 implements BlockCodec {
    /** The codes as f32. */
    private static final float[] CODES = Fields.ramp(16, 0);

    @Override
    public void expand(MemorySegment source, long at, float[] target, int to, int count) {
        for (int end = to + count; to < end; to += 32, at += 20) {
            float d = Fields.half(source, at);
            float m = Fields.half(source, at + 2);
            for (int i = 0; i < 16; i += 8) {
                long codes = Fields.i64(source, at + 4 + i);
                for (int j = 0; j < 8; j++) {
                    int pair = (int) (codes >>> 8 * j);
                    target[to + i + j] = d * CODES[pair & 15] + m;
                    target[to + i + j + 16] = d * CODES[pair >>> 4 & 15] + m;
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
        AffineFit fit = new AffineFit("Q4_1", 15, source, from, count);
        for (int end = from + count; from < end; from += 32, at += 20) {
            fit.fit(from);
            Fields.putHalf(target, at, fit.scale(), "Q4_1");
            Fields.putHalf(target, at + 2, fit.minimum(), "Q4_1");
            for (int i = 0; i < 16; i++) {
                Fields.putU8(target, at + 4 + i, fit.code(i) | fit.code(i + 16) << 4);
            }
        }
    }
}
