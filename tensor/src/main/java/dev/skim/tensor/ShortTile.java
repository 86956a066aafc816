package dev.skim.tensor;

import static dev.skim.tensor.Simd.F;
import static dev.skim.tensor.Simd.I;
import static dev.skim.tensor.Simd.S;
import static dev.skim.tensor.Simd.WORDS;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;

/**
 * Products of codes of 4 and 5 bits with rounded activations in 16-bit lanes: twice as many rows in a vector as f32 has.
 *
 * <p>Eight 4-bit codes of a row stand in 32 bits, u ({@link BytePlanes#putEights}). They are multiplied with no mask, as both 16-bit
 * halves of u, u >>> 4, u >>> 8 and u >>> 12, each of which has a code in its lowest bits and the next three above: let v be such
 * a half and w the one that starts with the next code, then {@code v - 16 w} is the code, modulo 2^16, and so
 * {@code q * x + r * y + ... = v * x + w * (y - 16 x) + ...} for the codes q, r, ..., and {@link RoundedActivations} has those
 * differences. The upper half of u follows on the lower one of u >>> 12. A lone token does the same with 5-bit codes: u, u >>> 5,
 * u >>> 10 and u >>> 15, which has a bit of one code more ({@link BytePlanes#putFives}); a batch unpacks these with masks.
 *
 * <p>A group of 32 columns is summed exactly: with 4-bit codes q and activations whose sizes add up to at most 4,095,
 * the sum of {@code (q - 8) * x} is at most 8 * 4,095 in size and fits into 16 bits; with 5 bits, 16 * 2,047. The lanes compute it
 * modulo 2^16 as the sum of {@code q * x} less 8 or 16 times the sum of x, with which they start; products and sums on the way may
 * wrap. Then each group's sum is scaled and added in f32, in the order of the groups, whatever the batch: a token's bits do not
 * depend on it.
 */
final class ShortTile {
    /** Columns of a group. */
    static final int GROUP = 32;

    /** Columns of a number. */
    static final int EIGHT = 8;

    /** Products of a number. */
    static final int PARTS = 4;

    private static final int LOW = 0xffff;
    private static final int FIVE_BITS = 0x001f001f;

    /** What takes back that a sum stands in the upper half of an int. */
    private static final float UPPER = 0x1p-16f;

    /** Rows that are worked on together: two panels. */
    static final int ROWS = 2 * Tile.SIZE;

    private static final int LANES = S.length();
    private static final int WIDEST = Simd.BITS == 512 ? 8 : 4;

    /** Whether a lone token takes two whole panels at a time, in eight sums; with 128 bits these would be sixteen, with 512 they are four. */
    private static final boolean WHOLE = Tile.SIZE == 4 * Simd.LANES;

    private ShortTile() {}

    /**
     * Expands the codes of {@code groups} groups of a panel, as they are multiplied, to {@code out[oo + k * 64 + lane]}, in the order
     * of {@link RoundedActivations#codes}. Of each vector's rows the first half stand in the even lanes, the second in the odd ones.
     */
    static void expand(byte[] q, int qo, int stride, int groups, int bits, short[] out, int oo) {
        if (bits == 5) {
            expand5(q, qo, stride, groups, out, oo);
        } else {
            expand4(q, qo, stride, groups, out, oo);
        }
    }

    private static void expand5(byte[] q, int qo, int stride, int groups, short[] out, int oo) {
        int l = Simd.LANES;
        for (int g = 0; g < groups; g++) {
            for (int r = 0; r < Tile.SIZE; r += LANES) {
                IntVector lastLow = IntVector.zero(I);
                IntVector lastHigh = lastLow;
                int to = oo + g * GROUP * ROWS + r;
                for (int i = 0; i < BytePlanes.FIVES; i++) {
                    int from = qo + g * stride + (i * Tile.SIZE + r) * Integer.BYTES;
                    IntVector u = ByteVector.fromArray(WORDS, q, from).reinterpretAsInts();
                    IntVector v = ByteVector.fromArray(WORDS, q, from + l * Integer.BYTES).reinterpretAsInts();
                    IntVector low = u.and(LOW).or(v.lanewise(LSHL, 16));
                    IntVector high = u.lanewise(LSHR, 16).or(v.and(~LOW));
                    int at = to + 6 * i * ROWS;
                    low.and(FIVE_BITS).reinterpretAsShorts().intoArray(out, at);
                    low.lanewise(LSHR, 5).and(FIVE_BITS).reinterpretAsShorts().intoArray(out, at + ROWS);
                    low.lanewise(LSHR, 10).and(FIVE_BITS).reinterpretAsShorts().intoArray(out, at + 2 * ROWS);
                    high.and(FIVE_BITS).reinterpretAsShorts().intoArray(out, at + 3 * ROWS);
                    high.lanewise(LSHR, 5).and(FIVE_BITS).reinterpretAsShorts().intoArray(out, at + 4 * ROWS);
                    high.lanewise(LSHR, 10).and(FIVE_BITS).reinterpretAsShorts().intoArray(out, at + 5 * ROWS);
                    // The last codes, from the top down: their first bits come first.
                    lastLow = lastLow.lanewise(LSHR, 1).or(low.and(BytePlanes.LAST_BITS));
                    lastHigh = lastHigh.lanewise(LSHR, 1).or(high.and(BytePlanes.LAST_BITS));
                }
                lastLow.lanewise(LSHR, 11).and(FIVE_BITS).reinterpretAsShorts().intoArray(out, to + 30 * ROWS);
                lastHigh.lanewise(LSHR, 11).and(FIVE_BITS).reinterpretAsShorts().intoArray(out, to + 31 * ROWS);
            }
        }
    }

