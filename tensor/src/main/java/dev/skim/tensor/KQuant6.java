package dev.skim.tensor;

/**
 * Q6_K: blocks of 256 columns with one half-precision factor and sixteen signed 8-bit scales;
 * {@code w = d * scale * (q - 32)}. The codes stand as {@link BytePlanes#putSixes} puts them.
 */
final class KQuant6 extends QuantLayout {
    private static final int GROUP_SCALES = 64;

    // From a block's start in the file, where the codes' low four bits stand.

    private static final int PAIRS_OF_BITS = 128;
    private static final int FILE_SCALES = 192;
    private static final int FACTOR = 208;

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
    void packBlock(byte[] rows, int from, int stride, byte[] panel, int at, long[] planes) {
        BytePlanes.putShorts(rows, from + FACTOR, stride, panel, at);
        BytePlanes.gather(rows, from + FILE_SCALES, stride, 16, planes);
        BytePlanes.put(planes, 0, 16, panel, at + GROUP_SCALES);
        for (int c = 0; c < block; c += group) {
            // The high nibbles are 64 columns further on, the pairs of bits 32.
            int half = c / 128;
            BytePlanes.putSixes(
                    rows, from + half * 64 + c % 64, c % 128 / 64 * 4,
                    from + PAIRS_OF_BITS + half * 32 + c % 32, c % 128 / 32 * 2, stride, panel, at + codes + c / group * groupBytes());
        }
    }

    @Override
    int code(byte[] panel, int at, int c, int lane) {
        int from = at + c / group * groupBytes();
        int k = c % group;
        // Two codes of each four are in the lower half, and so on.
        int shift = k / 2 % 2 * 16;
        int four = k / 4;
        if (four < 3) {
            return number(panel, from, four, lane) >>> shift + 6 * (k % 2) & 63;
        }
        shift += 12;
        int first = number(panel, from, 0, lane) >>> shift & 15;
        int second = number(panel, from, 1, lane) >>> shift & 15;
        int third = number(panel, from, 2, lane) >>> shift & 15;
        return k % 2 == 0 ? first | (second & 3) << 4 : second >> 2 | third << 2;
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
            byte[] panel, int[] at, int pairs, int columns, Activations x, float[] y, int yo, Scratch scratch) {
        for (int from = 0; from < columns; from += block) {
            for (int pair = 0; pair < pairs; pair++) {
                float[] s = scratch.pairScales[pair];
                wholeScales(panel, blockAt(at[2 * pair], from), s, 0);
                wholeScales(panel, blockAt(at[2 * pair + 1], from), s, ROWS);
            }
            for (int c = 0; c < block; c += WholeActivations.BLOCK) {
                for (int pair = 0; pair < pairs; pair++) {
                    WholeProduct.dot(
                            panel, blockAt(at[2 * pair], from) + codes, blockAt(at[2 * pair + 1], from) + codes, c, x.whole, from,
                            scratch.pairScales[pair], MINIMA, y, yo + 2 * pair * ROWS);
                }
            }
        }
    }

    @Override
    void roundedExpand(byte[] panel, int first, int second, int from, int n, Expansion to, Scratch scratch) {
        int so = scalesAt(from);
        wholeScales(panel, blockAt(first, from), to.scales, 0);
        wholeScales(panel, blockAt(second, from), to.scales, ROWS);
        expandUnits(panel, first, from, n, to.scales, so, to.weights, 0);
        expandUnits(panel, second, from, n, to.scales, so + ROWS, to.weights, n * ROWS);
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
