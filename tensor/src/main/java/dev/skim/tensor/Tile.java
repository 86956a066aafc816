package dev.skim.tensor;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;

/**
 * The f32 kernel under matrix products and attention: a panel of 32 rows times some columns ({@link RowTile} where these are not
 * interleaved).
 *
 * <p>Both operands are interleaved by 32: {@code w[k * 32 + r]} and {@code x[k * 32 + j]}; the result is
 * {@code y[j * stride + r] = sum over k of w[k][r] * x[k][j]}. Every element of the result is one chain of fused
 * multiply-adds over k in order, whatever the number of columns and the vector width, so that a token's numbers do not
 * depend on the batch that it travels in.
 *
 * <p>Eight columns by two vectors hold 16 accumulators, which with two weights and a broadcast fills 19 of AVX-512's 32
 * registers. With 16 registers six columns are the most that fit, and then only while each is kept behind the one before it:
 * C2 would load all columns first and spill. They leave more slack for the latency of 8 sums than four do.
 */
public final class Tile {
    /** Rows of a panel, and columns of an interleaved batch. */
    public static final int SIZE = 32;

    /** Columns that go back together: a cache line of each row. */
    private static final int STEP = 16;

    private static final int WIDEST = Simd.BITS == 512 ? 8 : 6;

    /** Rows that are interleaved together. */
    private static final int FOUR = 4;

    /** The element of a pair that comes first. */
    private static final long LOW = 0xffff_ffffL;

    private static final VectorShuffle<Long> NEIGHBOUR = VectorShuffle.fromOp(Simd.L, i -> i ^ 1);
    private static final VectorMask<Long> ODD = VectorMask.fromLong(Simd.L, 0xaa);

    private Tile() {}

    /**
     * Multiplies {@code columns} columns (1 to 32) with a panel.
     *
     * @param n elements of a column, at most 65,535
     * @param add whether the chains start from what stands in {@code y}, else from 0
     */
    public static void multiply(
            float[] x, int xo, float[] w, int wo, int n, int columns, float[] y, int yo, int stride, boolean add) {
        for (int strip = 0; strip < SIZE; strip += Simd.STRIP) {
            int j = 0;
            if (WIDEST == 8) {
                for (; j + 8 <= columns; j += 8) {
                    eight(x, xo + j, w, wo + strip, n, y, yo + j * stride + strip, stride, add);
                }
            }
            // Eight are two times four: six would leave two, which do not hide the latency.
            for (; WIDEST == 6 && j + 6 <= columns && j + 8 != columns; j += 6) {
                six(x, xo + j, w, wo + strip, n, y, yo + j * stride + strip, stride, add);
            }
            for (; j + 4 <= columns; j += 4) {
                four(x, xo + j, w, wo + strip, n, y, yo + j * stride + strip, stride, add);
            }
            for (; j + 2 <= columns; j += 2) {
                two(x, xo + j, w, wo + strip, n, y, yo + j * stride + strip, stride, add);
            }
            if (j < columns) {
                one(x, xo + j, w, wo + strip, n, y, yo + j * stride + strip, add);
            }
        }
    }

    /**
     * Interleaves rows: {@code target[to + c * 32 + t] = source[offset + t * stride + c]} for {@code n} rows (at most 32
     * less the lane at which {@code to} stands) of {@code columns} elements.
     */
    public static void interleave(
            float[] source, int offset, int stride, int n, int columns, float[] target, int to) {
        // Where a vector has two longs only, C2 makes objects of those that are rearranged.
        int fours = Simd.BITS == 128 ? 0 : n / FOUR * FOUR;
        int whole = columns - columns % Simd.LANES;
        float[] room = fours == 0 ? null : Scratch.get().fours;
        // Few rows at a time, each to its end: rows often lie a power of two apart, where lines of many push each other out, and
        // processors fetch ahead of few.
        for (int t = 0; t < fours; t += FOUR) {
            for (int c = 0; c < whole; c += Simd.LANES) {
                four(source, offset + t * stride + c, stride, target, to + c * SIZE + t, room);
            }
        }
        for (int t = 0; t < n; t++) {
            int s = offset + t * stride;
            for (int c = t < fours ? whole : 0; c < columns; c++) {
                target[to + c * SIZE + t] = source[s + c];
            }
        }
    }

