package dev.skim.tensor.block;

import java.lang.foreign.MemorySegment;

/**
 * 256 ternary elements in 54 bytes: 52 bytes of base-3 digits, f16 {@code d}. An element is {@code d * (digit - 1)}.
 *
 * <p>A byte is a fraction of 256 whose digits after the point are elements: digit n of byte b is the top digit of
 * {@code b * 3^n mod 256}. Digit n of the first 32 bytes gives elements 32n to 32n + 31; of the next 16, elements 160 +
 * 16n on (five digits each); of the last 4, elements 240 + 4n on (four digits).
 */
public final class TQ1_0 implements BlockCodec {
    /** Digit - 1, as f32; the last is never met. */
    private static final float[] CODES = Fields.ramp(4, -1);

    @Override
    public void expand(MemorySegment source, long at, float[] target, int to, int count) {
        for (int end = to + count; to < end; to += 256, at += 54) {
            float d = Fields.half(source, at + 52);
            digits(source, at, 32, 5, d, target, to);
            digits(source, at + 32, 16, 5, d, target, to + 160);
            digits(source, at + 48, 4, 4, d, target, to + 240);
        }
    }

    private static void digits(MemorySegment source, long at, int bytes, int digits, float d, float[] target, int to) {
        for (int i = 0; i < bytes; i++) {
            int rest = Fields.u8(source, at + i);
            for (int n = 0; n < digits; n++) {
                int tripled = rest * 3;
                target[to + n * bytes + i] = d * CODES[tripled >>> 8 & 3];
                rest = tripled & 0xFF;
            }
        }
    }
}
