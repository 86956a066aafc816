package dev.skim.tensor;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * How the bytes of 32 rows become panels. Codes of 4 to 6 bits are put there four bytes at a time. Scales and codes of
 * 8 bits are turned first: plane j holds byte j of every row, as four longs of eight rows each.
 *
 * <p>All of it is plain arithmetic on longs and no Vector API: a model is packed once, by code that has only just been
 * compiled, and a vector in code that is not boxes. Small methods that are called often are compiled soon.
 */
final class BytePlanes {
    /** Longs of a plane. */
    static final int LONGS = PanelLayout.ROWS / Long.BYTES;

    /** Rows that {@link #place} puts among each other. */
    private static final int PLACES = Simd.S.length();

    static final long LOW_NIBBLES = 0x0F0F0F0F0F0F0F0FL;

    /** What {@link #exponent} has set if a half-precision number is infinite or NaN. */
    static final int NOT_FINITE = 0x8000;

    /** Numbers that 32 codes of 5 bits of a row stand in. */
    static final int FIVES = 5;

    /** Numbers that 32 codes of 3 bits of a row stand in. */
    static final int THREES = 3;

    /** Where a number of either has bits of the last two codes. */
    static final int LAST_BITS = 0x80008000;

    private static final long LOW_BITS = 0x0101010101010101L;
    private static final long LOW_PAIRS = 0x0303030303030303L;
    private static final long EVEN_BYTES = 0x00FF00FF00FF00FFL;
    private static final long TOP_NIBBLES = 0xF000F000F000F000L;
    private static final long LOW_HALF = 0xFFFFFFFFL;

    private static final int ROWS = PanelLayout.ROWS;

    /** Bytes of a 32-bit number of each row. */
    private static final int NUMBERS = Integer.BYTES * ROWS;

    // All of them here: code that was compiled while a single kind of VarHandle was loaded is thrown away when the next one is.
    static final VarHandle SHORT = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private BytePlanes() {}

    /**
     * Turns bytes {@code from} to {@code from + count - 1} of 32 rows that begin {@code stride} bytes apart into planes 0
     * and on. Reads and writes up to a multiple of 8.
     */
    static void gather(byte[] rows, int from, int stride, int count, long[] planes) {
        for (int k = 0; k < LONGS; k++) {
            for (int j = 0; j < count; j += Long.BYTES) {
                int first = from + k * Long.BYTES * stride + j;
                turn(rows, first, first + stride, 2 * stride, planes, j * LONGS + k);
            }
        }
    }

    /**
     * Eight bytes of eight rows, four of which start at {@code even} and four at {@code odd}, and take turns; by the swaps of ever smaller
     * blocks: Warren, Hacker's Delight (2nd ed.), section 7-3.
     */
    private static void turn(byte[] rows, int even, int odd, int stride, long[] planes, int to) {
        turnFour(rows, even, stride, planes, to);
        turnFour(rows, odd, stride, planes, to + LONGS);
        // What is left is to swap the bytes of even rows with those of odd ones.
        for (int i = to; i < to + Long.BYTES * LONGS; i += 2 * LONGS) {
            long a = planes[i];
            long b = planes[i + LONGS];
            long swap = (a >>> 8 ^ b) & EVEN_BYTES;
            planes[i] = a ^ swap << 8;
            planes[i + LONGS] = b ^ swap;
        }
    }

    /** Four 16-bit numbers of four rows. */
    private static void turnFour(byte[] rows, int from, int stride, long[] planes, int to) {
        long a = (long) LONG.get(rows, from);
        long b = (long) LONG.get(rows, from + stride);
        long c = (long) LONG.get(rows, from + 2 * stride);
        long d = (long) LONG.get(rows, from + 3 * stride);
        long swap = (a >>> 32 ^ c) & LOW_HALF;
        c ^= swap;
        a ^= swap << 32;
        swap = (b >>> 32 ^ d) & LOW_HALF;
        d ^= swap;
        b ^= swap << 32;
        swap = (a >>> 16 ^ b) & 0x0000FFFF0000FFFFL;
        planes[to] = a ^ swap << 16;
        planes[to + 2 * LONGS] = b ^ swap;
        swap = (c >>> 16 ^ d) & 0x0000FFFF0000FFFFL;
        planes[to + 4 * LONGS] = c ^ swap << 16;
        planes[to + 6 * LONGS] = d ^ swap;
    }

