package dev.skim.tensor.block;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** IEEE 754 binary32, as it is. */
public final class F32 implements BlockCodec {
    private static final ValueLayout.OfFloat LAYOUT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    @Override
    public void expand(MemorySegment source, long at, float[] target, int to, int count) {
        MemorySegment.copy(source, LAYOUT, at, target, to, count);
    }

    @Override
    public boolean canQuantise() {
        return true;
    }

    @Override
    public void quantise(float[] source, int from, int count, MemorySegment target, long at) {
        MemorySegment.copy(source, from, target, LAYOUT, at, count);
    }
}
