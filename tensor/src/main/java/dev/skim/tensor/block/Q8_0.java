package dev.skim.tensor.block;

import java.lang.foreign.MemorySegment;

/** 32 elements in 34 bytes: f16 scale {@code d}, then 32 signed bytes. An element is {@code d * byte}. */
public final class Q8_0 implements BlockCodec {
    @Override
    public void expand(MemorySegment source, long at, float[] target, int to, int count) {
        for (int end = to + count; to < end; to += 32, at += 34) {
            float d = Fields.half(source, at);
            for (int i = 0; i < 32; i++) {
                target[to + i] = d * Fields.i8(source, at + 2 + i);
            }
        }
    }

    @Override
    public boolean canQuantise() {
        return true;
    }

    /** The scale brings the largest magnitude to 127; codes are rounded half away from zero. */
    @Override
    public void quantise(float[] source, int from, int count, MemorySegment target, long at) {
        for (int end = from + count; from < end; from += 32, at += 34) {
            float largest = 0;
            for (int i = 0; i < 32; i++) {
                largest = Math.max(largest, Math.abs(source[from + i]));
            }
            float d = largest / 127;
            float inverse = d == 0 ? 0 : 1 / d;
            Fields.putHalf(target, at, d, "Q8_0");
            for (int i = 0; i < 32; i++) {
                Fields.putU8(target, at + 2 + i, code(source[from + i], inverse));
            }
        }
    }

    /**
     * The code of a number: -127 to 127, rounded half away from zero.
     *
     * @param inverse 1 by the scale; infinite where that is so small that f16 makes it 0
     */
    public static int code(float value, float inverse) {
        float scaled = value * inverse;
        // In double the half is added exactly: in float 0.49999997 would become 1.
        return Math.clamp((int) (scaled + Math.copySign(0.5, scaled)), -127, 127);
    }
}
