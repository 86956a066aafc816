package dev.skim.tensor.block;

import java.lang.foreign.MemorySegment;

/** IEEE 754 binary16; quantising rounds to the nearest, ties to even. */
public final class F16 implements BlockCodec {
    @Override
    public void expand(MemorySegment source, long at, float[] target, int to, int count) {
        for (int i = 0; i < count; i++) {
            target[to + i] = Fields.half(source, at + 2L * i);
        }
    }

    @Override
    public boolean canQuantise() {
        return true;
    }

    @Override
    public void quantise(float[] source, int from, int count, MemorySegment target, long at) {
        for (int i = 0; i < count; i++) {
            Fields.putU16(target, at + 2L * i, Float.floatToFloat16(source[from + i]));
        }
    }
}