    /** Writes planes {@code plane} to {@code plane + count - 1} as they are: 32 bytes each. */
    static void put(long[] planes, int plane, int count, byte[] panel, int at) {
        for (int i = 0; i < count * LONGS; i++) {
            put(panel, at + i * Long.BYTES, planes[plane * LONGS + i]);
        }
    }

    private static void put(byte[] panel, int at, long rows) {
        LONG.set(panel, at, rows);
    }

    /**
     * Writes 32 codes of 4 bits of every row, two neighbours in a byte, from sixteen bytes whose low nibbles are the first sixteen codes;
     * the rows in the order of {@link #place}.
     *
     * @param planes room for sixteen planes
     */
    static void putPairs(byte[] rows, int from, int stride, byte[] panel, int at, long[] planes) {
        for (int k = 0; k < LONGS; k++) {
            int first = from + (8 * k / PLACES * PLACES + 8 * k % PLACES / 2) * stride;
            for (int j = 0; j < 16; j += Long.BYTES) {
                turn(rows, first + j, first + j + PLACES / 2 * stride, stride, planes, j * LONGS + k);
            }
        }
        for (int i = 0; i < 8; i++) {
            for (int k = 0; k < LONGS; k++) {
                long even = planes[2 * i * LONGS + k];
                long odd = planes[(2 * i + 1) * LONGS + k];
                int to = at + i * ROWS + k * Long.BYTES;
                put(panel, to, even & LOW_NIBBLES | (odd & LOW_NIBBLES) << 4);
                put(panel, to + 8 * ROWS, even >>> 4 & LOW_NIBBLES | odd & ~LOW_NIBBLES);
            }
        }
    }

    /** Where row r stands among as many as a vector of shorts has: those of the upper half between those of the lower. */
    static int place(int r) {
        int half = PLACES / 2;
        return r / PLACES * PLACES + r % half * 2 + r / half % 2;
    }

    /** Writes the half-precision number at {@code from} of every row; returns whether all of them are finite. */
    static boolean putFactors(byte[] rows, int from, int stride, byte[] panel, int at) {
        int exponents = 0;
        for (int r = 0; r < ROWS; r++) {
            short half = (short) SHORT.get(rows, from + r * stride);
            SHORT.set(panel, at + r * Short.BYTES, half);
            exponents |= exponent(half);
        }
        return (exponents & NOT_FINITE) == 0;
    }

    /** Has {@link #NOT_FINITE} set if a half-precision number is infinite or NaN: the exponent and one more. */
    static int exponent(int half) {
        return (half & 0x7C00) + 0x0400;
    }

    /** Whether all half-precision numbers of {@code bytes} bytes, a multiple of 8, are finite. */
    static boolean finite(byte[] halves, int from, int bytes) {
        long exponents = 0;
        for (int i = from; i < from + bytes; i += Long.BYTES) {
            exponents |= ((long) LONG.get(halves, i) & 0x7C007C007C007C00L) + 0x0400040004000400L;
        }
        return (exponents & 0x8000800080008000L) == 0;
    }

