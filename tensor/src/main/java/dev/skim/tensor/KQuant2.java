package dev.skim.tensor;

import java.util.Arrays;

/**
 * Q2_K and TQ2_0: blocks of 256 columns with two half-precision factors, one for the sixteen groups' 4-bit scales and one for their
 * 4-bit minima; {@code w = d * scale * q - dmin * min}, q of 2 bits.
 *
 * <p>TQ2_0 has one factor, {@code w = d * (q - 1)}, and becomes the same with scales and minima of 1: 84 bytes for its 66.
 */
final class KQuant2 extends WholeLayout {
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
    private static final int TERNARY_FACTOR = 64;

    private final boolean ternary;

    KQuant2(ElementType type) {
        super(2, 20);
        ternary = type == ElementType.TQ2_0;
    }

    @Override
    boolean hasMinima() {
        return true;
    }

    @Override
    int fileBytes() {
        return ternary ? 66 : 84;
    }

    @Override
    boolean packBlock(byte[] rows, int from, int stride, byte[] panel, int at, long[] planes) {
        boolean finite;
        if (ternary) {
            finite = BytePlanes.putFactors(rows, from + TERNARY_FACTOR, stride, panel, at);
            BytePlanes.putFactors(rows, from + TERNARY_FACTOR, stride, panel, at + MINIMUM_FACTORS);
            Arrays.fill(panel, at + NIBBLES, at + codes, ONES);
        } else {
            finite = BytePlanes.putFactors(rows, from + FACTOR, stride, panel, at);
            finite &= BytePlanes.putFactors(rows, from + FACTOR + 2, stride, panel, at + MINIMUM_FACTORS);
            BytePlanes.gather(rows, from, stride, GROUPS, planes);
            BytePlanes.put(planes, 0, GROUPS, panel, at + NIBBLES);
        }
        int first = from + (ternary ? 0 : CODES);
        for (int g = 0; g < GROUPS; g++) {
            // A half of the block has 32 bytes with four codes each, 32 columns apart.
            BytePlanes.putTwos(
                    rows, first + g / 8 * 32 + g % 2 * 16, g % 8 / 2 * 2, stride, panel, at + codes + g * groupBytes());
        }
        return finite;
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