    private static void expand4(byte[] q, int qo, int stride, int groups, short[] out, int oo) {
        int l = Simd.LANES;
        for (int g = 0; g < groups; g++) {
            for (int p = 0; p < GROUP / EIGHT; p++) {
                for (int r = 0; r < Tile.SIZE; r += LANES) {
                    int from = qo + g * stride + (p * Tile.SIZE + r) * Integer.BYTES;
                    int to = oo + (g * GROUP + p * EIGHT) * ROWS + r;
                    IntVector u = ByteVector.fromArray(WORDS, q, from).reinterpretAsInts();
                    IntVector v = ByteVector.fromArray(WORDS, q, from + l * Integer.BYTES).reinterpretAsInts();
                    for (int i = 0; i < EIGHT / 2; i++) {
                        u.and(LOW).or(v.lanewise(LSHL, 16)).reinterpretAsShorts().intoArray(out, to + i * ROWS);
                        u.lanewise(LSHR, 16).or(v.and(~LOW)).reinterpretAsShorts().intoArray(out, to + (i + EIGHT / 2) * ROWS);
                        u = u.lanewise(LSHR, 4);
                        v = v.lanewise(LSHR, 4);
                    }
                }
            }
        }
    }

    /**
     * Multiplies {@code columns} tokens of a tile with {@code groups} groups of two expanded panels and adds the products
     * to {@code y[yo + j * 64 + row]}.
     *
     * @param x the tile's rounded activations, from the first group on
     * @param tile where they start: column k of token j stands at {@code codes[tile + RoundedActivations.place(j) + k * Simd.LANES]},
     *     those of the next group 32 * 32 further
     * @param sets where the tile's scales start: group g of token j at {@code scales[sets + g * 32 + j]}
     * @param s from {@code so} on scales d and minima, which include 8 d or 16 d, of {@link QuantLayout#SCALES} floats a group
     */
    static void multiply(
            RoundedActivations x, int tile, int sets, int groups, int columns,
            short[] w, float[] s, int so, boolean minima, short[] sums, float[] y, int yo) {
        for (int g = 0; g < groups; g++) {
            int xg = tile + g * GROUP * Tile.SIZE;
            int cg = sets + g * Tile.SIZE;
            int wg = g * GROUP * ROWS;
            for (int row = 0; row < ROWS; row += 2 * LANES) {
                int j = 0;
                if (WIDEST == 8) {
                    for (; j + 8 <= columns; j += 8) {
                        eight(x.codes, xg + RoundedActivations.place(j), x.starts, cg + j, w, wg + row, sums, j * ROWS + row);
                    }
                }
                for (; j + 4 <= columns; j += 4) {
                    four(x.codes, xg + RoundedActivations.place(j), x.starts, cg + j, w, wg + row, sums, j * ROWS + row);
                }
                for (; j < columns; j++) {
                    one(x.codes, xg + RoundedActivations.place(j), x.starts, cg + j, w, wg + row, sums, j * ROWS + row);
                }
            }
            if (minima) {
                addMinima(sums, columns, s, so + g * QuantLayout.SCALES, x.scales, x.sums, cg, y, yo);
            } else {
                add(sums, columns, s, so + g * QuantLayout.SCALES, x.scales, cg, y, yo);
            }
        }
    }

    // Sums are scaled as they stand in the upper half of an int, 2^16 times, which d takes back: a shift fewer, and the same bits, since
    // no factor is so small that it would lose some (RoundedActivations.SMALLEST).
    // Rows outside and tokens inside: scales stay in registers, 1.06 times as fast as the other way round.

