package dev.skim.tensor.block;

import java.lang.foreign.MemorySegment;

/** The upper half of a binary32; quantising rounds to the nearest, ties to even, and keeps a NaN a (quiet) NaN. */
public final class BF16 implements BlockCodec {
    private static final int QUIET = 0x40;

    @Override
    public void expand(MemorySegment source, long at, float[] target, int to, int count) {
        for (int i = 0; i < count; i++) {
            target[to + i] = Float.intBitsToFloat(Fields.u16(source, at + 2L * i) << 16);
        }
    }

    @Override
    public boolean canQuantise() {
        return true;
    }

    @Override
    public void quantise(float[] source, int from, int count, MemorySegment target, long at) {
        for (int i = 0; i < count; i++) {
            Fields.putU16(target, at + 2L * i, round(source[from + i]));
        }
    }

    private static int round(float value) {
        int bits = Float.floatToRawIntBits(value);
        if (Float.isNaN(value)) {
            return bits >>> 16 | QUIET;
        }
        int tieToEven = bits >>> 16 & 1;
        return bits + 0x7FFF + tieToEven >>> 16;
    }
}
