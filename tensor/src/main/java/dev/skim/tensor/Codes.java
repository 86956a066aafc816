package dev.skim.tensor;

import static dev.skim.tensor.Simd.BYTES;
import static dev.skim.tensor.Simd.F;
import static dev.skim.tensor.Simd.I;
import static jdk.incubator.vector.VectorOperators.B2F;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_B2I;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * The inner loops of {@link QuantLayout} for one strip (two vectors of rows): expand codes to f32, or multiply them with
 * an activation as they are unpacked.
 *
 * <p>The dots work on two strips at once, so that four accumulators hide the latency of the multiply-adds; more live
 * vectors would spill. They call the Vector API itself and no helpers: past 18,000 nodes C2 (JDK 25) inlines only what is
 * annotated so, and a vector that a helper returns without being inlined is boxed, 10 times slower.
 */
final class Codes {
    private static final int ROWS = PanelLayout.ROWS;

    private Codes() {}

    static void expand4(
            byte[] q, int qo, int stride, int groups, int group, float[] s, int so, float[] out, int oo) {
        int l = Simd.LANES;
        for (int g = 0; g < groups; g++) {
            FloatVector d0 = FloatVector.fromArray(F, s, so + g * 64), d1 = FloatVector.fromArray(F, s, so + g * 64 + l);
            FloatVector m0 = FloatVector.fromArray(F, s, so + g * 64 + 32), m1 = FloatVector.fromArray(F, s, so + g * 64 + 32 + l);
            int base = qo + g * stride;
            int to = oo + g * group * ROWS;
            for (int p = 0; p < group / 2; p++) {
                IntVector u = (IntVector) ByteVector.fromArray(BYTES, q, base + p * ROWS).convertShape(ZERO_EXTEND_B2I, I, 0);
                IntVector v = (IntVector) ByteVector.fromArray(BYTES, q, base + p * ROWS + l).convertShape(ZERO_EXTEND_B2I, I, 0);
                ((FloatVector) u.and(15).convertShape(I2F, F, 0)).fma(d0, m0).intoArray(out, to + p * 2 * ROWS);
                ((FloatVector) v.and(15).convertShape(I2F, F, 0)).fma(d1, m1).intoArray(out, to + p * 2 * ROWS + l);
                ((FloatVector) u.lanewise(LSHR, 4).convertShape(I2F, F, 0)).fma(d0, m0).intoArray(out, to + p * 2 * ROWS + ROWS);
                ((FloatVector) v.lanewise(LSHR, 4).convertShape(I2F, F, 0)).fma(d1, m1).intoArray(out, to + p * 2 * ROWS + ROWS + l);
            }
        }
    }

    static void expand5(
            byte[] q, int qo, int stride, int groups, int group, float[] s, int so, float[] out, int oo) {
        int l = Simd.LANES;
        for (int g = 0; g < groups; g++) {
            FloatVector d0 = FloatVector.fromArray(F, s, so + g * 64), d1 = FloatVector.fromArray(F, s, so + g * 64 + l);
            FloatVector m0 = FloatVector.fromArray(F, s, so + g * 64 + 32), m1 = FloatVector.fromArray(F, s, so + g * 64 + 32 + l);
            int base = qo + g * stride;
            int high = base + group / 2 * ROWS;
            for (int e = 0; e < group / 8; e++) {
                IntVector hu = ((IntVector) ByteVector.fromArray(BYTES, q, high + e * ROWS).convertShape(ZERO_EXTEND_B2I, I, 0)).lanewise(LSHL, 4);
                IntVector hv = ((IntVector) ByteVector.fromArray(BYTES, q, high + e * ROWS + l).convertShape(ZERO_EXTEND_B2I, I, 0)).lanewise(LSHL, 4);
                int to = oo + (g * group + e * 8) * ROWS;
                for (int p = 0; p < 4; p++) {
                    IntVector u = (IntVector) ByteVector.fromArray(BYTES, q, base + (e * 4 + p) * ROWS).convertShape(ZERO_EXTEND_B2I, I, 0);
                    IntVector v = (IntVector) ByteVector.fromArray(BYTES, q, base + (e * 4 + p) * ROWS + l).convertShape(ZERO_EXTEND_B2I, I, 0);
                    int at = to + p * 2 * ROWS;
                    ((FloatVector) u.and(15).or(hu.and(16)).convertShape(I2F, F, 0)).fma(d0, m0).intoArray(out, at);
                    ((FloatVector) v.and(15).or(hv.and(16)).convertShape(I2F, F, 0)).fma(d1, m1).intoArray(out, at + l);
                    hu = hu.lanewise(LSHR, 1);
                    hv = hv.lanewise(LSHR, 1);
                    ((FloatVector) u.lanewise(LSHR, 4).or(hu.and(16)).convertShape(I2F, F, 0)).fma(d0, m0).intoArray(out, at + ROWS);
                    ((FloatVector) v.lanewise(LSHR, 4).or(hv.and(16)).convertShape(I2F, F, 0)).fma(d1, m1).intoArray(out, at + ROWS + l);
                    hu = hu.lanewise(LSHR, 1);
                    hv = hv.lanewise(LSHR, 1);
                }
            }
        }
    }