    /**
     * Interleaves a vector of each of four rows. Elements of two rows are paired in longs, and pairs in fours, which go on their way
     * through {@code room}: out of memory a part of a vector is one load.
     */
    private static void four(float[] source, int from, int stride, float[] target, int to, float[] room) {
        int l = Simd.LANES;
        LongVector a = FloatVector.fromArray(Simd.F, source, from).reinterpretAsLongs();
        LongVector b = FloatVector.fromArray(Simd.F, source, from + stride).reinterpretAsLongs();
        LongVector c = FloatVector.fromArray(Simd.F, source, from + 2 * stride).reinterpretAsLongs();
        LongVector d = FloatVector.fromArray(Simd.F, source, from + 3 * stride).reinterpretAsLongs();
        // Columns 0, 2, 4 and so on, of which fours have every other; then 1, 3, 5.
        LongVector ab = a.and(LOW).or(b.lanewise(VectorOperators.LSHL, 32));
        LongVector cd = c.and(LOW).or(d.lanewise(VectorOperators.LSHL, 32));
        ab.blend(cd.rearrange(NEIGHBOUR), ODD).reinterpretAsFloats().intoArray(room, 0);
        ab.rearrange(NEIGHBOUR).blend(cd, ODD).reinterpretAsFloats().intoArray(room, 2 * l);
        ab = a.lanewise(VectorOperators.LSHR, 32).or(b.and(~LOW));
        cd = c.lanewise(VectorOperators.LSHR, 32).or(d.and(~LOW));
        ab.blend(cd.rearrange(NEIGHBOUR), ODD).reinterpretAsFloats().intoArray(room, l);
        ab.rearrange(NEIGHBOUR).blend(cd, ODD).reinterpretAsFloats().intoArray(room, 3 * l);
        int at = Simd.index(to);
        for (int i = 0; i < FOUR; i++) {
            for (int k = 0; k < l; k += FOUR) {
                FloatVector.fromArray(FloatVector.SPECIES_128, room, i * l + k)
                        .intoArray(target, at + (i + k) * SIZE);
            }
        }
    }

    /** The way back: {@code target[to + t * stride + c] = source[offset + c * 32 + t]} for {@code n} rows. */
    public static void separate(float[] source, int offset, int n, int columns, float[] target, int to, int stride) {
        for (int from = 0; from < columns; from += STEP) {
            int width = Math.min(STEP, columns - from);
            for (int t = 0; t < n; t++) {
                int s = offset + from * SIZE + t;
                int d = to + t * stride + from;
                for (int c = 0; c < width; c++) {
                    target[d + c] = source[s + c * SIZE];
                }
            }
        }
    }

    private static FloatVector start(float[] y, int at, boolean add) {
        return add ? FloatVector.fromArray(Simd.F, y, at) : FloatVector.zero(Simd.F);
    }