    /** {@code y[yo + j * 64 + r] += t * (d * scale)} for {@code columns} tokens and the rows of two panels; t as {@link #expand} has rows. */
    private static void add(
            short[] t, int columns, float[] s, int so, float[] scales, int set, float[] y, int yo) {
        int l = Simd.LANES;
        int n = Simd.steps(columns), yi = Simd.index(yo), si = Simd.index(set);
        for (int r = 0; r < ROWS; r += LANES) {
            FloatVector d0 = FloatVector.fromArray(F, s, so + r).mul(UPPER);
            FloatVector d1 = FloatVector.fromArray(F, s, so + r + l).mul(UPPER);
            for (int j = 0; j < n; j++) {
                int at = yi + r + j * ROWS;
                float scale = scales[si + j];
                IntVector both = ShortVector.fromArray(S, t, r + j * ROWS).reinterpretAsInts();
                ((FloatVector) both.lanewise(LSHL, 16).convertShape(I2F, F, 0))
                        .fma(d0.mul(scale), FloatVector.fromArray(F, y, at))
                        .intoArray(y, at);
                ((FloatVector) both.and(~LOW).convertShape(I2F, F, 0))
                        .fma(d1.mul(scale), FloatVector.fromArray(F, y, at + l))
                        .intoArray(y, at + l);
            }
        }
    }

    /** {@link #add}, and then {@code + m * total}. */
    private static void addMinima(
            short[] t, int columns, float[] s, int so, float[] scales, float[] totals, int set, float[] y, int yo) {
        int l = Simd.LANES;
        int n = Simd.steps(columns), yi = Simd.index(yo), si = Simd.index(set);
        for (int r = 0; r < ROWS; r += LANES) {
            FloatVector d0 = FloatVector.fromArray(F, s, so + r).mul(UPPER);
            FloatVector d1 = FloatVector.fromArray(F, s, so + r + l).mul(UPPER);
            FloatVector m0 = FloatVector.fromArray(F, s, so + QuantLayout.MINIMA + r);
            FloatVector m1 = FloatVector.fromArray(F, s, so + QuantLayout.MINIMA + r + l);
            for (int j = 0; j < n; j++) {
                int at = yi + r + j * ROWS;
                float scale = scales[si + j];
                FloatVector total = FloatVector.broadcast(F, totals[si + j]);
                IntVector both = ShortVector.fromArray(S, t, r + j * ROWS).reinterpretAsInts();
                FloatVector out = ((FloatVector) both.lanewise(LSHL, 16).convertShape(I2F, F, 0))
                        .fma(d0.mul(scale), FloatVector.fromArray(F, y, at));
                m0.fma(total, out).intoArray(y, at);
                out = ((FloatVector) both.and(~LOW).convertShape(I2F, F, 0))
                        .fma(d1.mul(scale), FloatVector.fromArray(F, y, at + l));
                m1.fma(total, out).intoArray(y, at + l);
            }
        }
    }

    private static void eight(
            int[] x, int xo, int[] starts, int so, short[] w, int wo, short[] sums, int to) {
        ShortVector a0 = IntVector.broadcast(I, starts[so]).reinterpretAsShorts(), b0 = a0;
        ShortVector a1 = IntVector.broadcast(I, starts[so + 1]).reinterpretAsShorts(), b1 = a1;
        ShortVector a2 = IntVector.broadcast(I, starts[so + 2]).reinterpretAsShorts(), b2 = a2;
        ShortVector a3 = IntVector.broadcast(I, starts[so + 3]).reinterpretAsShorts(), b3 = a3;
        ShortVector a4 = IntVector.broadcast(I, starts[so + 4]).reinterpretAsShorts(), b4 = a4;
        ShortVector a5 = IntVector.broadcast(I, starts[so + 5]).reinterpretAsShorts(), b5 = a5;
        ShortVector a6 = IntVector.broadcast(I, starts[so + 6]).reinterpretAsShorts(), b6 = a6;
        ShortVector a7 = IntVector.broadcast(I, starts[so + 7]).reinterpretAsShorts(), b7 = a7;
        for (int k = 0; k < GROUP; k++) {
            ShortVector u = ShortVector.fromArray(S, w, wo + k * ROWS);
            ShortVector v = ShortVector.fromArray(S, w, wo + k * ROWS + LANES);
            ShortVector t = IntVector.broadcast(I, x[xo + k * Simd.LANES]).reinterpretAsShorts();
            a0 = a0.add(u.mul(t));
            b0 = b0.add(v.mul(t));
            t = IntVector.broadcast(I, x[xo + k * Simd.LANES + 1]).reinterpretAsShorts();
            a1 = a1.add(u.mul(t));
            b1 = b1.add(v.mul(t));
            t = IntVector.broadcast(I, x[xo + k * Simd.LANES + 2]).reinterpretAsShorts();
            a2 = a2.add(u.mul(t));
            b2 = b2.add(v.mul(t));
            t = IntVector.broadcast(I, x[xo + k * Simd.LANES + 3]).reinterpretAsShorts();
            a3 = a3.add(u.mul(t));
            b3 = b3.add(v.mul(t));
            t = IntVector.broadcast(I, x[xo + k * Simd.LANES + 4]).reinterpretAsShorts();
            a4 = a4.add(u.mul(t));
            b4 = b4.add(v.mul(t));
            t = IntVector.broadcast(I, x[xo + k * Simd.LANES + 5]).reinterpretAsShorts();
            a5 = a5.add(u.mul(t));
            b5 = b5.add(v.mul(t));
            t = IntVector.broadcast(I, x[xo + k * Simd.LANES + 6]).reinterpretAsShorts();
            a6 = a6.add(u.mul(t));
            b6 = b6.add(v.mul(t));
            t = IntVector.broadcast(I, x[xo + k * Simd.LANES + 7]).reinterpretAsShorts();
            a7 = a7.add(u.mul(t));
            b7 = b7.add(v.mul(t));
        }
        a0.intoArray(sums, to);
        b0.intoArray(sums, to + LANES);
        a1.intoArray(sums, to + ROWS);
        b1.intoArray(sums, to + ROWS + LANES);
        a2.intoArray(sums, to + 2 * ROWS);
        b2.intoArray(sums, to + 2 * ROWS + LANES);
        a3.intoArray(sums, to + 3 * ROWS);
        b3.intoArray(sums, to + 3 * ROWS + LANES);
        a4.intoArray(sums, to + 4 * ROWS);
        b4.intoArray(sums, to + 4 * ROWS + LANES);
        a5.intoArray(sums, to + 5 * ROWS);
        b5.intoArray(sums, to + 5 * ROWS + LANES);
        a6.intoArray(sums, to + 6 * ROWS);
        b6.intoArray(sums, to + 6 * ROWS + LANES);
        a7.intoArray(sums, to + 7 * ROWS);
        b7.intoArray(sums, to + 7 * ROWS + LANES);
    }