    /**
     * Puts eight 4-bit codes of a row, a to h, into a 32-bit number, from the lowest bits on a e b f c g d h: of every eight of
     * {@code count} bytes the low nibbles become 32 numbers, the first at {@code low}, and the high ones 32 from {@code high} on.
     */
    static void putEights(byte[] rows, int from, int stride, int count, byte[] panel, int low, int high) {
        for (int r = 0; r < ROWS; r += 2) {
            int to = r * Integer.BYTES;
            for (int j = 0; j < count; j += Long.BYTES) {
                long even = (long) LONG.get(rows, from + r * stride + j);
                long odd = (long) LONG.get(rows, from + (r + 1) * stride + j);
                long first = even & LOW_HALF | odd << 32;
                long second = even >>> 32 | odd & ~LOW_HALF;
                put(panel, low + to, first & LOW_NIBBLES | (second & LOW_NIBBLES) << 4);
                put(panel, high + to, first >>> 4 & LOW_NIBBLES | second & ~LOW_NIBBLES);
                to += NUMBERS;
            }
        }
    }

    /**
     * Puts 32 codes of 3 bits of a row, each 4 more than it is, into four numbers as {@link #putEights} does.
     *
     * @param low where the 32 bytes with the codes' low two bits stand in the first row, from bit {@code lowShift} on
     * @param third where the 32 bytes with their third ones stand, at bit {@code thirdShift}
     */
    static void putThrees(
            byte[] rows, int low, int lowShift, int third, int thirdShift, int stride, byte[] panel, int at) {
        for (int r = 0; r < ROWS; r++) {
            for (int j = 0; j < 32; j += Long.BYTES) {
                long pairs = (long) LONG.get(rows, low + r * stride + j) >>> lowShift & LOW_PAIRS;
                long thirds = (long) LONG.get(rows, third + r * stride + j) >>> thirdShift & LOW_BITS;
                // The third bit is worth 4, and 4 more carries it to 8.
                putEight((pairs | thirds << 2) + 4 * LOW_BITS, panel, at + j / Long.BYTES * NUMBERS + r * Integer.BYTES);
            }
        }
    }

    /** Puts eight codes of 4 bits, a byte each, into a number as {@link #putEights} does. */
    static void putEight(long codes, byte[] panel, int at) {
        INT.set(panel, at, (int) (codes | codes >>> 32 << 4));
    }

    /**
     * Puts sixteen codes of 2 bits of a row into a number: its bytes j have, from the lowest bits on, columns j, j + 8, j + 4 and j + 12.
     *
     * @param from where the sixteen bytes stand in the first row, whose codes start at bit {@code shift}
     */
    static void putTwos(byte[] rows, int from, int shift, int stride, byte[] panel, int at) {
        for (int r = 0; r < ROWS; r++) {
            long first = (long) LONG.get(rows, from + r * stride) >>> shift & LOW_PAIRS;
            long second = (long) LONG.get(rows, from + r * stride + Long.BYTES) >>> shift & LOW_PAIRS;
            putTwos(first, second, panel, at + r * Integer.BYTES);
        }
    }

    /** The same for the sixteen codes of one row, a byte each. */
    static void putTwos(long first, long second, byte[] panel, int at) {
        long codes = first | second << 2;
        INT.set(panel, at, (int) (codes | codes >>> 32 << 4));
    }

    /** The whole parts of eight bytes' triples, each a fraction of 256: 0 to 2. */
    static long digits(long bytes) {
        return (bytes & EVEN_BYTES) * 3 >>> 8 & LOW_PAIRS & EVEN_BYTES | (bytes >>> 8 & EVEN_BYTES) * 3 & LOW_PAIRS << 8 & ~EVEN_BYTES;
    }

    /** What is left of them. */
    static long tripled(long bytes) {
        return (bytes & EVEN_BYTES) * 3 & EVEN_BYTES | ((bytes >>> 8 & EVEN_BYTES) * 3 & EVEN_BYTES) << 8;
    }

    /**
     * Puts 32 codes of 3 bits of a row, a byte each, into three 32-bit numbers: ten in each, code 10i and the next four in the lower half
     * of number i and the five after them in the upper one. The bit that is left in each half is bit i of code 30, in the upper half
     * of code 31.
     */
    static void putTens(long a, long b, long c, long d, byte[] panel, int at) {
        a = three(a);
        b = three(b);
        c = three(c);
        d = three(d);
        long last = d >>> 18;
        putHalves(panel, at, a | b << 24, last, THREES);
        putHalves(panel, at + NUMBERS, b >>> 6 | c << 18, last >>> 1, THREES);
        putHalves(panel, at + 2 * NUMBERS, c >>> 12 | d << 12, last >>> 2, THREES);
    }

