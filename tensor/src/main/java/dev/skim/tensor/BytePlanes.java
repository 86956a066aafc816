package dev.skim.tensor;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * The bytes of 32 rows turned: plane j holds byte j of every row, as four longs of eight rows each. How rows become panels.
 *
 * <p>All of it is plain arithmetic on longs and no Vector API: a model is packed once, by code that has only just been
 * compiled, and a vector in code that is not boxes. Small methods that are called often are compiled soon.
 */
final class BytePlanes {
    /** Longs of a plane. */
    static final int LONGS = PanelLayout.ROWS / Long.BYTES;

    static final long LOW_NIBBLES = 0x0F0F0F0F0F0F0F0FL;
    static final long LOW_SIXES = 0x3F3F3F3F3F3F3F3FL;

    private static final long LOW_PAIRS = 0x0303030303030303L;

    private static final int ROWS = PanelLayout.ROWS;

    // All of them here: code that was compiled while a single kind of VarHandle was loaded is thrown away when the next one is.
    static final VarHandle SHORT = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private BytePlanes() {}

    /**
     * Turns bytes {@code from} to {@code from + count - 1} of 32 rows that begin {@code stride} bytes apart into planes 0
     * and on. Reads and writes up to a multiple of 8.
     */
    static void gather(byte[] rows, int from, int stride, int count, long[] planes) {
        for (int k = 0; k < LONGS; k++) {
            for (int j = 0; j < count; j += Long.BYTES) {
                turn(rows, from + k * Long.BYTES * stride + j, stride, planes, j * LONGS + k);
            }
        }
    }

    /** Eight bytes of eight rows, by the swaps of ever smaller blocks: Warren, Hacker's Delight (2nd ed.), section 7-3. */
    private static void turn(byte[] rows, int from, int stride, long[] planes, int to) {
        long a = (long) LONG.get(rows, from);
        long b = (long) LONG.get(rows, from + stride);
        long c = (long) LONG.get(rows, from + 2 * stride);
        long d = (long) LONG.get(rows, from + 3 * stride);
        long e = (long) LONG.get(rows, from + 4 * stride);
        long f = (long) LONG.get(rows, from + 5 * stride);
        long g = (long) LONG.get(rows, from + 6 * stride);
        long h = (long) LONG.get(rows, from + 7 * stride);
        long swap = (a >>> 32 ^ e) & 0xFFFFFFFFL;
        e ^= swap;
        a ^= swap << 32;
        swap = (b >>> 32 ^ f) & 0xFFFFFFFFL;
        f ^= swap;
        b ^= swap << 32;
        swap = (c >>> 32 ^ g) & 0xFFFFFFFFL;
        g ^= swap;
        c ^= swap << 32;
        swap = (d >>> 32 ^ h) & 0xFFFFFFFFL;
        h ^= swap;
        d ^= swap << 32;
        swap = (a >>> 16 ^ c) & 0x0000FFFF0000FFFFL;
        c ^= swap;
        a ^= swap << 16;
        swap = (b >>> 16 ^ d) & 0x0000FFFF0000FFFFL;
        d ^= swap;
        b ^= swap << 16;
        swap = (e >>> 16 ^ g) & 0x0000FFFF0000FFFFL;
        g ^= swap;
        e ^= swap << 16;
        swap = (f >>> 16 ^ h) & 0x0000FFFF0000FFFFL;
        h ^= swap;
        f ^= swap << 16;
        swap = (a >>> 8 ^ b) & 0x00FF00FF00FF00FFL;
        planes[to] = a ^ swap << 8;
        planes[to + LONGS] = b ^ swap;
        swap = (c >>> 8 ^ d) & 0x00FF00FF00FF00FFL;
        planes[to + 2 * LONGS] = c ^ swap << 8;
        planes[to + 3 * LONGS] = d ^ swap;
        swap = (e >>> 8 ^ f) & 0x00FF00FF00FF00FFL;
        planes[to + 4 * LONGS] = e ^ swap << 8;
        planes[to + 5 * LONGS] = f ^ swap;
        swap = (g >>> 8 ^ h) & 0x00FF00FF00FF00FFL;
        planes[to + 6 * LONGS] = g ^ swap << 8;
        planes[to + 7 * LONGS] = h ^ swap;
    }

    /** Writes planes {@code plane} to {@code plane + count - 1} as they are: 32 bytes each. */
    static void put(long[] planes, int plane, int count, byte[] panel, int at) {
        for (int i = 0; i < count * LONGS; i++) {
            put(panel, at + i * Long.BYTES, planes[plane * LONGS + i]);
        }
    }

    /** Writes eight rows' bytes. */
    static void put(byte[] panel, int at, long eight) {
        LONG.set(panel, at, eight);
    }

    /** Writes two planes as 32 little-endian 16-bit numbers. */
    static void putShorts(long[] planes, int plane, byte[] panel, int at) {
        for (int k = 0; k < LONGS; k++) {
            long low = planes[plane * LONGS + k];
            long high = planes[(plane + 1) * LONGS + k];
            putPairs(panel, at + 16 * k, low, high);
        }
    }