    static void expand6(
            byte[] q, int qo, int stride, int groups, int group, float[] s, int so, float[] out, int oo) {
        int l = Simd.LANES;
        for (int g = 0; g < groups; g++) {
            FloatVector d0 = FloatVector.fromArray(F, s, so + g * 64), d1 = FloatVector.fromArray(F, s, so + g * 64 + l);
            FloatVector m0 = FloatVector.fromArray(F, s, so + g * 64 + 32), m1 = FloatVector.fromArray(F, s, so + g * 64 + 32 + l);
            int base = qo + g * stride;
            int high = base + group / 2 * ROWS;
            for (int e = 0; e < group / 4; e++) {
                IntVector hu = ((IntVector) ByteVector.fromArray(BYTES, q, high + e * ROWS).convertShape(ZERO_EXTEND_B2I, I, 0)).lanewise(LSHL, 4);
                IntVector hv = ((IntVector) ByteVector.fromArray(BYTES, q, high + e * ROWS + l).convertShape(ZERO_EXTEND_B2I, I, 0)).lanewise(LSHL, 4);
                int to = oo + (g * group + e * 4) * ROWS;
                for (int p = 0; p < 2; p++) {
                    IntVector u = (IntVector) ByteVector.fromArray(BYTES, q, base + (e * 2 + p) * ROWS).convertShape(ZERO_EXTEND_B2I, I, 0);
                    IntVector v = (IntVector) ByteVector.fromArray(BYTES, q, base + (e * 2 + p) * ROWS + l).convertShape(ZERO_EXTEND_B2I, I, 0);
                    int at = to + p * 2 * ROWS;
                    ((FloatVector) u.and(15).or(hu.and(48)).convertShape(I2F, F, 0)).fma(d0, m0).intoArray(out, at);
                    ((FloatVector) v.and(15).or(hv.and(48)).convertShape(I2F, F, 0)).fma(d1, m1).intoArray(out, at + l);
                    hu = hu.lanewise(LSHR, 2);
                    hv = hv.lanewise(LSHR, 2);
                    ((FloatVector) u.lanewise(LSHR, 4).or(hu.and(48)).convertShape(I2F, F, 0)).fma(d0, m0).intoArray(out, at + ROWS);
                    ((FloatVector) v.lanewise(LSHR, 4).or(hv.and(48)).convertShape(I2F, F, 0)).fma(d1, m1).intoArray(out, at + ROWS + l);
                    hu = hu.lanewise(LSHR, 2);
                    hv = hv.lanewise(LSHR, 2);
                }
            }
        }
    }

    static void expand8(
            byte[] q, int qo, int stride, int groups, int group, float[] s, int so, float[] out, int oo) {
        int l = Simd.LANES;
        for (int g = 0; g < groups; g++) {
            FloatVector d0 = FloatVector.fromArray(F, s, so + g * 64), d1 = FloatVector.fromArray(F, s, so + g * 64 + l);
            int base = qo + g * stride;
            int to = oo + g * group * ROWS;
            for (int c = 0; c < group; c++) {
                ((FloatVector) ByteVector.fromArray(BYTES, q, base + c * ROWS).convertShape(B2F, F, 0)).mul(d0).intoArray(out, to + c * ROWS);
                ((FloatVector) ByteVector.fromArray(BYTES, q, base + c * ROWS + l).convertShape(B2F, F, 0)).mul(d1).intoArray(out, to + c * ROWS + l);
            }
        }
    }

