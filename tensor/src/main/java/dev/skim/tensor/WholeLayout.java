package dev.skim.tensor;

/**
 * Layouts of K-quants whose scales are whole numbers times a factor of the block, so that products round their activations to {@link
 * WholeActivations} and are exact in {@link WholeProduct}, a lone token's as a batch's.
 */
abstract class WholeLayout extends QuantLayout {
    /** Groups of a block. */
    static final int GROUPS = 16;

    /** Where the blocks' factors stand in working memory: behind the groups' scales. */
    static final int FACTORS = WholeProduct.FACTORS;

    WholeLayout(int bits, int scaleBytes) {
        super(16 * GROUPS, 16, bits, scaleBytes);
    }

    /**
     * Puts the whole part of the scales of a panel's block at {@code at} to {@code s[so + group * SCALES + row]}, the factors to {@link
     * #FACTORS}, and minima, where there are some, {@link #MINIMA} behind the scales.
     */
    abstract void wholeScales(byte[] panel, int at, float[] s, int so);

    @Override
    final void roundedDot(
            byte[] panel, int[] at, int pairs, int columns, Activations x, float[] y, int yo, Scratch scratch) {
        WholeActivations whole = x.whole(bits);
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
                    WholeProduct.dot(
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
        WholeActivations whole = x.whole(bits);
        for (int k = 0; k < n; k += whole.block) {
            int at = token * x.columns + (from + k) * Tile.SIZE;
            for (int row = 0; row < 2 * ROWS; row += ROWS) {
                Tile.multiply(
                        whole.tiles, at, w.weights, row * n + k * ROWS, whole.block, tokens, scratch.square, 0, ROWS, false);
                WholeProduct.add(
                        scratch.square, tokens, w.scales, FACTORS + row, whole.scales, at / whole.block, y, yo + row);
                if (hasMinima()) {
                    Tile.multiply(
                            whole.sums, at / group, w.minima, row * GROUPS + (from + k) % block / group * ROWS,
                            whole.block / group, tokens, y, yo + row, 2 * ROWS, true);
                }
            }
        }
    }
}
