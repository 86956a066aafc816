package dev.skim.tensor;

/**
 * Q6_K: blocks of 256 columns with one half-precision factor and sixteen signed 8-bit scales;
 * {@code w = d * scale * (q - 32)}.
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
        BytePlanes.putShorts(planes, plane + 208, panel, at);
        BytePlanes.put(planes, plane + 192, 16, panel, at + GROUP_SCALES);
        for (int u = 0; u < block / UNIT; u++) {
            int half = u / 4;
            int to = at + codes + u * unitBytes();
            if (u % 4 < 2) {
                // The high nibbles are 64 columns further on: two units.
                BytePlanes.putNibbles(planes, plane + half * 64 + u % 4 * 32, 32, panel, to, to + 2 * unitBytes(), pairs);
            }
            BytePlanes.putFields(planes, plane + 128 + half * 32, 32, 2, u % 4 * 2, panel, to + 2 * ROWS, 3 * ROWS);
        }
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
        byte[] q = scratch.bytes;
        int other = UNIT * ROWS;
        for (int from = 0; from < columns; from += block) {
            int a = blockAt(first, from);
            int b = blockAt(second, from);
            wholeScales(panel, a, s, 0);
            wholeScales(panel, b, s, ROWS);
            for (int c = 0; c < block; c += WholeActivations.BLOCK) {
                int sums = 0;
                for (int u = c; u < c + WholeActivations.BLOCK; u += UNIT) {
                    int at = codes + u / UNIT * unitBytes();
                    unpack(panel, a + at, 1, 0, q, 0);
                    unpack(panel, b + at, 1, 0, q, other);
                    for (int k = 0; k < UNIT; k += group) {
                        WholeProduct.sum(
                                q, k * ROWS, other + k * ROWS, x.whole.codes, from + u + k, scratch.shortSums, sums);
                        sums += 2 * ROWS;
                    }
                }
                WholeProduct.add(
                        scratch.shortSums, s, c / group * SCALES, MINIMA,
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
                        y, yo + row, 2 * ROWS);
            }
        }
    }
}