    static void dot4(
            byte[] q, int qa, int qb, int stride, int groups, int group,
            float[] s, int sa, int sb, float[] x, int xo, float[] y, int yo) {
        int l = Simd.LANES;
        FloatVector a0 = FloatVector.fromArray(F, y, yo), a1 = FloatVector.fromArray(F, y, yo + l);
        FloatVector b0 = FloatVector.fromArray(F, y, yo + ROWS), b1 = FloatVector.fromArray(F, y, yo + ROWS + l);
        for (int g = 0; g < groups; g++) {
            FloatVector da0 = FloatVector.fromArray(F, s, sa + g * 64), da1 = FloatVector.fromArray(F, s, sa + g * 64 + l);
            FloatVector ma0 = FloatVector.fromArray(F, s, sa + g * 64 + 32), ma1 = FloatVector.fromArray(F, s, sa + g * 64 + 32 + l);
            FloatVector db0 = FloatVector.fromArray(F, s, sb + g * 64), db1 = FloatVector.fromArray(F, s, sb + g * 64 + l);
            FloatVector mb0 = FloatVector.fromArray(F, s, sb + g * 64 + 32), mb1 = FloatVector.fromArray(F, s, sb + g * 64 + 32 + l);
            int ga = qa + g * stride;
            int gb = qb + g * stride;
            int xg = xo + g * group;
            for (int p = 0; p < group / 2; p++) {
                FloatVector x0 = FloatVector.broadcast(F, x[xg + 2 * p]);
                FloatVector x1 = FloatVector.broadcast(F, x[xg + 2 * p + 1]);
                IntVector u = (IntVector) ByteVector.fromArray(BYTES, q, ga + p * ROWS).convertShape(ZERO_EXTEND_B2I, I, 0);
                a0 = ((FloatVector) u.and(15).convertShape(I2F, F, 0)).fma(da0, ma0).fma(x0, a0);
                a0 = ((FloatVector) u.lanewise(LSHR, 4).convertShape(I2F, F, 0)).fma(da0, ma0).fma(x1, a0);
                u = (IntVector) ByteVector.fromArray(BYTES, q, ga + p * ROWS + l).convertShape(ZERO_EXTEND_B2I, I, 0);
                a1 = ((FloatVector) u.and(15).convertShape(I2F, F, 0)).fma(da1, ma1).fma(x0, a1);
                a1 = ((FloatVector) u.lanewise(LSHR, 4).convertShape(I2F, F, 0)).fma(da1, ma1).fma(x1, a1);
                u = (IntVector) ByteVector.fromArray(BYTES, q, gb + p * ROWS).convertShape(ZERO_EXTEND_B2I, I, 0);
                b0 = ((FloatVector) u.and(15).convertShape(I2F, F, 0)).fma(db0, mb0).fma(x0, b0);
                b0 = ((FloatVector) u.lanewise(LSHR, 4).convertShape(I2F, F, 0)).fma(db0, mb0).fma(x1, b0);
                u = (IntVector) ByteVector.fromArray(BYTES, q, gb + p * ROWS + l).convertShape(ZERO_EXTEND_B2I, I, 0);
                b1 = ((FloatVector) u.and(15).convertShape(I2F, F, 0)).fma(db1, mb1).fma(x0, b1);
                b1 = ((FloatVector) u.lanewise(LSHR, 4).convertShape(I2F, F, 0)).fma(db1, mb1).fma(x1, b1);
            }
        }
        a0.intoArray(y, yo);
        a1.intoArray(y, yo + l);
        b0.intoArray(y, yo + ROWS);
        b1.intoArray(y, yo + ROWS + l);
    }