    private static void eight(
            float[] x, int xo, float[] w, int wo, int n, float[] y, int yo, int s, boolean add) {
        int l = Simd.LANES;
        FloatVector a0 = start(y, yo, add), b0 = start(y, yo + l, add);
        FloatVector a1 = start(y, yo + s, add), b1 = start(y, yo + s + l, add);
        FloatVector a2 = start(y, yo + 2 * s, add), b2 = start(y, yo + 2 * s + l, add);
        FloatVector a3 = start(y, yo + 3 * s, add), b3 = start(y, yo + 3 * s + l, add);
        FloatVector a4 = start(y, yo + 4 * s, add), b4 = start(y, yo + 4 * s + l, add);
        FloatVector a5 = start(y, yo + 5 * s, add), b5 = start(y, yo + 5 * s + l, add);
        FloatVector a6 = start(y, yo + 6 * s, add), b6 = start(y, yo + 6 * s + l, add);
        FloatVector a7 = start(y, yo + 7 * s, add), b7 = start(y, yo + 7 * s + l, add);
        int xi = Simd.index(xo);
        int wi = Simd.index(wo);
        int end = Simd.steps(n) * SIZE;
        for (int k = 0; k < end; k += SIZE) {
            Simd.keepLoads();
            FloatVector u = FloatVector.fromArray(Simd.F, w, wi + k);
            FloatVector v = FloatVector.fromArray(Simd.F, w, wi + k + l);
            FloatVector c = FloatVector.broadcast(Simd.F, x[xi + k]);
            a0 = u.fma(c, a0);
            b0 = v.fma(c, b0);
            c = FloatVector.broadcast(Simd.F, x[xi + k + 1]);
            a1 = u.fma(c, a1);
            b1 = v.fma(c, b1);
            c = FloatVector.broadcast(Simd.F, x[xi + k + 2]);
            a2 = u.fma(c, a2);
            b2 = v.fma(c, b2);
            c = FloatVector.broadcast(Simd.F, x[xi + k + 3]);
            a3 = u.fma(c, a3);
            b3 = v.fma(c, b3);
            c = FloatVector.broadcast(Simd.F, x[xi + k + 4]);
            a4 = u.fma(c, a4);
            b4 = v.fma(c, b4);
            c = FloatVector.broadcast(Simd.F, x[xi + k + 5]);
            a5 = u.fma(c, a5);
            b5 = v.fma(c, b5);
            c = FloatVector.broadcast(Simd.F, x[xi + k + 6]);
            a6 = u.fma(c, a6);
            b6 = v.fma(c, b6);
            c = FloatVector.broadcast(Simd.F, x[xi + k + 7]);
            a7 = u.fma(c, a7);
            b7 = v.fma(c, b7);
        }
        a0.intoArray(y, yo);
        b0.intoArray(y, yo + l);
        a1.intoArray(y, yo + s);
        b1.intoArray(y, yo + s + l);
        a2.intoArray(y, yo + 2 * s);
        b2.intoArray(y, yo + 2 * s + l);
        a3.intoArray(y, yo + 3 * s);
        b3.intoArray(y, yo + 3 * s + l);
        a4.intoArray(y, yo + 4 * s);
        b4.intoArray(y, yo + 4 * s + l);
        a5.intoArray(y, yo + 5 * s);
        b5.intoArray(y, yo + 5 * s + l);
        a6.intoArray(y, yo + 6 * s);
        b6.intoArray(y, yo + 6 * s + l);
        a7.intoArray(y, yo + 7 * s);
        b7.intoArray(y, yo + 7 * s + l);
    }

    private static void six(float[] x, int xo, float[] w, int wo, int n, float[] y, int yo, int s, boolean add) {
        int l = Simd.LANES;
        FloatVector a0 = start(y, yo, add), b0 = start(y, yo + l, add);
        FloatVector a1 = start(y, yo + s, add), b1 = start(y, yo + s + l, add);
        FloatVector a2 = start(y, yo + 2 * s, add), b2 = start(y, yo + 2 * s + l, add);
        FloatVector a3 = start(y, yo + 3 * s, add), b3 = start(y, yo + 3 * s + l, add);
        FloatVector a4 = start(y, yo + 4 * s, add), b4 = start(y, yo + 4 * s + l, add);
        FloatVector a5 = start(y, yo + 5 * s, add), b5 = start(y, yo + 5 * s + l, add);
        int xi = Simd.index(xo);
        int wi = Simd.index(wo);
        int end = Simd.steps(n) * SIZE;
        for (int k = 0; k < end; k += SIZE) {
            Simd.keepLoads();
            FloatVector u = FloatVector.fromArray(Simd.F, w, wi + k);
            FloatVector v = FloatVector.fromArray(Simd.F, w, wi + k + l);
            FloatVector c = FloatVector.broadcast(Simd.F, x[xi + k]);
            a0 = u.fma(c, a0);
            b0 = v.fma(c, b0);
            Simd.keepLoads();
            c = FloatVector.broadcast(Simd.F, x[xi + k + 1]);
            a1 = u.fma(c, a1);
            b1 = v.fma(c, b1);
            Simd.keepLoads();
            c = FloatVector.broadcast(Simd.F, x[xi + k + 2]);
            a2 = u.fma(c, a2);
            b2 = v.fma(c, b2);
            Simd.keepLoads();
            c = FloatVector.broadcast(Simd.F, x[xi + k + 3]);
            a3 = u.fma(c, a3);
            b3 = v.fma(c, b3);
            Simd.keepLoads();
            c = FloatVector.broadcast(Simd.F, x[xi + k + 4]);
            a4 = u.fma(c, a4);
            b4 = v.fma(c, b4);
            Simd.keepLoads();
            c = FloatVector.broadcast(Simd.F, x[xi + k + 5]);
            a5 = u.fma(c, a5);
            b5 = v.fma(c, b5);
        }
        a0.intoArray(y, yo);
        b0.intoArray(y, yo + l);
        a1.intoArray(y, yo + s);
        b1.intoArray(y, yo + s + l);
        a2.intoArray(y, yo + 2 * s);
        b2.intoArray(y, yo + 2 * s + l);
        a3.intoArray(y, yo + 3 * s);
        b3.intoArray(y, yo + 3 * s + l);
        a4.intoArray(y, yo + 4 * s);
        b4.intoArray(y, yo + 4 * s + l);
        a5.intoArray(y, yo + 5 * s);
        b5.intoArray(y, yo + 5 * s + l);
    }

