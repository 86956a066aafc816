package dev.skim.tensor;

/**
 * Layouts of blocks of 256 columns whose scales are whole numbers times a factor of the block, so that products round their activations
 * to {@link WholeActivations} and are exact in {@link WholeProduct}, a lone token's as a batch's.
 */
abstract class WholeLayout extends QuantLayout {
    /** Where the blocks' factors stand in working memory: behind the groups' scales. */
    static final int FACTORS = WholeProduct.FACTORS;

    private static final int BLOCK = 256;

    WholeLayout(int groups, int bits, int scaleBytes) {
        super(BLOCK, BLOCK / groups, bits, scaleBytes);
    }

    /**
     * Puts the whole part of the scales of a panel's block at {@code at} to {@code s[so + group * SCALES + row]}, the factors to {@link
     * #FACTORS}, and minima, where there are some, {@link #MINIMA} behind the scales.
     */
    abstract void wholeScales(byte[] panel, int at, float[] s, int so);

    /** Puts what {@link #expandUnits} takes for weights without the factors to {@code s}, in the same way. */
    void expandScales(byte[] panel, int at, float[] s, int so) {
        wholeScales(panel, at, s, so);
    }

    /** Multiplies columns that share a scale of x; as {@link WholeProduct#dot}. */
    void wholeDot(byte[] q, int first, int second, int column, WholeActivations x, int from, float[] s, float[] y, int yo) {
        WholeProduct.dot(q, first, second, column, x, from, s, y, yo);
    }

    @Override
    void roundedExpand(byte[] panel, int first, int second, int from, int n, Expansion to, Scratch scratch) {
        int so = scalesAt(from);
        expandScales(panel, blockAt(first, from), to.scales, 0);
        expandScales(panel, blockAt(second, from), to.scales, ROWS);
        expandUnits(panel, first, from, n, to.scales, so, to.weights, 0);
        expandUnits(panel, second, from, n, to.scales, so + ROWS, to.weights, n * ROWS);
    }

    @Override
    final void roundedDot(
            byte[] panel, int[] at, int pairs, int columns, Activations x, float[] y, int yo, Scratch scratch) {
        WholeActivations whole = x.whole(rounding());
        for (int from = 0; from < columns; from += block) {
            for (int pair = 0; pair < pairs; pair++) {
                float[] s = scratch.pairScales[pair];
                wholeScales(panel, blockAt(at[2 * pair], from), s, 0);
                wholeScales(panel, blockAt(at[2 * pair + 1], from), s, ROWS);
            }
            for (int c = 0; c < block; c += whole.block) {
                for (int pair = 0; pair < pairs; pair++) {
                    int to = yo + 2 * pair * ROWS;
                    float[] s = scratch.pairScales[pair];
                    wholeDot(
                            panel, blockAt(at[2 * pair], from) + codes, blockAt(at[2 * pair + 1], from) + codes, c, whole, from,
                            s, y, to);
                    if (hasMinima()) {
                        WholeProduct.addMinima(
                                s, c / group * SCALES + MINIMA, whole.block / group, whole.sums, (from + c) / group, y, to);
                    }
                }
            }
        }
    }

    @Override
    final void roundedMultiply(
            Activations x, int token, int tokens, int from, int n, Expansion w, float[] y, int yo, Scratch scratch) {
        WholeActivations whole = x.whole(rounding());
        for (int k = 0; k < n; k += whole.block) {
            int at = token * x.columns + (from + k) * Tile.SIZE;
            for (int row = 0; row < 2 * ROWS; row += ROWS) {
                WholeTile.multiply(
                        whole.tiles, at, w.weights, row * n + k * ROWS, whole.block, tokens, w.scales, FACTORS + row, whole.scales,
                        at / whole.block, y, yo + row, 2 * ROWS, scratch.square);
                if (hasMinima()) {
                    Tile.multiply(
                            whole.sums, at / group, w.minima, (row * block + (from + k) % block * ROWS) / group,
                            whole.block / group, tokens, y, yo + row, 2 * ROWS, true);
                }
            }
        }
    }
}
