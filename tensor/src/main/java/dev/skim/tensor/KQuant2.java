package dev.skim.tensor;

import java.util.Arrays;

/**
 * Q2_K, TQ1_0 and TQ2_0: blocks of 256 columns with two half-precision factors, one for the sixteen groups' 4-bit scales and one for
 * their 4-bit minima; {@code w = d * scale * q - dmin * min}, q of 2 bits.
 *
 * <p>TQ1_0 and TQ2_0 have one factor, {@code w = d * (q - 1)}, and become the same with scales and minima of 1: 84 bytes for their 54
 * and 66.
 */
final class KQuant2 extends WholeLayout {
    private static final int GROUPS = 16;
    private static final int MINIMUM_FACTORS = 64;

    /** A byte for each group: the scale in the low nibble, the minimum in the high one. */
    private static final int NIBBLES = 128;

    /** A scale and a minimum of 1. */
    private static final byte ONES = 0x11;

    /** What scales are multiplied with that stay whole. */
    private static final float[] ONE = new float[ROWS];

    static {
        Arrays.fill(ONE, 1);
    }

    // From a block's start in the file.

    private static final int CODES = 16;
    private static final int FACTOR = 80;

    /** Bytes of TQ1_0 whose digits lie sixteen columns apart, and of those where they lie four. */
    private static final int SIXTEENS = 32;
    private static final int FOURS = 48;

    private final ElementType type;

    KQuant2(ElementType type) {
        super(GROUPS, 2, 20);
        this.type = type;
    }

    @Override
    boolean hasMinima() {
        return true;
    }

    @Override
    int fileBytes() {
        return type.blockBytes();
    }

    @Override
    boolean packBlock(byte[] rows, int from, int stride, byte[] panel, int at, long[] planes) {
        if (type == ElementType.Q2_K) {
            packPairs(rows, from + CODES, stride, panel, at + codes);
            BytePlanes.gather(rows, from, stride, GROUPS, planes);
            BytePlanes.put(planes, 0, GROUPS, panel, at + NIBBLES);
            return BytePlanes.putFactors(rows, from + FACTOR, stride, panel, at)
                    & BytePlanes.putFactors(rows, from + FACTOR + 2, stride, panel, at + MINIMUM_FACTORS);
        }
        if (type == ElementType.TQ2_0) {
            packPairs(rows, from, stride, panel, at + codes);
        } else {
            packDigits(rows, from, stride, panel, at + codes);
        }
        Arrays.fill(panel, at + NIBBLES, at + codes, ONES);
        int factor = from + fileBytes() - Short.BYTES;
        return BytePlanes.putFactors(rows, factor, stride, panel, at)
                & BytePlanes.putFactors(rows, factor, stride, panel, at + MINIMUM_FACTORS);
    }

    private void packPairs(byte[] rows, int from, int stride, byte[] panel, int at) {
        for (int g = 0; g < GROUPS; g++) {
            // A half of the block has 32 bytes with four codes each, 32 columns apart.
            BytePlanes.putTwos(rows, from + g / 8 * 32 + g % 2 * 16, g % 8 / 2 * 2, stride, panel, at + g * groupBytes());
        }
    }

    /** Bytes of TQ1_0 are fractions of 256 with digits of base 3: three times one is the next digit and the byte that is left. */
    private void packDigits(byte[] rows, int from, int stride, byte[] panel, int at) {
        for (int r = 0; r < ROWS; r++) {
            int row = from + r * stride;
            int to = at + r * Integer.BYTES;
            // Five digits each; those of the first 32 bytes lie 32 columns apart, those of the next sixteen sixteen.
            for (int i = 0; i < FOURS; i += group) {
                long a = (long) BytePlanes.LONG.get(rows, row + i);
                long b = (long) BytePlanes.LONG.get(rows, row + i + Long.BYTES);
                for (int n = 0; n < 5; n++) {
                    int g = i < SIXTEENS ? 2 * n + i / group : 10 + n;
                    BytePlanes.putTwos(BytePlanes.digits(a), BytePlanes.digits(b), panel, to + g * groupBytes());
                    a = BytePlanes.tripled(a);
                    b = BytePlanes.tripled(b);
                }
            }
            long c = (int) BytePlanes.INT.get(rows, row + FOURS) & 0xFFFFFFFFL;
            long first = BytePlanes.digits(c);
            c = BytePlanes.tripled(c);
            first |= BytePlanes.digits(c) << 32;
            c = BytePlanes.tripled(c);
            long second = BytePlanes.digits(c);
            c = BytePlanes.tripled(c);
            second |= BytePlanes.digits(c) << 32;
            BytePlanes.putTwos(first, second, panel, to + (GROUPS - 1) * groupBytes());
        }
    }

    @Override
    int code(byte[] panel, int at, int c, int lane) {
        int k = c % group;
        return number(panel, at, c / group, lane) >>> 8 * (k % 4) + 2 * (k / 8) + 4 * (k / 4 % 2) & 3;
    }

    private static void factors(byte[] panel, int at, float[] s, int so) {
        Halves.expand(panel, at, ROWS, s, so + FACTORS);
        Halves.expand(panel, at + MINIMUM_FACTORS, ROWS, s, so + FACTORS + MINIMA);
    }

    @Override
    void scales(byte[] panel, int at, float shift, float[] s, int so) {
        factors(panel, at, s, so);
        Halves.lowNibbles(panel, at + NIBBLES, GROUPS, s, so + FACTORS, s, so, SCALES);
        Halves.highNibbles(panel, at + NIBBLES, GROUPS, s, so + FACTORS + MINIMA, s, so + MINIMA, SCALES);
    }

    @Override
    void wholeScales(byte[] panel, int at, float[] s, int so) {
        wholeScales(panel, at, s, so, s, so + MINIMA, SCALES);
    }

    /** With the minima at a place of their own, those of a group {@code stride} behind those of the one before. */
    private static void wholeScales(byte[] panel, int at, float[] s, int so, float[] minima, int to, int stride) {
        factors(panel, at, s, so);
        Halves.lowNibbles(panel, at + NIBBLES, GROUPS, ONE, 0, s, so, SCALES);
        Halves.highNibbles(panel, at + NIBBLES, GROUPS, s, so + FACTORS + MINIMA, minima, to, stride);
    }

    @Override
    void dot(byte[] panel, int[] at, int pairs, int columns, float[] x, float[] y, int yo, Scratch scratch) {
        dotUnits(panel, at, pairs, columns, x, y, yo, scratch);
    }

    @Override
    Rounding rounding() {
        return Rounding.WHOLE_OF_2;
    }

    @Override
    void roundedExpand(byte[] panel, int first, int second, int from, int n, Expansion to, Scratch scratch) {
        wholeScales(panel, blockAt(first, from), to.scales, 0, to.minima, 0, ROWS);
        wholeScales(panel, blockAt(second, from), to.scales, ROWS, to.minima, GROUPS * ROWS, ROWS);
        expandWhole(panel, first, from, n, to.scales, scalesAt(from), to.weights, 0);
        expandWhole(panel, second, from, n, to.scales, scalesAt(from) + ROWS, to.weights, n * ROWS);
    }

    private void expandWhole(byte[] panel, int at, int from, int n, float[] s, int so, float[] out, int to) {
        for (int strip = 0; strip < ROWS; strip += Simd.STRIP) {
            Codes.expand2(
                    panel, codesAt(at, from) + 4 * strip, groupStep(), n / group, true, s, so + strip, out, to + strip);
        }
    }
}