    static void dot5(
            byte[] q, int qa, int qb, int stride, int groups, int group,
            float[] s, int sa, int sb, float[] x, int xo, float[] y, int yo) {
        dotHigh(q, qa, qb, stride, groups, group, s, sa, sb, x, xo, y, yo, 1);
    }

    static void dot6(
            byte[] q, int qa, int qb, int stride, int groups, int group,
            float[] s, int sa, int sb, float[] x, int xo, float[] y, int yo) {
        dotHigh(q, qa, qb, stride, groups, group, s, sa, sb, x, xo, y, yo, 2);
    }

    /** Codes of 4 bits and {@code extra} more, which stand apart; inlined into its callers, where extra is constant. */
    private static void dotHigh(
            byte[] q, int qa, int qb, int stride, int groups, int group,
            float[] s, int sa, int sb, float[] x, int xo, float[] y, int yo, int extra) {
        int l = Simd.LANES;
        int mask = (1 << extra) - 1 << 4;
        int pairs = 4 / extra;
        FloatVector a0 = FloatVector.fromArray(F, y, yo), a1 = FloatVector.fromArray(F, y, yo + l);
        FloatVector b0 = FloatVector.fromArray(F, y, yo + ROWS), b1 = FloatVector.fromArray(F, y, yo + ROWS + l);
        for (int g = 0; g < groups; g++) {
            FloatVector da0 = FloatVector.fromArray(F, s, sa + g * 64), da1 = FloatVector.fromArray(F, s, sa + g * 64 + l);
            FloatVector ma0 = FloatVector.fromArray(F, s, sa + g * 64 + 32), ma1 = FloatVector.fromArray(F, s, sa + g * 64 + 32 + l);
            FloatVector db0 = FloatVector.fromArray(F, s, sb + g * 64), db1 = FloatVector.fromArray(F, s, sb + g * 64 + l);
            FloatVector mb0 = FloatVector.fromArray(F, s, sb + g * 64 + 32), mb1 = FloatVector.fromArray(F, s, sb + g * 64 + 32 + l);
            int ga = qa + g * stride;
            int gb = qb + g * stride;
            int high = group / 2 * ROWS;
            for (int e = 0; e < group / (2 * pairs); e++) {
                IntVector ha0 = ((IntVector) ByteVector.fromArray(BYTES, q, ga + high + e * ROWS).convertShape(ZERO_EXTEND_B2I, I, 0)).lanewise(LSHL, 4);
                IntVector ha1 = ((IntVector) ByteVector.fromArray(BYTES, q, ga + high + e * ROWS + l).convertShape(ZERO_EXTEND_B2I, I, 0)).lanewise(LSHL, 4);
                IntVector hb0 = ((IntVector) ByteVector.fromArray(BYTES, q, gb + high + e * ROWS).convertShape(ZERO_EXTEND_B2I, I, 0)).lanewise(LSHL, 4);
                IntVector hb1 = ((IntVector) ByteVector.fromArray(BYTES, q, gb + high + e * ROWS + l).convertShape(ZERO_EXTEND_B2I, I, 0)).lanewise(LSHL, 4);
                int xg = xo + g * group + e * 2 * pairs;
                int na = ga + e * pairs * ROWS;
                int nb = gb + e * pairs * ROWS;
                for (int p = 0; p < pairs; p++) {
                    FloatVector x0 = FloatVector.broadcast(F, x[xg + 2 * p]);
                    FloatVector x1 = FloatVector.broadcast(F, x[xg + 2 * p + 1]);
                    IntVector u = (IntVector) ByteVector.fromArray(BYTES, q, na + p * ROWS).convertShape(ZERO_EXTEND_B2I, I, 0);
                    a0 = ((FloatVector) u.and(15).or(ha0.and(mask)).convertShape(I2F, F, 0)).fma(da0, ma0).fma(x0, a0);
                    ha0 = ha0.lanewise(LSHR, extra);
                    a0 = ((FloatVector) u.lanewise(LSHR, 4).or(ha0.and(mask)).convertShape(I2F, F, 0)).fma(da0, ma0).fma(x1, a0);
                    ha0 = ha0.lanewise(LSHR, extra);
                    u = (IntVector) ByteVector.fromArray(BYTES, q, na + p * ROWS + l).convertShape(ZERO_EXTEND_B2I, I, 0);
                    a1 = ((FloatVector) u.and(15).or(ha1.and(mask)).convertShape(I2F, F, 0)).fma(da1, ma1).fma(x0, a1);
                    ha1 = ha1.lanewise(LSHR, extra);
                    a1 = ((FloatVector) u.lanewise(LSHR, 4).or(ha1.and(mask)).convertShape(I2F, F, 0)).fma(da1, ma1).fma(x1, a1);
                    ha1 = ha1.lanewise(LSHR, extra);
                    u = (IntVector) ByteVector.fromArray(BYTES, q, nb + p * ROWS).convertShape(ZERO_EXTEND_B2I, I, 0);
                    b0 = ((FloatVector) u.and(15).or(hb0.and(mask)).convertShape(I2F, F, 0)).fma(db0, mb0).fma(x0, b0);
                    hb0 = hb0.lanewise(LSHR, extra);
                    b0 = ((FloatVector) u.lanewise(LSHR, 4).or(hb0.and(mask)).convertShape(I2F, F, 0)).fma(db0, mb0).fma(x1, b0);
                    hb0 = hb0.lanewise(LSHR, extra);
                    u = (IntVector) ByteVector.fromArray(BYTES, q, nb + p * ROWS + l).convertShape(ZERO_EXTEND_B2I, I, 0);
                    b1 = ((FloatVector) u.and(15).or(hb1.and(mask)).convertShape(I2F, F, 0)).fma(db1, mb1).fma(x0, b1);
                    hb1 = hb1.lanewise(LSHR, extra);
                    b1 = ((FloatVector) u.lanewise(LSHR, 4).or(hb1.and(mask)).convertShape(I2F, F, 0)).fma(db1, mb1).fma(x1, b1);
                    hb1 = hb1.lanewise(LSHR, extra);
                }
            }
        }
        a0.intoArray(y, yo);
        a1.intoArray(y, yo + l);
        b0.intoArray(y, yo + ROWS);
        b1.intoArray(y, yo + ROWS + l);
    }

