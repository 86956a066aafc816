package dev.skim.tensor.block;

import java.lang.foreign.MemorySegment;

/**
 * 256 elements in 56 bytes: 32 bytes of low code bits, 32 nibbles with a code's upper three bits and the sign of its
 * shift, then 4 times 16 bits with four 3-bit scales each, one for 16 elements; their top nibbles are the f16
 * {@code d}, lowest first. Codes and elements are those of {@link IQ1_S}.
 */
public final class IQ1_M implements BlockCodec {
    @Override
    public void expand(MemorySegment source, long at, float[] target, int to, int count) {
        for (int end = to + count; to < end; to += 256, at += 56) {
            long scales = Fields.i64(source, at + 48);
            long half = scales >>> 12 & 0xF | scales >>> 24 & 0xF0 | scales >>> 36 & 0xF00 | scales >>> 48 & 0xF000;
            float d = Float.float16ToFloat((short) half);
            for (int k = 0; k < 32; k++) {
                int nibble = Fields.u8(source, at + 32 + (k >>> 1)) >>> 4 * (k & 1);
                int code = Fields.u8(source, at + k) | (nibble & 7) << 8;
                int scaleBits = (int) (scales >>> 16 * (k >>> 3) + 3 * (k >>> 1 & 3)) & 7;
                IQ1_S.put(code, (nibble & 8) != 0, d * (2 * scaleBits + 1), target, to + k * 8);
            }
        }
    }
}
