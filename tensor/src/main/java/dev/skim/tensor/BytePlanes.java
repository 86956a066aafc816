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

    /** Longs of two planes, and of one of pairs. */
    private static final int PAIR_LONGS = 2 * LONGS;

    static final long LOW_NIBBLES = 0x0F0F0F0F0F0F0F0FL;

    private static final long LOW_PAIRS = 0x0303030303030303L;
    private static final long TOP_NIBBLES = 0xF000F000F000F000L;

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

    /**
     * Eight bytes of eight rows, by the swaps of ever smaller blocks: Warren, Hacker's Delight (2nd ed.), section 7-3. All but
     * the last keep even rows and odd ones apart.
     */
    private static void turn(byte[] rows, int from, int stride, long[] planes, int to) {
        turnPairs(rows, from, 2 * stride, planes, to);
        turnPairs(rows, from + stride, 2 * stride, planes, to + LONGS);
        for (int i = to; i < to + Long.BYTES * LONGS; i += PAIR_LONGS) {
            long even = planes[i];
            long odd = planes[i + LONGS];
            long swap = (even >>> 8 ^ odd) & 0x00FF00FF00FF00FFL;
            planes[i] = even ^ swap << 8;
            planes[i + LONGS] = odd ^ swap;
        }
    }

    /**
     * Turns the same bytes by twos: plane 2i holds bytes 2i and 2i + 1 of every row, as eight longs of four rows' 16-bit numbers
     * each, and plane 2i + 1 is a part of it.
     */
    static void gatherPairs(byte[] rows, int from, int stride, int count, long[] planes) {
        for (int k = 0; k < PAIR_LONGS; k++) {
            for (int j = 0; j < count; j += Long.BYTES) {
                turnPairs(rows, from + k * 4 * stride + j, stride, planes, j * LONGS + k);
            }
        }
    }

    /** Four 16-bit numbers of four rows. */
    private static void turnPairs(byte[] rows, int from, int stride, long[] planes, int to) {
        long a = (long) LONG.get(rows, from);
        long b = (long) LONG.get(rows, from + stride);
        long c = (long) LONG.get(rows, from + 2 * stride);
        long d = (long) LONG.get(rows, from + 3 * stride);
        long swap = (a >>> 32 ^ c) & 0xFFFFFFFFL;
        c ^= swap;
        a ^= swap << 32;
        swap = (b >>> 32 ^ d) & 0xFFFFFFFFL;
        d ^= swap;
        b ^= swap << 32;
        swap = (a >>> 16 ^ b) & 0x0000FFFF0000FFFFL;
        planes[to] = a ^ swap << 16;
        planes[to + PAIR_LONGS] = b ^ swap;
        swap = (c >>> 16 ^ d) & 0x0000FFFF0000FFFFL;
        planes[to + 2 * PAIR_LONGS] = c ^ swap << 16;
        planes[to + 3 * PAIR_LONGS] = d ^ swap;
    }

    /** Writes planes {@code plane} to {@code plane + count - 1} as they are: 32 bytes each. */
    static void put(long[] planes, int plane, int count, byte[] panel, int at) {
        for (int i = 0; i < count * LONGS; i++) {
            put(panel, at + i * Long.BYTES, planes[plane * LONGS + i]);
        }
    }

    /** Writes eight rows' bytes, or four rows' pairs of them. */
    static void put(byte[] panel, int at, long rows) {
        LONG.set(panel, at, rows);
    }

    /** Writes planes of pairs, an even number, as {@link #put(long[], int, int, byte[], int)} writes those of bytes. */
    static void putApart(long[] planes, int plane, int count, byte[] panel, int at) {
        for (int i = 0; i < count * LONGS; i += PAIR_LONGS) {
            for (int k = 0; k < PAIR_LONGS; k += 2) {
                long four = planes[plane * LONGS + i + k];
                long next = planes[plane * LONGS + i + k + 1];
                int to = at + i * Long.BYTES + k * 4;
                put(panel, to, lowBytes(four) | lowBytes(next) << 32);
                put(panel, to + ROWS, lowBytes(four >>> 8) | lowBytes(next >>> 8) << 32);
            }
        }
    }

    /** The lower bytes of four pairs side by side. */
    private static long lowBytes(long pairs) {
        long four = pairs & 0x00FF00FF00FF00FFL;
        long two = (four | four >>> 8) & 0x0000FFFF0000FFFFL;
        return (two | two >>> 16) & 0xFFFFFFFFL;
    }

    /** Writes two planes as 32 little-endian 16-bit numbers. */
    static void putShorts(long[] planes, int plane, byte[] panel, int at) {
        for (int k = 0; k < LONGS; k++) {
            long low = planes[plane * LONGS + k];
            long high = planes[(plane + 1) * LONGS + k];
            put(panel, at + 16 * k, spread(low) | spread(high) << 8);
            put(panel, at + 16 * k + 8, spread(low >>> 32) | spread(high >>> 32) << 8);
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
     * Puts four 4-bit codes of a row side by side: of planes 4i to 4i + 3 of pairs, counted from {@code plane}, the low nibbles
     * become 32 16-bit numbers at {@code low + 64 i}, the first column's lowest, and the high ones 32 at {@code high + 64 i}.
     *
     * @param count planes
     */
    static void putQuads(long[] planes, int plane, int count, byte[] panel, int low, int high) {
        for (int i = 0; i < count * LONGS; i += 2 * PAIR_LONGS) {
            for (int k = 0; k < PAIR_LONGS; k++) {
                long first = planes[plane * LONGS + i + k];
                long second = planes[plane * LONGS + i + PAIR_LONGS + k];
                int at = i / 2 * Long.BYTES + k * Long.BYTES;
                put(panel, low + at, nibbles(first) | nibbles(second) << 8);
                put(panel, high + at, nibbles(first >>> 4) | nibbles(second >>> 4) << 8);
            }
        }
    }

    /** The low nibbles of four pairs of bytes, each pair's side by side in the lower byte. */
    private static long nibbles(long pairs) {
        return pairs & 0x000F000F000F000FL | pairs >>> 4 & 0x00F000F000F000F0L;
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
     * @param low the plane of pairs with the low four bits of a and b, from bit {@code lowShift} on; the others' follow
     * @param high the plane of their upper two, from bit {@code highShift} on
     */
    static void putSixes(long[] planes, int low, int lowShift, int high, int highShift, byte[] panel, int at) {
        for (int k = 0; k < PAIR_LONGS; k++) {
            int l = low * LONGS + k;
            int h = high * LONGS + k;
            long last = sixes(planes[l + 3 * PAIR_LONGS] >>> lowShift, planes[h + 3 * PAIR_LONGS] >>> highShift);
            int to = at + k * Long.BYTES;
            put(panel, to, sixes(planes[l] >>> lowShift, planes[h] >>> highShift) | last << 12 & TOP_NIBBLES);
            put(
                    panel, to + 2 * ROWS,
                    sixes(planes[l + PAIR_LONGS] >>> lowShift, planes[h + PAIR_LONGS] >>> highShift) | last << 8 & TOP_NIBBLES);
            put(
                    panel, to + 4 * ROWS,
                    sixes(planes[l + 2 * PAIR_LONGS] >>> lowShift, planes[h + 2 * PAIR_LONGS] >>> highShift)
                            | last << 4 & TOP_NIBBLES);
        }
    }

    /** Two 6-bit codes of four rows, the first the lower, of which pairs of bytes have the low four bits and the upper two. */
    private static long sixes(long low, long high) {
        long codes = low & LOW_NIBBLES | (high & LOW_PAIRS) << 4;
        return codes & 0x003F003F003F003FL | codes >>> 2 & 0x0FC00FC00FC00FC0L;
    }
}