    static void dot8(
            byte[] q, int qa, int qb, int stride, int groups, int group,
            float[] s, int sa, int sb, float[] x, int xo, float[] y, int yo) {
        int l = Simd.LANES;
        FloatVector a0 = FloatVector.fromArray(F, y, yo), a1 = FloatVector.fromArray(F, y, yo + l);
        FloatVector b0 = FloatVector.fromArray(F, y, yo + ROWS), b1 = FloatVector.fromArray(F, y, yo + ROWS + l);
        for (int g = 0; g < groups; g++) {
            FloatVector da0 = FloatVector.fromArray(F, s, sa + g * 64), da1 = FloatVector.fromArray(F, s, sa + g * 64 + l);
            FloatVector db0 = FloatVector.fromArray(F, s, sb + g * 64), db1 = FloatVector.fromArray(F, s, sb + g * 64 + l);
            int ga = qa + g * stride;
            int gb = qb + g * stride;
            int xg = xo + g * group;
            for (int c = 0; c < group; c++) {
                FloatVector xc = FloatVector.broadcast(F, x[xg + c]);
                a0 = ((FloatVector) ByteVector.fromArray(BYTES, q, ga + c * ROWS).convertShape(B2F, F, 0)).mul(da0).fma(xc, a0);
                a1 = ((FloatVector) ByteVector.fromArray(BYTES, q, ga + c * ROWS + l).convertShape(B2F, F, 0)).mul(da1).fma(xc, a1);
                b0 = ((FloatVector) ByteVector.fromArray(BYTES, q, gb + c * ROWS).convertShape(B2F, F, 0)).mul(db0).fma(xc, b0);
                b1 = ((FloatVector) ByteVector.fromArray(BYTES, q, gb + c * ROWS + l).convertShape(B2F, F, 0)).mul(db1).fma(xc, b1);
            }
        }
        a0.intoArray(y, yo);
        a1.intoArray(y, yo + l);
        b0.intoArray(y, yo + ROWS);
        b1.intoArray(y, yo + ROWS + l);
    }
}