    /** Two columns a step, and none of the second's loads before the first's products: C2 would run out of registers. */
    private static void four(
            int[] x, int xo, int[] starts, int so, short[] w, int wo, short[] sums, int to) {
        ShortVector a0 = IntVector.broadcast(I, starts[so]).reinterpretAsShorts(), b0 = a0;
        ShortVector a1 = IntVector.broadcast(I, starts[so + 1]).reinterpretAsShorts(), b1 = a1;
        ShortVector a2 = IntVector.broadcast(I, starts[so + 2]).reinterpretAsShorts(), b2 = a2;
        ShortVector a3 = IntVector.broadcast(I, starts[so + 3]).reinterpretAsShorts(), b3 = a3;
        int xi = Simd.index(xo);
        int wi = Simd.index(wo);
        for (int k = 0; k < GROUP * Simd.LANES; k += 2 * Simd.LANES) {
            Simd.keepLoads();
            ShortVector u = ShortVector.fromArray(S, w, wi + ROWS / Simd.LANES * k);
            ShortVector v = ShortVector.fromArray(S, w, wi + ROWS / Simd.LANES * k + LANES);
            ShortVector t = IntVector.broadcast(I, x[xi + k]).reinterpretAsShorts();
            a0 = a0.add(u.mul(t));
            b0 = b0.add(v.mul(t));
            t = IntVector.broadcast(I, x[xi + k + 1]).reinterpretAsShorts();
            a1 = a1.add(u.mul(t));
            b1 = b1.add(v.mul(t));
            t = IntVector.broadcast(I, x[xi + k + 2]).reinterpretAsShorts();
            a2 = a2.add(u.mul(t));
            b2 = b2.add(v.mul(t));
            t = IntVector.broadcast(I, x[xi + k + 3]).reinterpretAsShorts();
            a3 = a3.add(u.mul(t));
            b3 = b3.add(v.mul(t));
            Simd.keepLoads();
            u = ShortVector.fromArray(S, w, wi + ROWS / Simd.LANES * k + ROWS);
            v = ShortVector.fromArray(S, w, wi + ROWS / Simd.LANES * k + ROWS + LANES);
            t = IntVector.broadcast(I, x[xi + k + Simd.LANES]).reinterpretAsShorts();
            a0 = a0.add(u.mul(t));
            b0 = b0.add(v.mul(t));
            t = IntVector.broadcast(I, x[xi + k + Simd.LANES + 1]).reinterpretAsShorts();
            a1 = a1.add(u.mul(t));
            b1 = b1.add(v.mul(t));
            t = IntVector.broadcast(I, x[xi + k + Simd.LANES + 2]).reinterpretAsShorts();
            a2 = a2.add(u.mul(t));
            b2 = b2.add(v.mul(t));
            t = IntVector.broadcast(I, x[xi + k + Simd.LANES + 3]).reinterpretAsShorts();
            a3 = a3.add(u.mul(t));
            b3 = b3.add(v.mul(t));
        }
        a0.intoArray(sums, to);
        b0.intoArray(sums, to + LANES);
        a1.intoArray(sums, to + ROWS);
        b1.intoArray(sums, to + ROWS + LANES);
        a2.intoArray(sums, to + 2 * ROWS);
        b2.intoArray(sums, to + 2 * ROWS + LANES);
        a3.intoArray(sums, to + 3 * ROWS);
        b3.intoArray(sums, to + 3 * ROWS + LANES);
    }

