package dev.skim.tensor.block;

import java.lang.foreign.MemorySegment;

/**
 * 32 elements in 24 bytes: f16 scale {@code d}, f16 minimum {@code m}, 32 fifth bits (bit i for element i), then 16
 * bytes of low nibbles as in {@link Q4_1}. An element is {@code d * code + m}.
 */
public final class Q5_1 implements BlockCodec {
    /** The codes as f32. */
    private static final float[] CODES = Fields.ramp(32, 0);

    @Override
    public void expand(MemorySegment source, long at, float[] target, int to, int count) {
        for (int end = to + count; to < end; to += 32, at += 24) {
            float d = Fields.half(source, at);
            float m = Fields.half(source, at + 2);
            int fifth = Fields.i32(source, at + 4);
            for (int i = 0; i < 16; i += 8) {
                long codes = Fields.i64(source, at + 8 + i);
                long first = codes & 0x0F0F0F0F0F0F0F0FL | Fields.spread(fifth >>> i) & 0x1010101010101010L;
                long second = codes >>> 4 & 0x0F0F0F0F0F0F0F0FL | Fields.spread(fifth >>> i + 16) & 0x1010101010101010L;
                for (int j = 0; j < 8; j++) {
                    target[to + i + j] = d * CODES[(int) (first >>> 8 * j) & 31] + m;
                    target[to + i + j + 16] = d * CODES[(int) (second >>> 8 * j) & 31] + m;
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
