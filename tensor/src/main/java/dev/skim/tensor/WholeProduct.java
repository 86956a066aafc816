package dev.skim.tensor;

import static dev.skim.tensor.Simd.F;
import static dev.skim.tensor.Simd.HALF_SHORTS;
import static dev.skim.tensor.Simd.I;
import static dev.skim.tensor.Simd.S;
import static dev.skim.tensor.Simd.WORDS;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.S2F;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;

/**
 * Products of 6-bit codes with {@link WholeActivations}: of each block of 64 columns the whole number
 * {@code n = sum of q * c * x}, with codes q of -32 to 31 and a scale c of -128 to 127 for every 16 columns, and then
 * {@code y += n * (d * scale)} in f32, in the order of the blocks.
 *
 * <p>A lone token takes the codes, of 0 to 63, as they stand in 16-bit numbers u ({@link BytePlanes#putSixes}), with no
 * mask: as in {@link ShortTile}, u, u >> 6, u >> 12 and u >> 14 are multiplied with factors that undo what the next has too
 * much, and 32 times the sum of x is what the sums start from.
 *
 * <p>n is exact, whatever the order of its sum: a group's sum of q * x is at most 32 * 1,023 and so fits into 16 bits,
 * and that of all four with their scales is at most 4 * 128 * 32 * 1,023 = 16,760,832, under the 2^24 up to which f32 has
 * every whole number. So a lone token may be summed in 16-bit lanes, where it is fastest, and a batch by the f32 tile: the
 * bits are the same.
 */
final class WholeProduct {
    /** Columns of a group. */
    static final int GROUP = 16;

    /** Groups of a block. */
    static final int GROUPS = WholeActivations.BLOCK / GROUP;

    /** 16-bit numbers that hold a group of a row. */
    static final int NUMBERS = GROUP * 6 / 16;

    /** Rows that are worked on together: two panels. */
    private static final int ROWS = 2 * Tile.SIZE;

    private static final int LANES = S.length();

    private WholeProduct() {}

    /**
     * Sums a group of a lone token for the rows of two panels: {@code sums[to + row] = sum of (q - 32) * x}.
     *
     * @param qa where the group's codes of the first panel start, those of the second at {@code qb}
     * @param group the group's index, counted from the token's first
     */
    static void sum(byte[] q, int qa, int qb, WholeActivations x, int group, short[] sums, int to) {
        int xo = group * WholeActivations.FACTORS;
        if (LANES == Tile.SIZE) {
            two(q, qa, qb, x.factors, xo, x.starts[group], sums, to);
        }
        for (int r = 0; r + 2 * LANES <= Tile.SIZE; r += 2 * LANES) {
            four(q, qa + 2 * r, qb + 2 * r, x.factors, xo, x.starts[group], sums, to + r);
        }
    }

    private static void two(byte[] q, int qa, int qb, int[] x, int xo, int start, short[] sums, int to) {
        ShortVector a = IntVector.broadcast(I, start).reinterpretAsShorts(), b = a;
        for (int p = 0; p < NUMBERS; p++) {
            ShortVector t0 = IntVector.broadcast(I, x[xo + 4 * p]).reinterpretAsShorts();
            ShortVector t1 = IntVector.broadcast(I, x[xo + 4 * p + 1]).reinterpretAsShorts();
            ShortVector t2 = IntVector.broadcast(I, x[xo + 4 * p + 2]).reinterpretAsShorts();
            ShortVector t3 = IntVector.broadcast(I, x[xo + 4 * p + 3]).reinterpretAsShorts();
            ShortVector u = ByteVector.fromArray(WORDS, q, qa + p * 2 * Tile.SIZE).reinterpretAsShorts();
            a = a.add(u.mul(t0)).add(u.lanewise(LSHR, 6).mul(t1));
            a = a.add(u.lanewise(LSHR, 12).mul(t2)).add(u.lanewise(LSHR, 14).mul(t3));
            u = ByteVector.fromArray(WORDS, q, qb + p * 2 * Tile.SIZE).reinterpretAsShorts();
            b = b.add(u.mul(t0)).add(u.lanewise(LSHR, 6).mul(t1));
            b = b.add(u.lanewise(LSHR, 12).mul(t2)).add(u.lanewise(LSHR, 14).mul(t3));
        }
        a.intoArray(sums, to);
        b.intoArray(sums, to + Tile.SIZE);
    }