    private static void one(int[] x, int xo, int[] starts, int so, short[] w, int wo, short[] sums, int to) {
        ShortVector a = IntVector.broadcast(I, starts[so]).reinterpretAsShorts(), b = a;
        for (int k = 0; k < GROUP; k++) {
            ShortVector t = IntVector.broadcast(I, x[xo + k * Simd.LANES]).reinterpretAsShorts();
            a = a.add(ShortVector.fromArray(S, w, wo + k * ROWS).mul(t));
            b = b.add(ShortVector.fromArray(S, w, wo + k * ROWS + LANES).mul(t));
        }
        a.intoArray(sums, to);
        b.intoArray(sums, to + LANES);
    }

    /**
     * A lone token's sums of a group for the rows of {@code pairs} pairs of panels, {@code sums[panel * 32 + row]}, unpacking in
     * registers. Each is the sum of an int's two halves, modulo 2^16, which is to be scaled and added then ({@link Halves#add}).
     */
    static void sum(byte[] q, int[] at, int pairs, int add, RoundedActivations x, int set, int[] sums) {
        int start = x.starts[set];
        int xo = set * PARTS * (x.bits == 5 ? BytePlanes.FIVES : GROUP / EIGHT);
        for (int pair = 0; pair < pairs; pair++) {
            int a = at[2 * pair] + add;
            int b = at[2 * pair + 1] + add;
            int to = pair * ROWS;
            if (WHOLE) {
                if (x.bits == 5) {
                    fives(q, a, b, x.codes, xo, start, sums, to);
                } else {
                    fours(q, a, b, x.codes, xo, start, sums, to);
                }
            } else {
                for (int r = 0; r < Tile.SIZE; r += Simd.STRIP) {
                    if (x.bits == 5) {
                        five(q, a + 4 * r, b + 4 * r, x.codes, xo, start, sums, to + r);
                    } else {
                        four(q, a + 4 * r, b + 4 * r, x.codes, xo, start, sums, to + r);
                    }
                }
            }
        }
    }

    /**
     * Sums of a group for all rows of two panels, four vectors each: each number's 128 bytes are read in one go, and what a call and the
     * factors of x cost is shared by all. A Zen 3 does 1.2 times as much as with strips.
     */
    private static void fours(byte[] q, int qa, int qb, int[] x, int xo, int start, int[] sums, int to) {
        int l = Simd.LANES;
        ShortVector a0 = IntVector.broadcast(I, start).reinterpretAsShorts(), a1 = a0, a2 = a0, a3 = a0;
        ShortVector b0 = a0, b1 = a0, b2 = a0, b3 = a0;
        int ai = Simd.index(qa), bi = Simd.index(qb), xi = Simd.index(xo);
        for (int p = 0; p < GROUP / EIGHT; p++) {
            int at = p * Integer.BYTES * Tile.SIZE;
            Simd.keepLoads();
            ShortVector t0 = IntVector.broadcast(I, x[xi + 4 * p]).reinterpretAsShorts();
            ShortVector t1 = IntVector.broadcast(I, x[xi + 4 * p + 1]).reinterpretAsShorts();
            ShortVector t2 = IntVector.broadcast(I, x[xi + 4 * p + 2]).reinterpretAsShorts();
            ShortVector t3 = IntVector.broadcast(I, x[xi + 4 * p + 3]).reinterpretAsShorts();
            IntVector u = ByteVector.fromArray(WORDS, q, ai + at).reinterpretAsInts();
            a0 = a0.add(u.reinterpretAsShorts().mul(t0)).add(u.lanewise(LSHR, 4).reinterpretAsShorts().mul(t1));
            a0 = a0.add(u.lanewise(LSHR, 8).reinterpretAsShorts().mul(t2)).add(u.lanewise(LSHR, 12).reinterpretAsShorts().mul(t3));
            u = ByteVector.fromArray(WORDS, q, ai + at + 4 * l).reinterpretAsInts();
            a1 = a1.add(u.reinterpretAsShorts().mul(t0)).add(u.lanewise(LSHR, 4).reinterpretAsShorts().mul(t1));
            a1 = a1.add(u.lanewise(LSHR, 8).reinterpretAsShorts().mul(t2)).add(u.lanewise(LSHR, 12).reinterpretAsShorts().mul(t3));
            u = ByteVector.fromArray(WORDS, q, ai + at + 8 * l).reinterpretAsInts();
            a2 = a2.add(u.reinterpretAsShorts().mul(t0)).add(u.lanewise(LSHR, 4).reinterpretAsShorts().mul(t1));
            a2 = a2.add(u.lanewise(LSHR, 8).reinterpretAsShorts().mul(t2)).add(u.lanewise(LSHR, 12).reinterpretAsShorts().mul(t3));
            u = ByteVector.fromArray(WORDS, q, ai + at + 12 * l).reinterpretAsInts();
            a3 = a3.add(u.reinterpretAsShorts().mul(t0)).add(u.lanewise(LSHR, 4).reinterpretAsShorts().mul(t1));
            a3 = a3.add(u.lanewise(LSHR, 8).reinterpretAsShorts().mul(t2)).add(u.lanewise(LSHR, 12).reinterpretAsShorts().mul(t3));
            u = ByteVector.fromArray(WORDS, q, bi + at).reinterpretAsInts();
            b0 = b0.add(u.reinterpretAsShorts().mul(t0)).add(u.lanewise(LSHR, 4).reinterpretAsShorts().mul(t1));
            b0 = b0.add(u.lanewise(LSHR, 8).reinterpretAsShorts().mul(t2)).add(u.lanewise(LSHR, 12).reinterpretAsShorts().mul(t3));
            u = ByteVector.fromArray(WORDS, q, bi + at + 4 * l).reinterpretAsInts();
            b1 = b1.add(u.reinterpretAsShorts().mul(t0)).add(u.lanewise(LSHR, 4).reinterpretAsShorts().mul(t1));
            b1 = b1.add(u.lanewise(LSHR, 8).reinterpretAsShorts().mul(t2)).add(u.lanewise(LSHR, 12).reinterpretAsShorts().mul(t3));
            u = ByteVector.fromArray(WORDS, q, bi + at + 8 * l).reinterpretAsInts();
            b2 = b2.add(u.reinterpretAsShorts().mul(t0)).add(u.lanewise(LSHR, 4).reinterpretAsShorts().mul(t1));
            b2 = b2.add(u.lanewise(LSHR, 8).reinterpretAsShorts().mul(t2)).add(u.lanewise(LSHR, 12).reinterpretAsShorts().mul(t3));
            u = ByteVector.fromArray(WORDS, q, bi + at + 12 * l).reinterpretAsInts();
            b3 = b3.add(u.reinterpretAsShorts().mul(t0)).add(u.lanewise(LSHR, 4).reinterpretAsShorts().mul(t1));
            b3 = b3.add(u.lanewise(LSHR, 8).reinterpretAsShorts().mul(t2)).add(u.lanewise(LSHR, 12).reinterpretAsShorts().mul(t3));
        }
        a0.reinterpretAsInts().intoArray(sums, to);
        a1.reinterpretAsInts().intoArray(sums, to + l);
        a2.reinterpretAsInts().intoArray(sums, to + 2 * l);
        a3.reinterpretAsInts().intoArray(sums, to + 3 * l);
        b0.reinterpretAsInts().intoArray(sums, to + Tile.SIZE);
        b1.reinterpretAsInts().intoArray(sums, to + Tile.SIZE + l);
        b2.reinterpretAsInts().intoArray(sums, to + Tile.SIZE + 2 * l);
        b3.reinterpretAsInts().intoArray(sums, to + Tile.SIZE + 3 * l);
    }

