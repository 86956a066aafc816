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
            int a = first + from / block * blockBytes;
            int b = second + from / block * blockBytes;
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
    void roundedProduct(
            byte[] panel, int first, int second, int columns, Activations x, float[] y, Scratch scratch) {
        for (int from = 0; from < columns; from += CHUNK) {
            add(panel, first, columns, from, x, y, 0, scratch);
            add(panel, second, columns, from, x, y, ROWS, scratch);
        }
    }

    /** Adds the products of {@link #CHUNK} columns of a panel from {@code from} on. */
    private void add(
            byte[] panel, int start, int columns, int from, Activations x, float[] y, int yo, Scratch scratch) {
        float[] s = scratch.scales;
        int base = start + from / block * blockBytes;
        int c = from % block;
        wholeScales(panel, base, s, 0);
        expandUnits(
                panel, base + codes + c / UNIT * unitBytes(), CHUNK / UNIT, unitBytes(), s, c / group * SCALES,
                scratch.weights, scratch);
        for (int t = 0; t < x.tokens; t += Tile.SIZE) {
            int n = Math.min(Tile.SIZE, x.tokens - t);
            for (int k = 0; k < CHUNK; k += WholeActivations.BLOCK) {
                int at = t * columns + (from + k) * Tile.SIZE;
                Tile.multiply(
                        x.whole.tiles, at, scratch.weights, k * ROWS, WholeActivations.BLOCK, n,
                        scratch.square, 0, ROWS, false);
                WholeProduct.add(
                        scratch.square, n, s, MINIMA, x.whole.scales, at / WholeActivations.BLOCK,
                        y, t * 2 * ROWS + yo, 2 * ROWS);
            }
        }
    }
}
