package dev.skim.tensor.block;

import java.lang.foreign.MemorySegment;

/**
 * 256 elements in 66 bytes: 64 bytes of 2-bit codes that lie as in {@link Q2_K}, f16 {@code d}. An element is
 * {@code d * (code - 1)}; code 3 is never made but stands for 2.
 */
public final class TQ2_0 implements BlockCodec {
    /** Code - 1, as f32. */
    private static final float[] CODES = Fields.ramp(4, -1);

    @Override
    public void expand(MemorySegment source, long at, float[] target, int to, int count) {
        for (int end = to + count; to < end; to += 256, at += 66) {
            float d = Fields.half(source, at + 64);
            for (int part = 0; part < 8; part++) {
                long codes = at + (part >>> 2) * 32;
                int shift = (part & 3) * 2;
                for (int i = 0; i < 32; i += 8) {
                    long word = Fields.i64(source, codes + i) >>> shift;
                    for (int j = 0; j < 8; j++) {
                        target[to + part * 32 + i + j] = d * CODES[(int) (word >>> 8 * j) & 3];
                    }
                }
            }
        }
    }
}