    private static void four(float[] x, int xo, float[] w, int wo, int n, float[] y, int yo, int s, boolean add) {
        int l = Simd.LANES;
        FloatVector a0 = start(y, yo, add), b0 = start(y, yo + l, add);
        FloatVector a1 = start(y, yo + s, add), b1 = start(y, yo + s + l, add);
        FloatVector a2 = start(y, yo + 2 * s, add), b2 = start(y, yo + 2 * s + l, add);
        FloatVector a3 = start(y, yo + 3 * s, add), b3 = start(y, yo + 3 * s + l, add);
        int xi = Simd.index(xo);
        int wi = Simd.index(wo);
        int end = Simd.steps(n) * SIZE;
        for (int k = 0; k < end; k += SIZE) {
            Simd.keepLoads();
            FloatVector u = FloatVector.fromArray(Simd.F, w, wi + k);
            FloatVector v = FloatVector.fromArray(Simd.F, w, wi + k + l);
            FloatVector c = FloatVector.broadcast(Simd.F, x[xi + k]);
            a0 = u.fma(c, a0);
            b0 = v.fma(c, b0);
            c = FloatVector.broadcast(Simd.F, x[xi + k + 1]);
            a1 = u.fma(c, a1);
            b1 = v.fma(c, b1);
            c = FloatVector.broadcast(Simd.F, x[xi + k + 2]);
            a2 = u.fma(c, a2);
            b2 = v.fma(c, b2);
            c = FloatVector.broadcast(Simd.F, x[xi + k + 3]);
            a3 = u.fma(c, a3);
            b3 = v.fma(c, b3);
        }
        a0.intoArray(y, yo);
        b0.intoArray(y, yo + l);
        a1.intoArray(y, yo + s);
        b1.intoArray(y, yo + s + l);
        a2.intoArray(y, yo + 2 * s);
        b2.intoArray(y, yo + 2 * s + l);
        a3.intoArray(y, yo + 3 * s);
        b3.intoArray(y, yo + 3 * s + l);
    }

    private static void two(float[] x, int xo, float[] w, int wo, int n, float[] y, int yo, int s, boolean add) {
        int l = Simd.LANES;
        FloatVector a0 = start(y, yo, add), b0 = start(y, yo + l, add);
        FloatVector a1 = start(y, yo + s, add), b1 = start(y, yo + s + l, add);
        int xi = Simd.index(xo);
        int wi = Simd.index(wo);
        int end = Simd.steps(n) * SIZE;
        for (int k = 0; k < end; k += SIZE) {
            Simd.keepLoads();
            FloatVector u = FloatVector.fromArray(Simd.F, w, wi + k);
            FloatVector v = FloatVector.fromArray(Simd.F, w, wi + k + l);
            FloatVector c = FloatVector.broadcast(Simd.F, x[xi + k]);
            a0 = u.fma(c, a0);
            b0 = v.fma(c, b0);
            c = FloatVector.broadcast(Simd.F, x[xi + k + 1]);
            a1 = u.fma(c, a1);
            b1 = v.fma(c, b1);
        }
        a0.intoArray(y, yo);
        b0.intoArray(y, yo + l);
        a1.intoArray(y, yo + s);
        b1.intoArray(y, yo + s + l);
    }

    private static void one(float[] x, int xo, float[] w, int wo, int n, float[] y, int yo, boolean add) {
        int l = Simd.LANES;
        FloatVector a = start(y, yo, add), b = start(y, yo + l, add);
        int xi = Simd.index(xo);
        int wi = Simd.index(wo);
        int end = Simd.steps(n) * SIZE;
        for (int k = 0; k < end; k += SIZE) {
            Simd.keepLoads();
            FloatVector c = FloatVector.broadcast(Simd.F, x[xi + k]);
            a = FloatVector.fromArray(Simd.F, w, wi + k).fma(c, a);
            b = FloatVector.fromArray(Simd.F, w, wi + k + l).fma(c, b);
        }
        a.intoArray(y, yo);
        b.intoArray(y, yo + l);
    }
}