    private static void four(byte[] q, int qa, int qb, int[] x, int xo, int start, short[] sums, int to) {
        ShortVector a = IntVector.broadcast(I, start).reinterpretAsShorts(), b = a, c = a, d = a;
        for (int p = 0; p < NUMBERS; p++) {
            ShortVector t0 = IntVector.broadcast(I, x[xo + 4 * p]).reinterpretAsShorts();
            ShortVector t1 = IntVector.broadcast(I, x[xo + 4 * p + 1]).reinterpretAsShorts();
            ShortVector t2 = IntVector.broadcast(I, x[xo + 4 * p + 2]).reinterpretAsShorts();
            ShortVector t3 = IntVector.broadcast(I, x[xo + 4 * p + 3]).reinterpretAsShorts();
            ShortVector u = ByteVector.fromArray(WORDS, q, qa + p * 2 * Tile.SIZE).reinterpretAsShorts();
            a = a.add(u.mul(t0)).add(u.lanewise(LSHR, 6).mul(t1));
            a = a.add(u.lanewise(LSHR, 12).mul(t2)).add(u.lanewise(LSHR, 14).mul(t3));
            u = ByteVector.fromArray(WORDS, q, qa + p * 2 * Tile.SIZE + 2 * LANES).reinterpretAsShorts();
            b = b.add(u.mul(t0)).add(u.lanewise(LSHR, 6).mul(t1));
            b = b.add(u.lanewise(LSHR, 12).mul(t2)).add(u.lanewise(LSHR, 14).mul(t3));
            u = ByteVector.fromArray(WORDS, q, qb + p * 2 * Tile.SIZE).reinterpretAsShorts();
            c = c.add(u.mul(t0)).add(u.lanewise(LSHR, 6).mul(t1));
            c = c.add(u.lanewise(LSHR, 12).mul(t2)).add(u.lanewise(LSHR, 14).mul(t3));
            u = ByteVector.fromArray(WORDS, q, qb + p * 2 * Tile.SIZE + 2 * LANES).reinterpretAsShorts();
            d = d.add(u.mul(t0)).add(u.lanewise(LSHR, 6).mul(t1));
            d = d.add(u.lanewise(LSHR, 12).mul(t2)).add(u.lanewise(LSHR, 14).mul(t3));
        }
        a.intoArray(sums, to);
        b.intoArray(sums, to + LANES);
        c.intoArray(sums, to + Tile.SIZE);
        d.intoArray(sums, to + Tile.SIZE + LANES);
    }

    /**
     * Adds a lone token's block for the rows of two panels.
     *
     * @param sums the groups' sums, 64 each
     * @param s the groups' scales c, {@link QuantLayout#SCALES} floats a group from {@code so} on; the factors d at {@code factors}
     */
    static void add(short[] sums, float[] s, int so, int factors, float scale, float[] y, int yo) {
        for (int r = 0; r < ROWS; r += Simd.LANES) {
            FloatVector n = FloatVector.zero(F);
            for (int g = 0; g < GROUPS; g++) {
                n = ((FloatVector) ShortVector.fromArray(HALF_SHORTS, sums, g * ROWS + r).convertShape(S2F, F, 0))
                        .fma(FloatVector.fromArray(F, s, so + g * QuantLayout.SCALES + r), n);
            }
            n.fma(FloatVector.fromArray(F, s, factors + r).mul(scale), FloatVector.fromArray(F, y, yo + r))
                    .intoArray(y, yo + r);
        }
    }

    /**
     * Adds a block of {@code n} tokens of a tile for the rows of a panel: {@code y[yo + t * 64 + r] += ...}.
     *
     * @param whole {@code [token][32]}
     * @param factors where in {@code s} the rows' factors d stand
     * @param scales from {@code set} on those of the tokens
     */
    static void add(float[] whole, int n, float[] s, int factors, float[] scales, int set, float[] y, int yo) {
        int tokens = Simd.steps(n);
        int si = Simd.index(set);
        int yi = Simd.index(yo);
        for (int r = 0; r < Tile.SIZE; r += Simd.LANES) {
            FloatVector d = FloatVector.fromArray(F, s, factors + r);
            for (int t = 0; t < tokens; t++) {
                int at = yi + r + t * ROWS;
                FloatVector.fromArray(F, whole, t * Tile.SIZE + r)
                        .fma(d.mul(scales[si + t]), FloatVector.fromArray(F, y, at))
                        .intoArray(y, at);
            }
        }
    }
}