    /** Of eight signed bytes, none of them -128: {@code bits} bits of their sizes from bit {@code shift} on, and the sign above them. */
    static long sizesAndSigns(long numbers, int shift, int bits) {
        long minus = numbers >>> 7 & LOW_BITS;
        long sizes = (numbers ^ minus * 0xFF) + minus;
        return sizes >>> shift & ((1 << bits) - 1) * LOW_BITS | minus << bits;
    }

    /** Eight codes in 24 bits, out of eight bytes. */
    private static long three(long codes) {
        codes = codes & 0x0007000700070007L | codes >>> 5 & 0x0038003800380038L;
        codes = codes & 0x0000003F0000003FL | codes >>> 10 & 0x00000FC000000FC0L;
        return codes & 0xFFFL | codes >>> 20 & 0xFFF000L;
    }

    /**
     * Puts 32 codes of 5 bits of a row into five 32-bit numbers: six in each, code 6i and the next two in the lower half of number i
     * and the three after them in the upper one. The bit that is left in each half is bit i of code 30, in the upper half of code 31.
     *
     * @param low where the 32 bytes with the codes' low four bits stand in the first row, from bit {@code lowShift} on
     * @param fifth where the 32 bytes with their fifth ones stand, at bit {@code fifthShift}
     */
    static void putFives(
            byte[] rows, int low, int lowShift, int fifth, int fifthShift, int stride, byte[] panel, int at) {
        for (int r = 0; r < ROWS; r++) {
            int l = low + r * stride;
            int f = fifth + r * stride;
            putFives(
                    five((long) LONG.get(rows, l) >>> lowShift, (long) LONG.get(rows, f) >>> fifthShift),
                    five((long) LONG.get(rows, l + 8) >>> lowShift, (long) LONG.get(rows, f + 8) >>> fifthShift),
                    five((long) LONG.get(rows, l + 16) >>> lowShift, (long) LONG.get(rows, f + 16) >>> fifthShift),
                    five((long) LONG.get(rows, l + 24) >>> lowShift, (long) LONG.get(rows, f + 24) >>> fifthShift),
                    panel, at + r * Integer.BYTES);
        }
    }

    /**
     * The same of sixteen bytes, whose low nibbles are codes 0 to 15 and whose high ones are codes 16 to 31, and in front of them the
     * 32 fifth bits, which begin at {@code from} in the first row.
     */
    static void putFives(byte[] rows, int from, int stride, byte[] panel, int at) {
        for (int r = 0; r < ROWS; r++) {
            int f = from + r * stride;
            int fifths = (int) INT.get(rows, f);
            long first = (long) LONG.get(rows, f + Integer.BYTES);
            long second = (long) LONG.get(rows, f + Integer.BYTES + Long.BYTES);
            putFives(
                    five(first, apart(fifths)), five(second, apart(fifths >>> 8)),
                    five(first >>> 4, apart(fifths >>> 16)), five(second >>> 4, apart(fifths >>> 24)),
                    panel, at + r * Integer.BYTES);
        }
    }

    /** Eight codes in 40 bits, out of the low nibbles of eight bytes and the low bits of eight others. */
    private static long five(long nibbles, long fifths) {
        long codes = nibbles & LOW_NIBBLES | (fifths & LOW_BITS) << 4;
        codes = codes & 0x001F001F001F001FL | codes >>> 3 & 0x03E003E003E003E0L;
        codes = codes & 0x000003FF000003FFL | codes >>> 6 & 0x000FFC00000FFC00L;
        return codes & 0xFFFFFL | codes >>> 12 & 0xFFFFF00000L;
    }