    /** The low four bytes, with an empty byte above each. */
    private static long spread(long bytes) {
        long four = bytes & 0xFFFFFFFFL;
        long two = (four | four << 16) & 0x0000FFFF0000FFFFL;
        return (two | two << 8) & 0x00FF00FF00FF00FFL;
    }

    /**
     * Pairs up the 4-bit codes of neighbours: of planes 2i and 2i + 1, counted from {@code plane}, the low nibbles become
     * 32 bytes from {@code low} on and the high ones 32 bytes from {@code high} on.
     *
     * @param count planes
     * @param pairs after so many pairs 32 bytes are left out
     */
    static void putNibbles(long[] planes, int plane, int count, byte[] panel, int low, int high, int pairs) {
        for (int i = 0; i < count / 2; i++) {
            int first = (plane + 2 * i) * LONGS;
            int to = (i + i / pairs) * ROWS;
            for (int k = 0; k < LONGS; k++) {
                long even = planes[first + k];
                long odd = planes[first + LONGS + k];
                int at = to + k * Long.BYTES;
                put(panel, low + at, even & LOW_NIBBLES | (odd & LOW_NIBBLES) << 4);
                put(panel, high + at, even >>> 4 & LOW_NIBBLES | odd & ~LOW_NIBBLES);
            }
        }
    }

    /**
     * Puts four 4-bit codes of a row side by side: of planes 4i to 4i + 3, counted from {@code plane}, the low nibbles become
     * 32 16-bit numbers at {@code low + 64 i}, the first plane's lowest, and the high ones 32 at {@code high + 64 i}.
     *
     * @param count planes
     */
    static void putQuads(long[] planes, int plane, int count, byte[] panel, int low, int high) {
        for (int i = 0; i < count / 4; i++) {
            int first = (plane + 4 * i) * LONGS;
            for (int k = 0; k < LONGS; k++) {
                long a = planes[first + k];
                long b = planes[first + LONGS + k];
                long c = planes[first + 2 * LONGS + k];
                long d = planes[first + 3 * LONGS + k];
                int at = 2 * (i * ROWS + k * Long.BYTES);
                putPairs(panel, low + at, a & LOW_NIBBLES | (b & LOW_NIBBLES) << 4, c & LOW_NIBBLES | (d & LOW_NIBBLES) << 4);
                putPairs(panel, high + at, a >>> 4 & LOW_NIBBLES | b & ~LOW_NIBBLES, c >>> 4 & LOW_NIBBLES | d & ~LOW_NIBBLES);
            }
        }
    }

    /** Writes eight rows' 16-bit numbers. */
    private static void putPairs(byte[] panel, int at, long low, long high) {
        put(panel, at, spread(low) | spread(high) << 8);
        put(panel, at + 8, spread(low >>> 32) | spread(high >>> 32) << 8);
    }

    /**
     * Packs bit {@code shift} of each of 8 neighbouring planes into one byte, the first plane's lowest; {@code count} planes
     * make 32 bytes each so many, {@code step} bytes apart.
     */
    static void putBits(long[] planes, int plane, int count, int shift, byte[] panel, int at, int step) {
        for (int i = 0; i < count / 8; i++) {
            for (int k = 0; k < LONGS; k++) {
                long packed = 0;
                for (int j = 0; j < 8; j++) {
                    packed |= (planes[(plane + i * 8 + j) * LONGS + k] >>> shift & 0x0101010101010101L) << j;
                }
                put(panel, at + i * step + k * Long.BYTES, packed);
            }
        }
    }

    /**
     * Puts eight 6-bit codes of a row, a to h, into three 16-bit numbers: {@code a | b << 6 | (g & 15) << 12},
     * {@code c | d << 6 | g >> 4 << 12 | (h & 3) << 14} and {@code e | f << 6 | h >> 2 << 12}; 32 of each stand side by side.
     *
     * @param low the plane of a's low four bits, from bit {@code lowShift} on; the others' follow
     * @param high the plane of its upper two, from bit {@code highShift} on
     */
    static void putSixes(long[] planes, int low, int lowShift, int high, int highShift, byte[] panel, int at) {
        for (int k = 0; k < LONGS; k++) {
            int l = low * LONGS + k;
            int h = high * LONGS + k;
            long seventh = six(planes, l, lowShift, h, highShift, 6);
            long eighth = six(planes, l, lowShift, h, highShift, 7);
            for (int i = 0; i < 3; i++) {
                long even = six(planes, l, lowShift, h, highShift, 2 * i);
                long odd = six(planes, l, lowShift, h, highShift, 2 * i + 1);
                long top = i == 0 ? seventh : i == 1 ? seventh >>> 4 & LOW_PAIRS | eighth << 2 : eighth >>> 2;
                putPairs(
                        panel, at + 2 * (i * ROWS + k * Long.BYTES),
                        even | odd << 6 & ~LOW_SIXES,
                        odd >>> 2 & LOW_NIBBLES | top << 4 & ~LOW_NIBBLES);
            }
        }
    }

    private static long six(long[] planes, int low, int lowShift, int high, int highShift, int i) {
        return planes[low + i * LONGS] >>> lowShift & LOW_NIBBLES
                | (planes[high + i * LONGS] >>> highShift & LOW_PAIRS) << 4;
    }
}
