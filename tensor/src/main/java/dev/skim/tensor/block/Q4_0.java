package dev.skim.tensor.block;

import java.lang.foreign.MemorySegment;

/**
 * 32 elements in 18 bytes: f16 scale {@code d}, then 16 bytes of 4-bit codes, element i in the low and i + 16 in the
 * high nibble. An element is {@code d * (code - 8)}.
 */
public final class Q4_0 implements BlockCodec {
    /** Code - 8, as f32. */
    private static final float[] CODES = Fields.ramp(16, -8);

    @Override
    public void expand(MemorySegment source, long at, float[] target, int to, int count) {
        for (int end = to + count; to < end; to += 32, at += 18) {
            float d = Fields.half(source, at);
            for (int i = 0; i < 16; i += 8) {
                long codes = Fields.i64(source, at + 2 + i);
                for (int j = 0; j < 8; j++) {
                    int pair = (int) (codes >>> 8 * j);
                    target[to + i + j] = d * CODES[pair & 15];
                    target[to + i + j + 16] = d * CODES[pair >>> 4 & 15];
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
        SymmetricFit fit = new SymmetricFit("Q4_0", 8, source, from, count);
        for (int end = from + count; from < end; from += 32, at += 18) {
            fit.fit(from);
            Fields.putHalf(target, at, fit.scale(), "Q4_0");
            for (int i = 0; i < 16; i++) {
                Fields.putU8(target, at + 2 + i, fit.code(i) | fit.code(i + 16) << 4);
            }
        }
    }
}
