package dev.skim.tensor;

import jdk.incubator.vector.FloatVector;

/**
 * {@link Tile} for whole numbers that are multiplied with scales in the end: {@code y[j * stride + r] += n * (d[r] * scale[j])} with
 * {@code n = sum over k of w[k][r] * x[k][j]}.
 *
 * <p>Where eight columns of 512 bits fit into registers, sums do not go through memory in between: with the 64 columns of a block 1.04
 * to 1.06 times as fast. The bits are the same.
 */
final class WholeTile {
    private static final int EIGHT = 8;

    private WholeTile() {}

    /**
     * Multiplies {@code columns} columns (1 to 32) with a panel.
     *
     * @param di where in {@code d} the rows' factors stand
     * @param si where in {@code scales} those of the columns do
     * @param square room for a panel's sums
     */
    static void multiply(
            float[] x, int xo, float[] w, int wo, int n, int columns, float[] d, int di, float[] scales, int si,
            float[] y, int yo, int stride, float[] square) {
        int fused = Simd.BITS == 512 ? columns / EIGHT * EIGHT : 0;
        for (int j = 0; j < fused; j += EIGHT) {
            eight(x, xo + j, w, wo, n, d, di, scales, si + j, y, yo + j * stride, stride);
        }
        if (fused < columns) {
            Tile.multiply(x, xo + fused, w, wo, n, columns - fused, square, 0, Tile.SIZE, false);
            add(square, columns - fused, d, di, scales, si + fused, y, yo + fused * stride, stride);
        }
    }

    private static void add(
            float[] sums, int n, float[] d, int di, float[] scales, int set, float[] y, int yo, int stride) {
        int columns = Simd.steps(n);
        int si = Simd.index(set);
        int yi = Simd.index(yo);
        for (int r = 0; r < Tile.SIZE; r += Simd.LANES) {
            FloatVector factors = FloatVector.fromArray(Simd.F, d, di + r);
            for (int j = 0; j < columns; j++) {
                int at = yi + r + j * stride;
                FloatVector.fromArray(Simd.F, sums, j * Tile.SIZE + r)
                        .fma(factors.mul(scales[si + j]), FloatVector.fromArray(Simd.F, y, at))
                        .intoArray(y, at);
            }
        }
    }

    private static void eight(
            float[] x, int xo, float[] w, int wo, int n, float[] d, int di, float[] scales, int ci, float[] y, int yo, int s) {
        int l = Simd.LANES;
        FloatVector a0 = FloatVector.zero(Simd.F), a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0, a7 = a0;
        FloatVector b0 = a0, b1 = a0, b2 = a0, b3 = a0, b4 = a0, b5 = a0, b6 = a0, b7 = a0;
        int xi = Simd.index(xo);
        int wi = Simd.index(wo);
        int end = Simd.steps(n) * Tile.SIZE;
        for (int k = 0; k < end; k += Tile.SIZE) {
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
        int yi = Simd.index(yo);
        FloatVector da = FloatVector.fromArray(Simd.F, d, di);
        FloatVector db = FloatVector.fromArray(Simd.F, d, di + l);
        a0.fma(da.mul(scales[ci]), FloatVector.fromArray(Simd.F, y, yi)).intoArray(y, yi);
        b0.fma(db.mul(scales[ci]), FloatVector.fromArray(Simd.F, y, yi + l)).intoArray(y, yi + l);
        a1.fma(da.mul(scales[ci + 1]), FloatVector.fromArray(Simd.F, y, yi + s)).intoArray(y, yi + s);
        b1.fma(db.mul(scales[ci + 1]), FloatVector.fromArray(Simd.F, y, yi + s + l)).intoArray(y, yi + s + l);
        a2.fma(da.mul(scales[ci + 2]), FloatVector.fromArray(Simd.F, y, yi + 2 * s)).intoArray(y, yi + 2 * s);
        b2.fma(db.mul(scales[ci + 2]), FloatVector.fromArray(Simd.F, y, yi + 2 * s + l)).intoArray(y, yi + 2 * s + l);
        a3.fma(da.mul(scales[ci + 3]), FloatVector.fromArray(Simd.F, y, yi + 3 * s)).intoArray(y, yi + 3 * s);
        b3.fma(db.mul(scales[ci + 3]), FloatVector.fromArray(Simd.F, y, yi + 3 * s + l)).intoArray(y, yi + 3 * s + l);
        a4.fma(da.mul(scales[ci + 4]), FloatVector.fromArray(Simd.F, y, yi + 4 * s)).intoArray(y, yi + 4 * s);
        b4.fma(db.mul(scales[ci + 4]), FloatVector.fromArray(Simd.F, y, yi + 4 * s + l)).intoArray(y, yi + 4 * s + l);
        a5.fma(da.mul(scales[ci + 5]), FloatVector.fromArray(Simd.F, y, yi + 5 * s)).intoArray(y, yi + 5 * s);
        b5.fma(db.mul(scales[ci + 5]), FloatVector.fromArray(Simd.F, y, yi + 5 * s + l)).intoArray(y, yi + 5 * s + l);
        a6.fma(da.mul(scales[ci + 6]), FloatVector.fromArray(Simd.F, y, yi + 6 * s)).intoArray(y, yi + 6 * s);
        b6.fma(db.mul(scales[ci + 6]), FloatVector.fromArray(Simd.F, y, yi + 6 * s + l)).intoArray(y, yi + 6 * s + l);
        a7.fma(da.mul(scales[ci + 7]), FloatVector.fromArray(Simd.F, y, yi + 7 * s)).intoArray(y, yi + 7 * s);
        b7.fma(db.mul(scales[ci + 7]), FloatVector.fromArray(Simd.F, y, yi + 7 * s + l)).intoArray(y, yi + 7 * s + l);
    }
}
