package dev.skim.tensor.block;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** The fields of a block: little-endian and of any alignment, as GGUF packs them. */
final class Fields {
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private static final VarHandle SHORTS = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INTS = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private static final long[] MASKS = new long[256];

    static {
        for (int bits = 0; bits < 256; bits++) {
            for (int j = 0; j < 8; j++) {
                MASKS[bits] |= (bits >>> j & 1) * 0xFFL << 8 * j;
            }
        }
    }

    private Fields() {}

    static int u8(MemorySegment segment, long at) {
        return segment.get(ValueLayout.JAVA_BYTE, at) & 0xFF;
    }

    static int i8(MemorySegment segment, long at) {
        return segment.get(ValueLayout.JAVA_BYTE, at);
    }

    static int u16(MemorySegment segment, long at) {
        return segment.get(SHORT, at) & 0xFFFF;
    }

    static int i32(MemorySegment segment, long at) {
        return segment.get(INT, at);
    }

    static long i64(MemorySegment segment, long at) {
        return segment.get(LONG, at);
    }

    // The same of an array, where speed counts: each access to a segment has more to check.

    static int u8(byte[] block, int at) {
        return block[at] & 0xFF;
    }

    static int u16(byte[] block, int at) {
        return (short) SHORTS.get(block, at) & 0xFFFF;
    }

    static int i32(byte[] block, int at) {
        return (int) INTS.get(block, at);
    }

    static long i64(byte[] block, int at) {
        return (long) LONGS.get(block, at);
    }

    static float half(byte[] block, int at) {
        return Float.float16ToFloat((short) SHORTS.get(block, at));
    }

    static float half(MemorySegment segment, long at) {
        return Float.float16ToFloat(segment.get(SHORT, at));
    }

    /**
     * Expands 32 elements of 4-bit codes that stand for sixteen values: {@code scale * values[code]}.
     *
     * @param at where their 16 bytes start, element i in the low and i + 16 in the high nibble
     */
    static void expand(MemorySegment segment, long at, byte[] values, float scale, float[] target, int to) {
        for (int i = 0; i < 16; i += 8) {
            long codes = i64(segment, at + i);
            for (int j = 0; j < 8; j++) {
                int pair = (int) (codes >>> 8 * j);
                target[to + i + j] = scale * values[pair & 15];
                target[to + i + j + 16] = scale * values[pair >>> 4 & 15];
            }
        }
    }

    /**
     * Codes as f32: {@code size} whole numbers from {@code least} on. A look-up is faster than an int made a float, by
     * 1.1 to 1.5 times with the type (Zen 5, JDK 25).
     */
    static float[] ramp(int size, int least) {
        float[] ramp = new float[size];
        for (int i = 0; i < size; i++) {
            ramp[i] = least + i;
        }
        return ramp;
    }

    /** 0xFF in byte j of the result where bit j of the low eight is set, 0 elsewhere. */
    static long spread(int bits) {
        return MASKS[bits & 0xFF];
    }

    static void putU8(MemorySegment segment, long at, int value) {
        segment.set(ValueLayout.JAVA_BYTE, at, (byte) value);
    }

    static void putU16(MemorySegment segment, long at, int value) {
        segment.set(SHORT, at, (short) value);
    }

    static void putI32(MemorySegment segment, long at, int value) {
        segment.set(INT, at, value);
    }

    /**
     * Writes a block's scale or minimum as f16.
     *
     * @throws IllegalArgumentException when f16 would make it infinite, or when it is not a number
     */
    static void putHalf(MemorySegment segment, long at, float value, String type) {
        short half = Float.floatToFloat16(value);
        if ((half & 0x7C00) == 0x7C00) {
            throw new IllegalArgumentException(type + " keeps its scale and minimum in f16, up to 65504 in magnitude:"
                    + " it cannot hold a block whose scale or minimum would be " + value);
        }
        segment.set(SHORT, at, half);
    }
}