    /** Sums of a group for a strip of each panel: processors fetch ahead of two streams, each with loads of its own, best. */
    private static void four(byte[] q, int qa, int qb, int[] x, int xo, int start, int[] sums, int to) {
        int l = Simd.LANES;
        ShortVector a = IntVector.broadcast(I, start).reinterpretAsShorts(), b = a, c = a, d = a;
        int ai = Simd.index(qa), bi = Simd.index(qb), xi = Simd.index(xo);
        for (int p = 0; p < GROUP / EIGHT; p++) {
            int at = p * Integer.BYTES * Tile.SIZE;
            Simd.keepLoads();
            ShortVector t0 = IntVector.broadcast(I, x[xi + 4 * p]).reinterpretAsShorts();
            ShortVector t1 = IntVector.broadcast(I, x[xi + 4 * p + 1]).reinterpretAsShorts();
            ShortVector t2 = IntVector.broadcast(I, x[xi + 4 * p + 2]).reinterpretAsShorts();
            ShortVector t3 = IntVector.broadcast(I, x[xi + 4 * p + 3]).reinterpretAsShorts();
            IntVector u = ByteVector.fromArray(WORDS, q, ai + at).reinterpretAsInts();
            a = a.add(u.reinterpretAsShorts().mul(t0)).add(u.lanewise(LSHR, 4).reinterpretAsShorts().mul(t1));
            a = a.add(u.lanewise(LSHR, 8).reinterpretAsShorts().mul(t2)).add(u.lanewise(LSHR, 12).reinterpretAsShorts().mul(t3));
            u = ByteVector.fromArray(WORDS, q, ai + at + 4 * l).reinterpretAsInts();
            b = b.add(u.reinterpretAsShorts().mul(t0)).add(u.lanewise(LSHR, 4).reinterpretAsShorts().mul(t1));
            b = b.add(u.lanewise(LSHR, 8).reinterpretAsShorts().mul(t2)).add(u.lanewise(LSHR, 12).reinterpretAsShorts().mul(t3));
            u = ByteVector.fromArray(WORDS, q, bi + at).reinterpretAsInts();
            c = c.add(u.reinterpretAsShorts().mul(t0)).add(u.lanewise(LSHR, 4).reinterpretAsShorts().mul(t1));
            c = c.add(u.lanewise(LSHR, 8).reinterpretAsShorts().mul(t2)).add(u.lanewise(LSHR, 12).reinterpretAsShorts().mul(t3));
            u = ByteVector.fromArray(WORDS, q, bi + at + 4 * l).reinterpretAsInts();
            d = d.add(u.reinterpretAsShorts().mul(t0)).add(u.lanewise(LSHR, 4).reinterpretAsShorts().mul(t1));
            d = d.add(u.lanewise(LSHR, 8).reinterpretAsShorts().mul(t2)).add(u.lanewise(LSHR, 12).reinterpretAsShorts().mul(t3));
        }
        a.reinterpretAsInts().intoArray(sums, to);
        b.reinterpretAsInts().intoArray(sums, to + l);
        c.reinterpretAsInts().intoArray(sums, to + Tile.SIZE);
        d.reinterpretAsInts().intoArray(sums, to + Tile.SIZE + l);
    }

