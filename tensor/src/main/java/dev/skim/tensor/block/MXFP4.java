package dev.skim.tensor.block;

import java.lang.foreign.MemorySegment;

/**
 * 32 elements in 17 bytes: a power of two (E8M0, exponent bias 127), then 16 bytes of 4-bit floats (E2M1), element i in
 * the low and i + 16 in the high nibble. OCP Microscaling Formats 1.0, but for the exponent's NaN, which GGUF reads as
 * 2^128.
 */
public final class MXFP4 implements BlockCodec {
    /** Twice the E2M1 values, so that they are whole; code 8 is plain zero. */
    private static final byte[] DOUBLED = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

    /** Twice the sixteen values that codes stand for. */
    public static byte[] doubled() {
        return DOUBLED.clone();
    }

    @Override
    public void expand(MemorySegment source, long at, float[] target, int to, int count) {
        for (int end = to + count; to < end; to += 32, at += 17) {
            Fields.expand(source, at + 1, DOUBLED, halfPower(Fields.u8(source, at)), target, to);
        }
    }

    /** 2^(exponent - 128), half of what the exponent says, to go with the doubled values; subnormal below 2. */
    private static float halfPower(int exponent) {
        return Float.intBitsToFloat(exponent < 2 ? 0x00200000 << exponent : exponent - 1 << 23);
    }
}