    /** The lowest eight bits, each the lowest of a byte of its own. */
    private static long apart(int bits) {
        long marks = (bits & 0xff) * LOW_BITS & 0x8040201008040201L;
        return marks + 0x7F7F7F7F7F7F7F7FL >>> 7 & LOW_BITS;
    }

    /** A row's numbers; each long has eight codes as {@link #five} gives them. */
    private static void putFives(long a, long b, long c, long d, byte[] panel, int at) {
        long last = d >>> 30;
        putHalves(panel, at, a, last, FIVES);
        putHalves(panel, at + NUMBERS, a >>> 30 | b << 10, last >>> 1, FIVES);
        putHalves(panel, at + 2 * NUMBERS, b >>> 20 | c << 20, last >>> 2, FIVES);
        putHalves(panel, at + 3 * NUMBERS, c >>> 10, last >>> 3, FIVES);
        putHalves(panel, at + 4 * NUMBERS, d, last >>> 4, FIVES);
    }

    /** 30 bits of codes, and the lowest bits of the last two codes, which are {@code bits} apart. */
    private static void putHalves(byte[] panel, int at, long codes, long last, int bits) {
        INT.set(panel, at, (int) (codes & 0x7FFF | (codes & 0x3FFF8000) << 1 | (last & 1) << 15 | (last >>> bits & 1) << 31));
    }

    /**
     * Puts sixteen 6-bit codes of a row into three 32-bit numbers. Their lower halves have codes 0 and 1, 4 and 5, 8 and 9 in bits 0 to
     * 11, their upper ones 2 and 3, 6 and 7, 10 and 11. The four bits that are left in each have, in the lower halves, code 12 (four bits
     * in the first number, two in the second) and 13 (two in the second, four in the third), in the upper ones 14 and 15.
     *
     * @param low where the sixteen bytes with the codes' low four bits stand in the first row, from bit {@code lowShift} on
     * @param high where those with their upper two stand, from bit {@code highShift} on
     */
    static void putSixes(
            byte[] rows, int low, int lowShift, int high, int highShift, int stride, byte[] panel, int at) {
        for (int r = 0; r < ROWS; r += 2) {
            int l = low + r * stride;
            int h = high + r * stride;
            long l0 = (long) LONG.get(rows, l) >>> lowShift & LOW_NIBBLES
                    | ((long) LONG.get(rows, h) >>> highShift & LOW_PAIRS) << 4;
            long l1 = (long) LONG.get(rows, l + Long.BYTES) >>> lowShift & LOW_NIBBLES
                    | ((long) LONG.get(rows, h + Long.BYTES) >>> highShift & LOW_PAIRS) << 4;
            l += stride;
            h += stride;
            long m0 = (long) LONG.get(rows, l) >>> lowShift & LOW_NIBBLES
                    | ((long) LONG.get(rows, h) >>> highShift & LOW_PAIRS) << 4;
            long m1 = (long) LONG.get(rows, l + Long.BYTES) >>> lowShift & LOW_NIBBLES
                    | ((long) LONG.get(rows, h + Long.BYTES) >>> highShift & LOW_PAIRS) << 4;
            l0 = together(l0);
            l1 = together(l1);
            m0 = together(m0);
            m1 = together(m1);
            long last = l1 >>> 32 | m1 & ~LOW_HALF;
            int to = at + r * Integer.BYTES;
            put(panel, to, l0 & LOW_HALF | m0 << 32 | last << 12 & TOP_NIBBLES);
            put(panel, to + NUMBERS, l0 >>> 32 | m0 & ~LOW_HALF | last << 8 & TOP_NIBBLES);
            put(panel, to + 2 * NUMBERS, l1 & LOW_HALF | m1 << 32 | last << 4 & TOP_NIBBLES);
        }
    }

    /** Of each two bytes the lower six bits, side by side in the lower twelve. */
    private static long together(long codes) {
        return codes & 0x003F003F003F003FL | codes >>> 2 & 0x0FC00FC00FC00FC0L;
    }
}