    /** {@link #four} for codes of 5 bits. */
    private static void five(byte[] q, int qa, int qb, int[] x, int xo, int start, int[] sums, int to) {
        int l = Simd.LANES;
        ShortVector a = IntVector.broadcast(I, start).reinterpretAsShorts(), b = a, c = a, d = a;
        int ai = Simd.index(qa), bi = Simd.index(qb), xi = Simd.index(xo);
        for (int p = 0; p < BytePlanes.FIVES; p++) {
            int at = p * Integer.BYTES * Tile.SIZE;
            Simd.keepLoads();
            ShortVector t0 = IntVector.broadcast(I, x[xi + 4 * p]).reinterpretAsShorts();
            ShortVector t1 = IntVector.broadcast(I, x[xi + 4 * p + 1]).reinterpretAsShorts();
            ShortVector t2 = IntVector.broadcast(I, x[xi + 4 * p + 2]).reinterpretAsShorts();
            ShortVector t3 = IntVector.broadcast(I, x[xi + 4 * p + 3]).reinterpretAsShorts();
            IntVector u = ByteVector.fromArray(WORDS, q, ai + at).reinterpretAsInts();
            a = a.add(u.reinterpretAsShorts().mul(t0)).add(u.lanewise(LSHR, 5).reinterpretAsShorts().mul(t1));
            a = a.add(u.lanewise(LSHR, 10).reinterpretAsShorts().mul(t2)).add(u.lanewise(LSHR, 15).reinterpretAsShorts().mul(t3));
            u = ByteVector.fromArray(WORDS, q, ai + at + 4 * l).reinterpretAsInts();
            b = b.add(u.reinterpretAsShorts().mul(t0)).add(u.lanewise(LSHR, 5).reinterpretAsShorts().mul(t1));
            b = b.add(u.lanewise(LSHR, 10).reinterpretAsShorts().mul(t2)).add(u.lanewise(LSHR, 15).reinterpretAsShorts().mul(t3));
            u = ByteVector.fromArray(WORDS, q, bi + at).reinterpretAsInts();
            c = c.add(u.reinterpretAsShorts().mul(t0)).add(u.lanewise(LSHR, 5).reinterpretAsShorts().mul(t1));
            c = c.add(u.lanewise(LSHR, 10).reinterpretAsShorts().mul(t2)).add(u.lanewise(LSHR, 15).reinterpretAsShorts().mul(t3));
            u = ByteVector.fromArray(WORDS, q, bi + at + 4 * l).reinterpretAsInts();
            d = d.add(u.reinterpretAsShorts().mul(t0)).add(u.lanewise(LSHR, 5).reinterpretAsShorts().mul(t1));
            d = d.add(u.lanewise(LSHR, 10).reinterpretAsShorts().mul(t2)).add(u.lanewise(LSHR, 15).reinterpretAsShorts().mul(t3));
        }
        a.reinterpretAsInts().intoArray(sums, to);
        b.reinterpretAsInts().intoArray(sums, to + l);
        c.reinterpretAsInts().intoArray(sums, to + Tile.SIZE);
        d.reinterpretAsInts().intoArray(sums, to + Tile.SIZE + l);
    }

