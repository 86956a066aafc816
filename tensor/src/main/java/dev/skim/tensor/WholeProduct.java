package dev.skim.tensor;

import static dev.skim.tensor.Simd.F;
import static dev.skim.tensor.Simd.HALF_SHORTS;
import static dev.skim.tensor.Simd.I;
import static dev.skim.tensor.Simd.S;
import static dev.skim.tensor.Simd.WORDS;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.S2F;

import java.lang.invoke.VarHandle;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;

/**
 * Products of 6-bit codes with {@link WholeActivations}: of each block of 64 columns the whole number
 * {@code n = sum of q * c * x}, with codes q of -32 to 31 and a scale c of -128 to 127 for every 16 columns, and then
 * {@code y += n * (d * scale)} in f32, in the order of the blocks.
 *
 * <p>A lone token takes the codes, of 0 to 63, as they stand in 16-bit numbers u ({@link BytePlanes#putSixes}): as in
 * {@link ShortTile}, u, u >> 6, u >> 12 and, in the second of three numbers, u >> 14 are multiplied with factors that undo
 * what the next has too much, and 32 times the sum of x is what the sums start from.
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
    private static final int GROUPS = WholeActivations.BLOCK / GROUP;

    /** Bytes of the three numbers that hold eight columns, of a panel's rows. */
    private static final int EIGHT_BYTES = 3 * 2 * Tile.SIZE;

    /** Rows that are worked on together: two panels. */
    private static final int ROWS = 2 * Tile.SIZE;

    private static final int LANES = S.length();

    /**
     * What shifts by 6, 12 and 14 leave of 16 bits, twice, since it is 32-bit lanes that are shifted: for 16-bit ones C2 takes
     * the number of bits from a general register each time, which costs more than the mask. In an array, so that the masks
     * stay in registers: constants are loaded at each use.
     */
    private static final int[] MASKS = {0x03ff03ff, 0x000f000f, 0x00030003};

    private WholeProduct() {}

    /**
     * Sums groups of a lone token for the rows of two panels: {@code sums[g * 64 + row] = sum of (q - 32) * x}.
     *
     * @param q codes, those of the first panel from {@code qa} on and those of the second from {@code qb} on
     * @param sums room for twice as many
     */
    static void sum(byte[] q, int qa, int qb, WholeActivations x, int firstGroup, int groups, short[] sums) {
        int eights = groups * GROUP / WholeActivations.EIGHT;
        int first = firstGroup * GROUP / WholeActivations.EIGHT;
        int xo = first * WholeActivations.FACTORS;
        if (LANES == Tile.SIZE) {
            two(q, qa, qb, x.factors, xo, x.starts, first, eights, sums);
        }
        for (int r = 0; r + 2 * LANES <= Tile.SIZE; r += 2 * LANES) {
            four(q, qa + 2 * r, qb + 2 * r, x.factors, xo, x.starts, first, eights, sums, r);
        }
        // Here and not where groups are scaled: there vectors have half the bits, and where C2 has seen sums of both it boxes.
        for (int g = 0; g < groups; g++) {
            for (int r = 0; r < ROWS; r += LANES) {
                ShortVector.fromArray(S, sums, 2 * g * ROWS + r)
                        .add(ShortVector.fromArray(S, sums, (2 * g + 1) * ROWS + r))
                        .intoArray(sums, g * ROWS + r);
            }
        }
    }

    // The loops have no loops inside, since checks of indices would stand before each.

    private static void two(
            byte[] q, int qa, int qb, int[] x, int xo, int[] starts, int so, int eights, short[] sums) {
        IntVector m6 = IntVector.broadcast(I, MASKS[0]);
        IntVector m12 = IntVector.broadcast(I, MASKS[1]);
        IntVector m14 = IntVector.broadcast(I, MASKS[2]);
        int ai = Simd.index(qa), bi = Simd.index(qb), xi = Simd.index(xo), si = Simd.index(so);
        int n = Simd.steps(eights);
        for (int i = 0; i < n; i++) {
            ShortVector a = IntVector.broadcast(I, starts[si + i]).reinterpretAsShorts(), b = a;
            int k = xi + i * WholeActivations.FACTORS;
            int ka = ai + i * EIGHT_BYTES;
            int kb = bi + i * EIGHT_BYTES;
            ShortVector t0 = IntVector.broadcast(I, x[k]).reinterpretAsShorts();
            ShortVector t1 = IntVector.broadcast(I, x[k + 1]).reinterpretAsShorts();
            ShortVector t2 = IntVector.broadcast(I, x[k + 2]).reinterpretAsShorts();
            ShortVector u = ByteVector.fromArray(WORDS, q, ka).reinterpretAsShorts();
            IntVector v = u.reinterpretAsInts();
            a = a.add(u.mul(t0)).add(v.lanewise(LSHR, 6).and(m6).reinterpretAsShorts().mul(t1));
            a = a.add(v.lanewise(LSHR, 12).and(m12).reinterpretAsShorts().mul(t2));
            u = ByteVector.fromArray(WORDS, q, kb).reinterpretAsShorts();
            v = u.reinterpretAsInts();
            b = b.add(u.mul(t0)).add(v.lanewise(LSHR, 6).and(m6).reinterpretAsShorts().mul(t1));
            b = b.add(v.lanewise(LSHR, 12).and(m12).reinterpretAsShorts().mul(t2));
            t0 = IntVector.broadcast(I, x[k + 3]).reinterpretAsShorts();
            t1 = IntVector.broadcast(I, x[k + 4]).reinterpretAsShorts();
            t2 = IntVector.broadcast(I, x[k + 5]).reinterpretAsShorts();
            ShortVector t3 = IntVector.broadcast(I, x[k + 6]).reinterpretAsShorts();
            u = ByteVector.fromArray(WORDS, q, ka + 2 * Tile.SIZE).reinterpretAsShorts();
            v = u.reinterpretAsInts();
            a = a.add(u.mul(t0)).add(v.lanewise(LSHR, 6).and(m6).reinterpretAsShorts().mul(t1));
            a = a.add(v.lanewise(LSHR, 12).and(m12).reinterpretAsShorts().mul(t2));
            a = a.add(v.lanewise(LSHR, 14).and(m14).reinterpretAsShorts().mul(t3));
            u = ByteVector.fromArray(WORDS, q, kb + 2 * Tile.SIZE).reinterpretAsShorts();
            v = u.reinterpretAsInts();
            b = b.add(u.mul(t0)).add(v.lanewise(LSHR, 6).and(m6).reinterpretAsShorts().mul(t1));
            b = b.add(v.lanewise(LSHR, 12).and(m12).reinterpretAsShorts().mul(t2));
            b = b.add(v.lanewise(LSHR, 14).and(m14).reinterpretAsShorts().mul(t3));
            t0 = IntVector.broadcast(I, x[k + 7]).reinterpretAsShorts();
            t1 = IntVector.broadcast(I, x[k + 8]).reinterpretAsShorts();
            t2 = IntVector.broadcast(I, x[k + 9]).reinterpretAsShorts();
            u = ByteVector.fromArray(WORDS, q, ka + 4 * Tile.SIZE).reinterpretAsShorts();
            v = u.reinterpretAsInts();
            a = a.add(u.mul(t0)).add(v.lanewise(LSHR, 6).and(m6).reinterpretAsShorts().mul(t1));
            a = a.add(v.lanewise(LSHR, 12).and(m12).reinterpretAsShorts().mul(t2));
            u = ByteVector.fromArray(WORDS, q, kb + 4 * Tile.SIZE).reinterpretAsShorts();
            v = u.reinterpretAsInts();
            b = b.add(u.mul(t0)).add(v.lanewise(LSHR, 6).and(m6).reinterpretAsShorts().mul(t1));
            b = b.add(v.lanewise(LSHR, 12).and(m12).reinterpretAsShorts().mul(t2));
            a.intoArray(sums, i * ROWS);
            b.intoArray(sums, i * ROWS + LANES);
        }
    }

    /**
     * {@link #two} for two vectors of rows of each panel. With 16 registers fences must keep the numbers apart;
     * {@link Simd#keepLoads} would not be inlined here, where C2 counts too many nodes.
     */
    private static void four(
            byte[] q, int qa, int qb, int[] x, int xo, int[] starts, int so, int eights, short[] sums, int to) {
        IntVector m6 = IntVector.broadcast(I, MASKS[0]);
        IntVector m12 = IntVector.broadcast(I, MASKS[1]);
        IntVector m14 = IntVector.broadcast(I, MASKS[2]);
        int ai = Simd.index(qa), bi = Simd.index(qb), xi = Simd.index(xo), si = Simd.index(so), ti = Simd.index(to);
        int n = Simd.steps(eights);
        for (int i = 0; i < n; i++) {
            ShortVector a = IntVector.broadcast(I, starts[si + i]).reinterpretAsShorts(), b = a, c = a, d = a;
            int k = xi + i * WholeActivations.FACTORS;
            int ka = ai + i * EIGHT_BYTES;
            int kb = bi + i * EIGHT_BYTES;
            if (Simd.FREE_FENCES) {
                VarHandle.loadLoadFence();
            }
            ShortVector t0 = IntVector.broadcast(I, x[k]).reinterpretAsShorts();
            ShortVector t1 = IntVector.broadcast(I, x[k + 1]).reinterpretAsShorts();
            ShortVector t2 = IntVector.broadcast(I, x[k + 2]).reinterpretAsShorts();
            ShortVector u = ByteVector.fromArray(WORDS, q, ka).reinterpretAsShorts();
            IntVector v = u.reinterpretAsInts();
            a = a.add(u.mul(t0)).add(v.lanewise(LSHR, 6).and(m6).reinterpretAsShorts().mul(t1));
            a = a.add(v.lanewise(LSHR, 12).and(m12).reinterpretAsShorts().mul(t2));
            u = ByteVector.fromArray(WORDS, q, ka + 2 * LANES).reinterpretAsShorts();
            v = u.reinterpretAsInts();
            b = b.add(u.mul(t0)).add(v.lanewise(LSHR, 6).and(m6).reinterpretAsShorts().mul(t1));
            b = b.add(v.lanewise(LSHR, 12).and(m12).reinterpretAsShorts().mul(t2));
            if (Simd.FREE_FENCES) {
                VarHandle.loadLoadFence();
            }
            u = ByteVector.fromArray(WORDS, q, kb).reinterpretAsShorts();
            v = u.reinterpretAsInts();
            c = c.add(u.mul(t0)).add(v.lanewise(LSHR, 6).and(m6).reinterpretAsShorts().mul(t1));
            c = c.add(v.lanewise(LSHR, 12).and(m12).reinterpretAsShorts().mul(t2));
            u = ByteVector.fromArray(WORDS, q, kb + 2 * LANES).reinterpretAsShorts();
            v = u.reinterpretAsInts();
            d = d.add(u.mul(t0)).add(v.lanewise(LSHR, 6).and(m6).reinterpretAsShorts().mul(t1));
            d = d.add(v.lanewise(LSHR, 12).and(m12).reinterpretAsShorts().mul(t2));
            if (Simd.FREE_FENCES) {
                VarHandle.loadLoadFence();
            }
            t0 = IntVector.broadcast(I, x[k + 3]).reinterpretAsShorts();
            t1 = IntVector.broadcast(I, x[k + 4]).reinterpretAsShorts();
            t2 = IntVector.broadcast(I, x[k + 5]).reinterpretAsShorts();
            ShortVector t3 = IntVector.broadcast(I, x[k + 6]).reinterpretAsShorts();
            u = ByteVector.fromArray(WORDS, q, ka + 2 * Tile.SIZE).reinterpretAsShorts();
            v = u.reinterpretAsInts();
            a = a.add(u.mul(t0)).add(v.lanewise(LSHR, 6).and(m6).reinterpretAsShorts().mul(t1));
            a = a.add(v.lanewise(LSHR, 12).and(m12).reinterpretAsShorts().mul(t2));
            a = a.add(v.lanewise(LSHR, 14).and(m14).reinterpretAsShorts().mul(t3));
            u = ByteVector.fromArray(WORDS, q, ka + 2 * Tile.SIZE + 2 * LANES).reinterpretAsShorts();
            v = u.reinterpretAsInts();
            b = b.add(u.mul(t0)).add(v.lanewise(LSHR, 6).and(m6).reinterpretAsShorts().mul(t1));
            b = b.add(v.lanewise(LSHR, 12).and(m12).reinterpretAsShorts().mul(t2));
            b = b.add(v.lanewise(LSHR, 14).and(m14).reinterpretAsShorts().mul(t3));
            if (Simd.FREE_FENCES) {
                VarHandle.loadLoadFence();
            }
            u = ByteVector.fromArray(WORDS, q, kb + 2 * Tile.SIZE).reinterpretAsShorts();
            v = u.reinterpretAsInts();
            c = c.add(u.mul(t0)).add(v.lanewise(LSHR, 6).and(m6).reinterpretAsShorts().mul(t1));
            c = c.add(v.lanewise(LSHR, 12).and(m12).reinterpretAsShorts().mul(t2));
            c = c.add(v.lanewise(LSHR, 14).and(m14).reinterpretAsShorts().mul(t3));
            u = ByteVector.fromArray(WORDS, q, kb + 2 * Tile.SIZE + 2 * LANES).reinterpretAsShorts();
            v = u.reinterpretAsInts();
            d = d.add(u.mul(t0)).add(v.lanewise(LSHR, 6).and(m6).reinterpretAsShorts().mul(t1));
            d = d.add(v.lanewise(LSHR, 12).and(m12).reinterpretAsShorts().mul(t2));
            d = d.add(v.lanewise(LSHR, 14).and(m14).reinterpretAsShorts().mul(t3));
            if (Simd.FREE_FENCES) {
                VarHandle.loadLoadFence();
            }
            t0 = IntVector.broadcast(I, x[k + 7]).reinterpretAsShorts();
            t1 = IntVector.broadcast(I, x[k + 8]).reinterpretAsShorts();
            t2 = IntVector.broadcast(I, x[k + 9]).reinterpretAsShorts();
            u = ByteVector.fromArray(WORDS, q, ka + 4 * Tile.SIZE).reinterpretAsShorts();
            v = u.reinterpretAsInts();
            a = a.add(u.mul(t0)).add(v.lanewise(LSHR, 6).and(m6).reinterpretAsShorts().mul(t1));
            a = a.add(v.lanewise(LSHR, 12).and(m12).reinterpretAsShorts().mul(t2));
            u = ByteVector.fromArray(WORDS, q, ka + 4 * Tile.SIZE + 2 * LANES).reinterpretAsShorts();
            v = u.reinterpretAsInts();
            b = b.add(u.mul(t0)).add(v.lanewise(LSHR, 6).and(m6).reinterpretAsShorts().mul(t1));
            b = b.add(v.lanewise(LSHR, 12).and(m12).reinterpretAsShorts().mul(t2));
            if (Simd.FREE_FENCES) {
                VarHandle.loadLoadFence();
            }
            u = ByteVector.fromArray(WORDS, q, kb + 4 * Tile.SIZE).reinterpretAsShorts();
            v = u.reinterpretAsInts();
            c = c.add(u.mul(t0)).add(v.lanewise(LSHR, 6).and(m6).reinterpretAsShorts().mul(t1));
            c = c.add(v.lanewise(LSHR, 12).and(m12).reinterpretAsShorts().mul(t2));
            u = ByteVector.fromArray(WORDS, q, kb + 4 * Tile.SIZE + 2 * LANES).reinterpretAsShorts();
            v = u.reinterpretAsInts();
            d = d.add(u.mul(t0)).add(v.lanewise(LSHR, 6).and(m6).reinterpretAsShorts().mul(t1));
            d = d.add(v.lanewise(LSHR, 12).and(m12).reinterpretAsShorts().mul(t2));
            a.intoArray(sums, ti + i * ROWS);
            b.intoArray(sums, ti + i * ROWS + LANES);
            c.intoArray(sums, ti + i * ROWS + Tile.SIZE);
            d.intoArray(sums, ti + i * ROWS + Tile.SIZE + LANES);
        }
    }

    /**
     * Adds a lone token's block for the rows of two panels.
     *
     * @param sums those of its groups, 64 each, from {@code from} on
     * @param s the groups' scales c, {@link QuantLayout#SCALES} floats a group from {@code so} on; the factors d at {@code factors}
     */
    static void add(short[] sums, int from, float[] s, int so, int factors, float scale, float[] y, int yo) {
        for (int r = 0; r < ROWS; r += Simd.LANES) {
            FloatVector n = FloatVector.zero(F);
            for (int g = 0; g < GROUPS; g++) {
                n = ((FloatVector) ShortVector.fromArray(HALF_SHORTS, sums, from + g * ROWS + r).convertShape(S2F, F, 0))
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
