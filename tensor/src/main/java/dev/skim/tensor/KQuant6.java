package dev.skim.tensor;

/**
 * Q6_K: blocks of 256 columns with one half-precision factor and sixteen signed 8-bit scales;
 * {@code w = d * scale * (q - 32)}. The codes stand as {@link BytePlanes#putSixes} puts them.
 */
final class KQuant6 extends QuantLayout {
    private static final int GROUP_SCALES = 64;

    KQuant6() {
        super(256, 16, 6, 18);
    }

    @Override
    boolean hasMinima() {
        return false;
    }

    @Override
    int fileBytes() {
        return 210;
    }

    @Override
    void pack(long[] planes, int plane, byte[] panel, int at) {
        packHalves(planes, plane + 208, panel, at);
        packBytes(planes, plane + 192, 16, panel, at + GROUP_SCALES);
        for (int c = 0; c < block; c += 8) {
            // The high nibbles are 64 columns further on, the pairs of bits 32.
            int half = c / 128;
            BytePlanes.putSixes(
                    planes, plane + half * 64 + c % 64, c % 128 / 64 * 4,
                    plane + 128 + half * 32 + c % 32, c % 128 / 32 * 2, panel, at + codes + c * bits * ROWS / 8);
        }
    }

    @Override
    int code(byte[] panel, int at, int c, int lane) {
        int from = at + c / 8 * 6 * ROWS + 2 * lane;
        return switch (c % 8) {
            case 6 -> number(panel, from, 0) >> 12 | (number(panel, from, 1) >> 12 & 3) << 4;
            case 7 -> number(panel, from, 1) >> 14 | number(panel, from, 2) >> 12 << 2;
            default -> number(panel, from, c % 8 / 2) >> 6 * (c & 1) & 63;
        };
    }

    private static int number(byte[] panel, int from, int i) {
        return (short) BytePlanes.SHORT.get(panel, from + i * 2 * ROWS) & 0xffff;
    }

    @Override
    void scales(byte[] panel, int at, float shift, float[] s, int so) {
        // Where minima would stand there is room for the factor.
        Halves.expand(panel, at, ROWS, s, so + MINIMA);
        Halves.multiply(panel, at + GROUP_SCALES, 16, s, so + MINIMA, s, so, SCALES);
    }

    @Override
    Rounding rounding() {
        return Rounding.WHOLE;
    }

    /** The whole part of the scales, for {@link WholeProduct}; the factors stand at {@link #MINIMA}. */
    private void wholeScales(byte[] panel, int at, float[] s, int so) {
        Halves.expand(panel, at, ROWS, s, so + MINIMA);
        Halves.bytes(panel, at + GROUP_SCALES, 16, s, so, SCALES);
    }

    @Override
    void roundedDot(
            byte[] panel, int first, int second, int columns, Activations x, float[] y, int yo, Scratch scratch) {
        float[] s = scratch.scales;
        short[] sums = scratch.shortSums;
        for (int from = 0; from < columns; from += block) {
            int a = blockAt(first, from);
            int b = blockAt(second, from);
            wholeScales(panel, a, s, 0);
            wholeScales(panel, b, s, ROWS);
            WholeProduct.sum(panel, a + codes, b + codes, x.whole, from / group, block / group, sums);
            for (int c = 0; c < block; c += WholeActivations.BLOCK) {
                WholeProduct.add(
                        sums, c / group * 2 * ROWS, s, c / group * SCALES, MINIMA,
                        x.whole.scales[(from + c) / WholeActivations.BLOCK], y, yo);
            }
        }
    }

    @Override
    void roundedExpand(byte[] panel, int first, int second, int from, int n, Expansion to, Scratch scratch) {
        int so = scalesAt(from);
        wholeScales(panel, blockAt(first, from), to.scales, 0);
        wholeScales(panel, blockAt(second, from), to.scales, ROWS);
        expandUnits(panel, first, from, n, to.scales, so, to.weights, 0, scratch);
        expandUnits(panel, second, from, n, to.scales, so + ROWS, to.weights, n * ROWS, scratch);
    }

    @Override
    void roundedMultiply(
            Activations x, int token, int tokens, int from, int n, Expansion w, float[] y, int yo, Scratch scratch) {
        for (int k = 0; k < n; k += WholeActivations.BLOCK) {
            int at = token * x.columns + (from + k) * Tile.SIZE;
            for (int row = 0; row < 2 * ROWS; row += ROWS) {
                Tile.multiply(
                        x.whole.tiles, at, w.weights, row * n + k * ROWS, WholeActivations.BLOCK, tokens,
                        scratch.square, 0, ROWS, false);
                WholeProduct.add(
                        scratch.square, tokens, w.scales, MINIMA + row, x.whole.scales, at / WholeActivations.BLOCK,
                        y, yo + row);
            }
        }
    }
}