    /** {@link #fours} for codes of 5 bits. */
    private static void fives(byte[] q, int qa, int qb, int[] x, int xo, int start, int[] sums, int to) {
        int l = Simd.LANES;
        ShortVector a0 = IntVector.broadcast(I, start).reinterpretAsShorts(), a1 = a0, a2 = a0, a3 = a0;
        ShortVector b0 = a0, b1 = a0, b2 = a0, b3 = a0;
        int ai = Simd.index(qa), bi = Simd.index(qb), xi = Simd.index(xo);
        for (int p = 0; p < BytePlanes.FIVES; p++) {
            int at = p * Integer.BYTES * Tile.SIZE;
            Simd.keepLoads();
            ShortVector t0 = IntVector.broadcast(I, x[xi + 4 * p]).reinterpretAsShorts();
            ShortVector t1 = IntVector.broadcast(I, x[xi + 4 * p + 1]).reinterpretAsShorts();
            ShortVector t2 = IntVector.broadcast(I, x[xi + 4 * p + 2]).reinterpretAsShorts();
            ShortVector t3 = IntVector.broadcast(I, x[xi + 4 * p + 3]).reinterpretAsShorts();
            IntVector u = ByteVector.fromArray(WORDS, q, ai + at).reinterpretAsInts();
            a0 = a0.add(u.reinterpretAsShorts().mul(t0)).add(u.lanewise(LSHR, 5).reinterpretAsShorts().mul(t1));
            a0 = a0.add(u.lanewise(LSHR, 10).reinterpretAsShorts().mul(t2)).add(u.lanewise(LSHR, 15).reinterpretAsShorts().mul(t3));
            u = ByteVector.fromArray(WORDS, q, ai + at + 4 * l).reinterpretAsInts();
            a1 = a1.add(u.reinterpretAsShorts().mul(t0)).add(u.lanewise(LSHR, 5).reinterpretAsShorts().mul(t1));
            a1 = a1.add(u.lanewise(LSHR, 10).reinterpretAsShorts().mul(t2)).add(u.lanewise(LSHR, 15).reinterpretAsShorts().mul(t3));
            u = ByteVector.fromArray(WORDS, q, ai + at + 8 * l).reinterpretAsInts();
            a2 = a2.add(u.reinterpretAsShorts().mul(t0)).add(u.lanewise(LSHR, 5).reinterpretAsShorts().mul(t1));
            a2 = a2.add(u.lanewise(LSHR, 10).reinterpretAsShorts().mul(t2)).add(u.lanewise(LSHR, 15).reinterpretAsShorts().mul(t3));
            u = ByteVector.fromArray(WORDS, q, ai + at + 12 * l).reinterpretAsInts();
            a3 = a3.add(u.reinterpretAsShorts().mul(t0)).add(u.lanewise(LSHR, 5).reinterpretAsShorts().mul(t1));
            a3 = a3.add(u.lanewise(LSHR, 10).reinterpretAsShorts().mul(t2)).add(u.lanewise(LSHR, 15).reinterpretAsShorts().mul(t3));
            u = ByteVector.fromArray(WORDS, q, bi + at).reinterpretAsInts();
            b0 = b0.add(u.reinterpretAsShorts().mul(t0)).add(u.lanewise(LSHR, 5).reinterpretAsShorts().mul(t1));
            b0 = b0.add(u.lanewise(LSHR, 10).reinterpretAsShorts().mul(t2)).add(u.lanewise(LSHR, 15).reinterpretAsShorts().mul(t3));
            u = ByteVector.fromArray(WORDS, q, bi + at + 4 * l).reinterpretAsInts();
            b1 = b1.add(u.reinterpretAsShorts().mul(t0)).add(u.lanewise(LSHR, 5).reinterpretAsShorts().mul(t1));
            b1 = b1.add(u.lanewise(LSHR, 10).reinterpretAsShorts().mul(t2)).add(u.lanewise(LSHR, 15).reinterpretAsShorts().mul(t3));
            u = ByteVector.fromArray(WORDS, q, bi + at + 8 * l).reinterpretAsInts();
            b2 = b2.add(u.reinterpretAsShorts().mul(t0)).add(u.lanewise(LSHR, 5).reinterpretAsShorts().mul(t1));
            b2 = b2.add(u.lanewise(LSHR, 10).reinterpretAsShorts().mul(t2)).add(u.lanewise(LSHR, 15).reinterpretAsShorts().mul(t3));
            u = ByteVector.fromArray(WORDS, q, bi + at + 12 * l).reinterpretAsInts();
            b3 = b3.add(u.reinterpretAsShorts().mul(t0)).add(u.lanewise(LSHR, 5).reinterpretAsShorts().mul(t1));
            b3 = b3.add(u.lanewise(LSHR, 10).reinterpretAsShorts().mul(t2)).add(u.lanewise(LSHR, 15).reinterpretAsShorts().mul(t3));
        }
        a0.reinterpretAsInts().intoArray(sums, to);
        a1.reinterpretAsInts().intoArray(sums, to + l);
        a2.reinterpretAsInts().intoArray(sums, to + 2 * l);
        a3.reinterpretAsInts().intoArray(sums, to + 3 * l);
        b0.reinterpretAsInts().intoArray(sums, to + Tile.SIZE);
        b1.reinterpretAsInts().intoArray(sums, to + Tile.SIZE + l);
        b2.reinterpretAsInts().intoArray(sums, to + Tile.SIZE + 2 * l);
        b3.reinterpretAsInts().intoArray(sums, to + Tile.SIZE + 3 * l);
    }
}
