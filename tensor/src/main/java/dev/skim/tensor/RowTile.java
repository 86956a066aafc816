package dev.skim.tensor;

import jdk.incubator.vector.FloatVector;

/**
 * A panel of 32 rows times a few columns that lie each in one piece: {@link Tile} where it is not worth while to
 * interleave the columns, as in attention from one token.
 *
 * <p>{@code y[j * ys + r] = sum over k of w[k * 32 + r] * x[j * xs + k]}, each element one chain of fused
 * multiply-adds over k in order: the bits of {@link Tile}.
 */
public final class RowTile {
    private RowTile() {}

    /**
     * Multiplies any number of columns with a panel.
     *
     * @param n elements of a column, at most 65,535
     * @param add whether the chains start from what stands in {@code y}, else from 0
     */
    public static void multiply(
            float[] x, int xo, int xs, float[] w, int wo, int n, int columns, float[] y, int yo, int ys, boolean add) {
        for (int strip = 0; strip < Tile.SIZE; strip += Simd.STRIP) {
            int j = 0;
            for (; j + 4 <= columns; j += 4) {
                four(x, xo + j * xs, xs, w, wo + strip, n, y, yo + j * ys + strip, ys, add);
            }
            int at = yo + j * ys + strip;
            switch (columns - j) {
                case 3 -> three(x, xo + j * xs, xs, w, wo + strip, n, y, at, ys, add);
                case 2 -> two(x, xo + j * xs, xs, w, wo + strip, n, y, at, ys, add);
                case 1 -> one(x, xo + j * xs, w, wo + strip, n, y, at, add);
                default -> { }
            }
        }
    }

    private static FloatVector start(float[] y, int at, boolean add) {
        return add ? FloatVector.fromArray(Simd.F, y, at) : FloatVector.zero(Simd.F);
    }

    private static void four(
            float[] x, int xo, int xs, float[] w, int wo, int n, float[] y, int yo, int s, boolean add) {
        int l = Simd.LANES;
        FloatVector a0 = start(y, yo, add), b0 = start(y, yo + l, add);
        FloatVector a1 = start(y, yo + s, add), b1 = start(y, yo + s + l, add);
        FloatVector a2 = start(y, yo + 2 * s, add), b2 = start(y, yo + 2 * s + l, add);
        FloatVector a3 = start(y, yo + 3 * s, add), b3 = start(y, yo + 3 * s + l, add);
        int x0 = Simd.index(xo);
        int x1 = Simd.index(xo + xs);
        int x2 = Simd.index(xo + 2 * xs);
        int x3 = Simd.index(xo + 3 * xs);
        int wi = Simd.index(wo);
        int steps = Simd.steps(n);
        for (int k = 0; k < steps; k++) {
            Simd.keepLoads();
            FloatVector u = FloatVector.fromArray(Simd.F, w, wi + k * Tile.SIZE);
            FloatVector v = FloatVector.fromArray(Simd.F, w, wi + k * Tile.SIZE + l);
            FloatVector c = FloatVector.broadcast(Simd.F, x[x0 + k]);
            a0 = u.fma(c, a0);
            b0 = v.fma(c, b0);
            c = FloatVector.broadcast(Simd.F, x[x1 + k]);
            a1 = u.fma(c, a1);
            b1 = v.fma(c, b1);
            c = FloatVector.broadcast(Simd.F, x[x2 + k]);
            a2 = u.fma(c, a2);
            b2 = v.fma(c, b2);
            c = FloatVector.broadcast(Simd.F, x[x3 + k]);
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

    private static void three(
            float[] x, int xo, int xs, float[] w, int wo, int n, float[] y, int yo, int s, boolean add) {
        int l = Simd.LANES;
        FloatVector a0 = start(y, yo, add), b0 = start(y, yo + l, add);
        FloatVector a1 = start(y, yo + s, add), b1 = start(y, yo + s + l, add);
        FloatVector a2 = start(y, yo + 2 * s, add), b2 = start(y, yo + 2 * s + l, add);
        int x0 = Simd.index(xo);
        int x1 = Simd.index(xo + xs);
        int x2 = Simd.index(xo + 2 * xs);
        int wi = Simd.index(wo);
        int steps = Simd.steps(n);
        for (int k = 0; k < steps; k++) {
            Simd.keepLoads();
            FloatVector u = FloatVector.fromArray(Simd.F, w, wi + k * Tile.SIZE);
            FloatVector v = FloatVector.fromArray(Simd.F, w, wi + k * Tile.SIZE + l);
            FloatVector c = FloatVector.broadcast(Simd.F, x[x0 + k]);
            a0 = u.fma(c, a0);
            b0 = v.fma(c, b0);
            c = FloatVector.broadcast(Simd.F, x[x1 + k]);
            a1 = u.fma(c, a1);
            b1 = v.fma(c, b1);
            c = FloatVector.broadcast(Simd.F, x[x2 + k]);
            a2 = u.fma(c, a2);
            b2 = v.fma(c, b2);
        }
        a0.intoArray(y, yo);
        b0.intoArray(y, yo + l);
        a1.intoArray(y, yo + s);
        b1.intoArray(y, yo + s + l);
        a2.intoArray(y, yo + 2 * s);
        b2.intoArray(y, yo + 2 * s + l);
    }

    private static void two(
            float[] x, int xo, int xs, float[] w, int wo, int n, float[] y, int yo, int s, boolean add) {
        int l = Simd.LANES;
        FloatVector a0 = start(y, yo, add), b0 = start(y, yo + l, add);
        FloatVector a1 = start(y, yo + s, add), b1 = start(y, yo + s + l, add);
        int x0 = Simd.index(xo);
        int x1 = Simd.index(xo + xs);
        int wi = Simd.index(wo);
        int steps = Simd.steps(n);
        for (int k = 0; k < steps; k++) {
            Simd.keepLoads();
            FloatVector u = FloatVector.fromArray(Simd.F, w, wi + k * Tile.SIZE);
            FloatVector v = FloatVector.fromArray(Simd.F, w, wi + k * Tile.SIZE + l);
            FloatVector c = FloatVector.broadcast(Simd.F, x[x0 + k]);
            a0 = u.fma(c, a0);
            b0 = v.fma(c, b0);
            c = FloatVector.broadcast(Simd.F, x[x1 + k]);
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
        int x0 = Simd.index(xo);
        int wi = Simd.index(wo);
        int steps = Simd.steps(n);
        for (int k = 0; k < steps; k++) {
            Simd.keepLoads();
            FloatVector c = FloatVector.broadcast(Simd.F, x[x0 + k]);
            a = FloatVector.fromArray(Simd.F, w, wi + k * Tile.SIZE).fma(c, a);
            b = FloatVector.fromArray(Simd.F, w, wi + k * Tile.SIZE + l).fma(c, b);
        }
        a.intoArray(y, yo);
        b.intoArray(y, yo + l);
    }
}
