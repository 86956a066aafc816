package dev.skim.tensor;

import static dev.skim.tensor.Simd.BYTES;
import static dev.skim.tensor.Simd.F;
import static dev.skim.tensor.Simd.I;
import static dev.skim.tensor.Simd.WORDS;
import static jdk.incubator.vector.VectorOperators.B2F;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHR;

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
    private static final int UNIT = QuantLayout.UNIT;
    private static final int SIXTEEN = 16;
    private static final int SCALES = QuantLayout.SCALES;
    private static final int MINIMA = QuantLayout.MINIMA;

    private Codes() {}

    /** A group's sixteen columns of a row are in a number ({@link BytePlanes#putTwos}); {@code whole} leaves out the minima. */
    static void expand2(
            byte[] q, int qo, int stride, int groups, boolean whole, float[] s, int so, float[] out, int oo) {
        int l = Simd.LANES;
        for (int g = 0; g < groups; g++) {
            for (int r = 0; r < 2 * l; r += l) {
                FloatVector d = FloatVector.fromArray(F, s, so + g * SCALES + r);
                FloatVector m = whole ? FloatVector.zero(F) : FloatVector.fromArray(F, s, so + g * SCALES + MINIMA + r);
                int to = oo + g * SIXTEEN * ROWS + r;
                IntVector u = ByteVector.fromArray(WORDS, q, qo + g * stride + 4 * r).reinterpretAsInts();
                ((FloatVector) u.and(3).convertShape(I2F, F, 0)).fma(d, m).intoArray(out, to);
                ((FloatVector) u.lanewise(LSHR, 2).and(3).convertShape(I2F, F, 0)).fma(d, m).intoArray(out, to + 8 * ROWS);
                ((FloatVector) u.lanewise(LSHR, 4).and(3).convertShape(I2F, F, 0)).fma(d, m).intoArray(out, to + 4 * ROWS);
                ((FloatVector) u.lanewise(LSHR, 6).and(3).convertShape(I2F, F, 0)).fma(d, m).intoArray(out, to + 12 * ROWS);
                ((FloatVector) u.lanewise(LSHR, 8).and(3).convertShape(I2F, F, 0)).fma(d, m).intoArray(out, to + ROWS);
                ((FloatVector) u.lanewise(LSHR, 10).and(3).convertShape(I2F, F, 0)).fma(d, m).intoArray(out, to + 9 * ROWS);
                ((FloatVector) u.lanewise(LSHR, 12).and(3).convertShape(I2F, F, 0)).fma(d, m).intoArray(out, to + 5 * ROWS);
                ((FloatVector) u.lanewise(LSHR, 14).and(3).convertShape(I2F, F, 0)).fma(d, m).intoArray(out, to + 13 * ROWS);
                ((FloatVector) u.lanewise(LSHR, 16).and(3).convertShape(I2F, F, 0)).fma(d, m).intoArray(out, to + 2 * ROWS);
                ((FloatVector) u.lanewise(LSHR, 18).and(3).convertShape(I2F, F, 0)).fma(d, m).intoArray(out, to + 10 * ROWS);
                ((FloatVector) u.lanewise(LSHR, 20).and(3).convertShape(I2F, F, 0)).fma(d, m).intoArray(out, to + 6 * ROWS);
                ((FloatVector) u.lanewise(LSHR, 22).and(3).convertShape(I2F, F, 0)).fma(d, m).intoArray(out, to + 14 * ROWS);
                ((FloatVector) u.lanewise(LSHR, 24).and(3).convertShape(I2F, F, 0)).fma(d, m).intoArray(out, to + 3 * ROWS);
                ((FloatVector) u.lanewise(LSHR, 26).and(3).convertShape(I2F, F, 0)).fma(d, m).intoArray(out, to + 11 * ROWS);
                ((FloatVector) u.lanewise(LSHR, 28).and(3).convertShape(I2F, F, 0)).fma(d, m).intoArray(out, to + 7 * ROWS);
                ((FloatVector) u.lanewise(LSHR, 30).convertShape(I2F, F, 0)).fma(d, m).intoArray(out, to + 15 * ROWS);
            }
        }
    }

    /** Eight columns of a row are in a number ({@link BytePlanes#putEights}). */
    static void expand4(
            byte[] q, int qo, int stride, int groups, int group, float[] s, int so, float[] out, int oo) {
        int l = Simd.LANES;
        for (int g = 0; g < groups; g++) {
            for (int r = 0; r < 2 * l; r += l) {
                FloatVector d = FloatVector.fromArray(F, s, so + g * SCALES + r);
                FloatVector m = FloatVector.fromArray(F, s, so + g * SCALES + MINIMA + r);
                for (int p = 0; p < group / 8; p++) {
                    IntVector u = ByteVector.fromArray(WORDS, q, qo + g * stride + p * 4 * ROWS + 4 * r).reinterpretAsInts();
                    int to = oo + (g * group + p * 8) * ROWS + r;
                    ((FloatVector) u.and(15).convertShape(I2F, F, 0)).fma(d, m).intoArray(out, to);
                    ((FloatVector) u.lanewise(LSHR, 8).and(15).convertShape(I2F, F, 0)).fma(d, m).intoArray(out, to + ROWS);
                    ((FloatVector) u.lanewise(LSHR, 16).and(15).convertShape(I2F, F, 0)).fma(d, m).intoArray(out, to + 2 * ROWS);
                    ((FloatVector) u.lanewise(LSHR, 24).and(15).convertShape(I2F, F, 0)).fma(d, m).intoArray(out, to + 3 * ROWS);
                    ((FloatVector) u.lanewise(LSHR, 4).and(15).convertShape(I2F, F, 0)).fma(d, m).intoArray(out, to + 4 * ROWS);
                    ((FloatVector) u.lanewise(LSHR, 12).and(15).convertShape(I2F, F, 0)).fma(d, m).intoArray(out, to + 5 * ROWS);
                    ((FloatVector) u.lanewise(LSHR, 20).and(15).convertShape(I2F, F, 0)).fma(d, m).intoArray(out, to + 6 * ROWS);
                    ((FloatVector) u.lanewise(LSHR, 28).convertShape(I2F, F, 0)).fma(d, m).intoArray(out, to + 7 * ROWS);
                }
            }
        }
    }

    /** A group's 32 columns of a row are in five numbers ({@link BytePlanes#putFives}). */
    static void expand5(byte[] q, int qo, int stride, int groups, float[] s, int so, float[] out, int oo) {
        int l = Simd.LANES;
        for (int g = 0; g < groups; g++) {
            for (int r = 0; r < 2 * l; r += l) {
                FloatVector d = FloatVector.fromArray(F, s, so + g * SCALES + r);
                FloatVector m = FloatVector.fromArray(F, s, so + g * SCALES + MINIMA + r);
                IntVector last = IntVector.zero(I);
                int to = oo + g * UNIT * ROWS + r;
                for (int p = 0; p < BytePlanes.FIVES; p++) {
                    IntVector u = ByteVector.fromArray(WORDS, q, qo + g * stride + p * 4 * ROWS + 4 * r).reinterpretAsInts();
                    int at = to + 6 * p * ROWS;
                    ((FloatVector) u.and(31).convertShape(I2F, F, 0)).fma(d, m).intoArray(out, at);
                    ((FloatVector) u.lanewise(LSHR, 5).and(31).convertShape(I2F, F, 0)).fma(d, m).intoArray(out, at + ROWS);
                    ((FloatVector) u.lanewise(LSHR, 10).and(31).convertShape(I2F, F, 0)).fma(d, m).intoArray(out, at + 2 * ROWS);
                    ((FloatVector) u.lanewise(LSHR, 16).and(31).convertShape(I2F, F, 0)).fma(d, m).intoArray(out, at + 3 * ROWS);
                    ((FloatVector) u.lanewise(LSHR, 21).and(31).convertShape(I2F, F, 0)).fma(d, m).intoArray(out, at + 4 * ROWS);
                    ((FloatVector) u.lanewise(LSHR, 26).and(31).convertShape(I2F, F, 0)).fma(d, m).intoArray(out, at + 5 * ROWS);
                    // The last two codes, from the top of the halves down: their first bits come first.
                    last = last.lanewise(LSHR, 1).or(u.and(BytePlanes.LAST_BITS));
                }
                ((FloatVector) last.lanewise(LSHR, 11).and(31).convertShape(I2F, F, 0)).fma(d, m).intoArray(out, to + 30 * ROWS);
                ((FloatVector) last.lanewise(LSHR, 27).convertShape(I2F, F, 0)).fma(d, m).intoArray(out, to + 31 * ROWS);
            }
        }
    }

    /** A group's sixteen columns of a row are in three numbers ({@link BytePlanes#putSixes}). */
    static void expand6(byte[] q, int qo, int stride, int groups, float[] s, int so, float[] out, int oo) {
        int l = Simd.LANES;
        for (int g = 0; g < groups; g++) {
            for (int r = 0; r < 2 * l; r += l) {
                FloatVector d = FloatVector.fromArray(F, s, so + g * SCALES + r);
                int from = qo + g * stride + 4 * r;
                int to = oo + g * SIXTEEN * ROWS + r;
                IntVector u = ByteVector.fromArray(WORDS, q, from).reinterpretAsInts();
                IntVector v = ByteVector.fromArray(WORDS, q, from + 4 * ROWS).reinterpretAsInts();
                IntVector w = ByteVector.fromArray(WORDS, q, from + 8 * ROWS).reinterpretAsInts();
                ((FloatVector) u.and(63).sub(32).convertShape(I2F, F, 0)).mul(d).intoArray(out, to);
                ((FloatVector) u.lanewise(LSHR, 6).and(63).sub(32).convertShape(I2F, F, 0)).mul(d).intoArray(out, to + ROWS);
                ((FloatVector) u.lanewise(LSHR, 16).and(63).sub(32).convertShape(I2F, F, 0)).mul(d).intoArray(out, to + 2 * ROWS);
                ((FloatVector) u.lanewise(LSHR, 22).and(63).sub(32).convertShape(I2F, F, 0)).mul(d).intoArray(out, to + 3 * ROWS);
                ((FloatVector) v.and(63).sub(32).convertShape(I2F, F, 0)).mul(d).intoArray(out, to + 4 * ROWS);
                ((FloatVector) v.lanewise(LSHR, 6).and(63).sub(32).convertShape(I2F, F, 0)).mul(d).intoArray(out, to + 5 * ROWS);
                ((FloatVector) v.lanewise(LSHR, 16).and(63).sub(32).convertShape(I2F, F, 0)).mul(d).intoArray(out, to + 6 * ROWS);
                ((FloatVector) v.lanewise(LSHR, 22).and(63).sub(32).convertShape(I2F, F, 0)).mul(d).intoArray(out, to + 7 * ROWS);
                ((FloatVector) w.and(63).sub(32).convertShape(I2F, F, 0)).mul(d).intoArray(out, to + 8 * ROWS);
                ((FloatVector) w.lanewise(LSHR, 6).and(63).sub(32).convertShape(I2F, F, 0)).mul(d).intoArray(out, to + 9 * ROWS);
                ((FloatVector) w.lanewise(LSHR, 16).and(63).sub(32).convertShape(I2F, F, 0)).mul(d).intoArray(out, to + 10 * ROWS);
                ((FloatVector) w.lanewise(LSHR, 22).and(63).sub(32).convertShape(I2F, F, 0)).mul(d).intoArray(out, to + 11 * ROWS);
                ((FloatVector) u.lanewise(LSHR, 12).and(15).or(v.lanewise(LSHR, 8).and(48)).sub(32).convertShape(I2F, F, 0)).mul(d).intoArray(out, to + 12 * ROWS);
                ((FloatVector) v.lanewise(LSHR, 14).and(3).or(w.lanewise(LSHR, 10).and(60)).sub(32).convertShape(I2F, F, 0)).mul(d).intoArray(out, to + 13 * ROWS);
                ((FloatVector) u.lanewise(LSHR, 28).or(v.lanewise(LSHR, 24).and(48)).sub(32).convertShape(I2F, F, 0)).mul(d).intoArray(out, to + 14 * ROWS);
                ((FloatVector) v.lanewise(LSHR, 30).or(w.lanewise(LSHR, 26).and(60)).sub(32).convertShape(I2F, F, 0)).mul(d).intoArray(out, to + 15 * ROWS);
            }
        }
    }

    static void expand8(
            byte[] q, int qo, int stride, int groups, int group, float[] s, int so, float[] out, int oo) {
        int l = Simd.LANES;
        for (int g = 0; g < groups; g++) {
            FloatVector d0 = FloatVector.fromArray(F, s, so + g * SCALES), d1 = FloatVector.fromArray(F, s, so + g * SCALES + l);
            int base = qo + g * stride;
            int to = oo + g * group * ROWS;
            for (int c = 0; c < group; c++) {
                ((FloatVector) ByteVector.fromArray(BYTES, q, base + c * ROWS).convertShape(B2F, F, 0)).mul(d0).intoArray(out, to + c * ROWS);
                ((FloatVector) ByteVector.fromArray(BYTES, q, base + c * ROWS + l).convertShape(B2F, F, 0)).mul(d1).intoArray(out, to + c * ROWS + l);
            }
        }
    }

    /** Four columns at a time, half of those in a number: with all eight C2 would run out of registers. */
    static void dot4(
            byte[] q, int qa, int qb, int stride, int groups, int group,
            float[] s, int sa, int sb, float[] x, int xo, float[] y, int yo) {
        int l = Simd.LANES;
        int steps = Simd.steps(group / 4);
        FloatVector a0 = FloatVector.fromArray(F, y, yo), a1 = FloatVector.fromArray(F, y, yo + l);
        FloatVector b0 = FloatVector.fromArray(F, y, yo + ROWS), b1 = FloatVector.fromArray(F, y, yo + ROWS + l);
        for (int g = 0; g < groups; g++) {
            FloatVector da0 = FloatVector.fromArray(F, s, sa + g * SCALES), da1 = FloatVector.fromArray(F, s, sa + g * SCALES + l);
            FloatVector ma0 = FloatVector.fromArray(F, s, sa + g * SCALES + MINIMA), ma1 = FloatVector.fromArray(F, s, sa + g * SCALES + MINIMA + l);
            FloatVector db0 = FloatVector.fromArray(F, s, sb + g * SCALES), db1 = FloatVector.fromArray(F, s, sb + g * SCALES + l);
            FloatVector mb0 = FloatVector.fromArray(F, s, sb + g * SCALES + MINIMA), mb1 = FloatVector.fromArray(F, s, sb + g * SCALES + MINIMA + l);
            int ga = Simd.index(qa + g * stride);
            int gb = Simd.index(qb + g * stride);
            int xg = Simd.index(xo + g * group);
            for (int p = 0; p < steps; p++) {
                Simd.keepLoads();
                int at = (p >> 1) * 4 * ROWS;
                int half = 4 * (p & 1);
                int k = xg + 4 * p;
                FloatVector x0 = FloatVector.broadcast(F, x[k]);
                FloatVector x1 = FloatVector.broadcast(F, x[k + 1]);
                FloatVector x2 = FloatVector.broadcast(F, x[k + 2]);
                FloatVector x3 = FloatVector.broadcast(F, x[k + 3]);
                IntVector u = ByteVector.fromArray(WORDS, q, ga + at).reinterpretAsInts().lanewise(LSHR, half);
                a0 = ((FloatVector) u.and(15).convertShape(I2F, F, 0)).fma(da0, ma0).fma(x0, a0);
                a0 = ((FloatVector) u.lanewise(LSHR, 8).and(15).convertShape(I2F, F, 0)).fma(da0, ma0).fma(x1, a0);
                a0 = ((FloatVector) u.lanewise(LSHR, 16).and(15).convertShape(I2F, F, 0)).fma(da0, ma0).fma(x2, a0);
                a0 = ((FloatVector) u.lanewise(LSHR, 24).and(15).convertShape(I2F, F, 0)).fma(da0, ma0).fma(x3, a0);
                u = ByteVector.fromArray(WORDS, q, ga + at + 4 * l).reinterpretAsInts().lanewise(LSHR, half);
                a1 = ((FloatVector) u.and(15).convertShape(I2F, F, 0)).fma(da1, ma1).fma(x0, a1);
                a1 = ((FloatVector) u.lanewise(LSHR, 8).and(15).convertShape(I2F, F, 0)).fma(da1, ma1).fma(x1, a1);
                a1 = ((FloatVector) u.lanewise(LSHR, 16).and(15).convertShape(I2F, F, 0)).fma(da1, ma1).fma(x2, a1);
                a1 = ((FloatVector) u.lanewise(LSHR, 24).and(15).convertShape(I2F, F, 0)).fma(da1, ma1).fma(x3, a1);
                u = ByteVector.fromArray(WORDS, q, gb + at).reinterpretAsInts().lanewise(LSHR, half);
                b0 = ((FloatVector) u.and(15).convertShape(I2F, F, 0)).fma(db0, mb0).fma(x0, b0);
                b0 = ((FloatVector) u.lanewise(LSHR, 8).and(15).convertShape(I2F, F, 0)).fma(db0, mb0).fma(x1, b0);
                b0 = ((FloatVector) u.lanewise(LSHR, 16).and(15).convertShape(I2F, F, 0)).fma(db0, mb0).fma(x2, b0);
                b0 = ((FloatVector) u.lanewise(LSHR, 24).and(15).convertShape(I2F, F, 0)).fma(db0, mb0).fma(x3, b0);
                u = ByteVector.fromArray(WORDS, q, gb + at + 4 * l).reinterpretAsInts().lanewise(LSHR, half);
                b1 = ((FloatVector) u.and(15).convertShape(I2F, F, 0)).fma(db1, mb1).fma(x0, b1);
                b1 = ((FloatVector) u.lanewise(LSHR, 8).and(15).convertShape(I2F, F, 0)).fma(db1, mb1).fma(x1, b1);
                b1 = ((FloatVector) u.lanewise(LSHR, 16).and(15).convertShape(I2F, F, 0)).fma(db1, mb1).fma(x2, b1);
                b1 = ((FloatVector) u.lanewise(LSHR, 24).and(15).convertShape(I2F, F, 0)).fma(db1, mb1).fma(x3, b1);
            }
        }
        a0.intoArray(y, yo);
        a1.intoArray(y, yo + l);
        b0.intoArray(y, yo + ROWS);
        b1.intoArray(y, yo + ROWS + l);
    }

    /** A vector of each panel at a time: two strips' constants and numbers would spill. */
    static void dot6(
            byte[] q, int qa, int qb, int groups,
            float[] s, int sa, int sb, float[] x, int xo, float[] y, int yo) {
        int l = Simd.LANES;
        int n = Simd.steps(groups), xi = Simd.index(xo);
        for (int r = 0; r < 2 * l; r += l) {
            FloatVector a = FloatVector.fromArray(F, y, yo + r), b = FloatVector.fromArray(F, y, yo + ROWS + r);
            int ai = Simd.index(qa + 4 * r), bi = Simd.index(qb + 4 * r);
            for (int g = 0; g < n; g++) {
                Simd.keepLoads();
                FloatVector da = FloatVector.fromArray(F, s, sa + g * SCALES + r), db = FloatVector.fromArray(F, s, sb + g * SCALES + r);
                int at = g * 12 * ROWS;
                int k = xi + g * SIXTEEN;
                IntVector u = ByteVector.fromArray(WORDS, q, ai + at).reinterpretAsInts();
                IntVector v = ByteVector.fromArray(WORDS, q, ai + at + 4 * ROWS).reinterpretAsInts();
                IntVector w = ByteVector.fromArray(WORDS, q, ai + at + 8 * ROWS).reinterpretAsInts();
                IntVector e = ByteVector.fromArray(WORDS, q, bi + at).reinterpretAsInts();
                IntVector f = ByteVector.fromArray(WORDS, q, bi + at + 4 * ROWS).reinterpretAsInts();
                IntVector h = ByteVector.fromArray(WORDS, q, bi + at + 8 * ROWS).reinterpretAsInts();
                FloatVector xk = FloatVector.broadcast(F, x[k]);
                a = ((FloatVector) u.and(63).sub(32).convertShape(I2F, F, 0)).mul(da).fma(xk, a);
                b = ((FloatVector) e.and(63).sub(32).convertShape(I2F, F, 0)).mul(db).fma(xk, b);
                xk = FloatVector.broadcast(F, x[k + 1]);
                a = ((FloatVector) u.lanewise(LSHR, 6).and(63).sub(32).convertShape(I2F, F, 0)).mul(da).fma(xk, a);
                b = ((FloatVector) e.lanewise(LSHR, 6).and(63).sub(32).convertShape(I2F, F, 0)).mul(db).fma(xk, b);
                xk = FloatVector.broadcast(F, x[k + 2]);
                a = ((FloatVector) u.lanewise(LSHR, 16).and(63).sub(32).convertShape(I2F, F, 0)).mul(da).fma(xk, a);
                b = ((FloatVector) e.lanewise(LSHR, 16).and(63).sub(32).convertShape(I2F, F, 0)).mul(db).fma(xk, b);
                xk = FloatVector.broadcast(F, x[k + 3]);
                a = ((FloatVector) u.lanewise(LSHR, 22).and(63).sub(32).convertShape(I2F, F, 0)).mul(da).fma(xk, a);
                b = ((FloatVector) e.lanewise(LSHR, 22).and(63).sub(32).convertShape(I2F, F, 0)).mul(db).fma(xk, b);
                xk = FloatVector.broadcast(F, x[k + 4]);
                a = ((FloatVector) v.and(63).sub(32).convertShape(I2F, F, 0)).mul(da).fma(xk, a);
                b = ((FloatVector) f.and(63).sub(32).convertShape(I2F, F, 0)).mul(db).fma(xk, b);
                xk = FloatVector.broadcast(F, x[k + 5]);
                a = ((FloatVector) v.lanewise(LSHR, 6).and(63).sub(32).convertShape(I2F, F, 0)).mul(da).fma(xk, a);
                b = ((FloatVector) f.lanewise(LSHR, 6).and(63).sub(32).convertShape(I2F, F, 0)).mul(db).fma(xk, b);
                xk = FloatVector.broadcast(F, x[k + 6]);
                a = ((FloatVector) v.lanewise(LSHR, 16).and(63).sub(32).convertShape(I2F, F, 0)).mul(da).fma(xk, a);
                b = ((FloatVector) f.lanewise(LSHR, 16).and(63).sub(32).convertShape(I2F, F, 0)).mul(db).fma(xk, b);
                xk = FloatVector.broadcast(F, x[k + 7]);
                a = ((FloatVector) v.lanewise(LSHR, 22).and(63).sub(32).convertShape(I2F, F, 0)).mul(da).fma(xk, a);
                b = ((FloatVector) f.lanewise(LSHR, 22).and(63).sub(32).convertShape(I2F, F, 0)).mul(db).fma(xk, b);
                xk = FloatVector.broadcast(F, x[k + 8]);
                a = ((FloatVector) w.and(63).sub(32).convertShape(I2F, F, 0)).mul(da).fma(xk, a);
                b = ((FloatVector) h.and(63).sub(32).convertShape(I2F, F, 0)).mul(db).fma(xk, b);
                xk = FloatVector.broadcast(F, x[k + 9]);
                a = ((FloatVector) w.lanewise(LSHR, 6).and(63).sub(32).convertShape(I2F, F, 0)).mul(da).fma(xk, a);
                b = ((FloatVector) h.lanewise(LSHR, 6).and(63).sub(32).convertShape(I2F, F, 0)).mul(db).fma(xk, b);
                xk = FloatVector.broadcast(F, x[k + 10]);
                a = ((FloatVector) w.lanewise(LSHR, 16).and(63).sub(32).convertShape(I2F, F, 0)).mul(da).fma(xk, a);
                b = ((FloatVector) h.lanewise(LSHR, 16).and(63).sub(32).convertShape(I2F, F, 0)).mul(db).fma(xk, b);
                xk = FloatVector.broadcast(F, x[k + 11]);
                a = ((FloatVector) w.lanewise(LSHR, 22).and(63).sub(32).convertShape(I2F, F, 0)).mul(da).fma(xk, a);
                b = ((FloatVector) h.lanewise(LSHR, 22).and(63).sub(32).convertShape(I2F, F, 0)).mul(db).fma(xk, b);
                xk = FloatVector.broadcast(F, x[k + 12]);
                a = ((FloatVector) u.lanewise(LSHR, 12).and(15).or(v.lanewise(LSHR, 8).and(48)).sub(32).convertShape(I2F, F, 0)).mul(da).fma(xk, a);
                b = ((FloatVector) e.lanewise(LSHR, 12).and(15).or(f.lanewise(LSHR, 8).and(48)).sub(32).convertShape(I2F, F, 0)).mul(db).fma(xk, b);
                xk = FloatVector.broadcast(F, x[k + 13]);
                a = ((FloatVector) v.lanewise(LSHR, 14).and(3).or(w.lanewise(LSHR, 10).and(60)).sub(32).convertShape(I2F, F, 0)).mul(da).fma(xk, a);
                b = ((FloatVector) f.lanewise(LSHR, 14).and(3).or(h.lanewise(LSHR, 10).and(60)).sub(32).convertShape(I2F, F, 0)).mul(db).fma(xk, b);
                xk = FloatVector.broadcast(F, x[k + 14]);
                a = ((FloatVector) u.lanewise(LSHR, 28).or(v.lanewise(LSHR, 24).and(48)).sub(32).convertShape(I2F, F, 0)).mul(da).fma(xk, a);
                b = ((FloatVector) e.lanewise(LSHR, 28).or(f.lanewise(LSHR, 24).and(48)).sub(32).convertShape(I2F, F, 0)).mul(db).fma(xk, b);
                xk = FloatVector.broadcast(F, x[k + 15]);
                a = ((FloatVector) v.lanewise(LSHR, 30).or(w.lanewise(LSHR, 26).and(60)).sub(32).convertShape(I2F, F, 0)).mul(da).fma(xk, a);
                b = ((FloatVector) f.lanewise(LSHR, 30).or(h.lanewise(LSHR, 26).and(60)).sub(32).convertShape(I2F, F, 0)).mul(db).fma(xk, b);
            }
            a.intoArray(y, yo + r);
            b.intoArray(y, yo + ROWS + r);
        }
    }

    /** Codes as in {@link #expand5}. */
    static void dot5(
            byte[] q, int qa, int qb, int stride, int groups,
            float[] s, int sa, int sb, float[] x, int xo, float[] y, int yo) {
        int l = Simd.LANES;
        int n = Simd.steps(groups), xi = Simd.index(xo);
        for (int r = 0; r < 2 * l; r += l) {
            FloatVector a = FloatVector.fromArray(F, y, yo + r), b = FloatVector.fromArray(F, y, yo + ROWS + r);
            for (int g = 0; g < n; g++) {
                int ai = Simd.index(qa + g * stride + 4 * r), bi = Simd.index(qb + g * stride + 4 * r);
                FloatVector da = FloatVector.fromArray(F, s, sa + g * SCALES + r), db = FloatVector.fromArray(F, s, sb + g * SCALES + r);
                FloatVector ma = FloatVector.fromArray(F, s, sa + g * SCALES + MINIMA + r), mb = FloatVector.fromArray(F, s, sb + g * SCALES + MINIMA + r);
                IntVector lastA = IntVector.zero(I), lastB = lastA;
                FloatVector xk;
                for (int p = 0; p < BytePlanes.FIVES; p++) {
                    Simd.keepLoads();
                    int at = p * 4 * ROWS;
                    int k = xi + g * UNIT + 6 * p;
                    IntVector u = ByteVector.fromArray(WORDS, q, ai + at).reinterpretAsInts();
                    IntVector e = ByteVector.fromArray(WORDS, q, bi + at).reinterpretAsInts();
                    xk = FloatVector.broadcast(F, x[k]);
                    a = ((FloatVector) u.and(31).convertShape(I2F, F, 0)).fma(da, ma).fma(xk, a);
                    b = ((FloatVector) e.and(31).convertShape(I2F, F, 0)).fma(db, mb).fma(xk, b);
                    xk = FloatVector.broadcast(F, x[k + 1]);
                    a = ((FloatVector) u.lanewise(LSHR, 5).and(31).convertShape(I2F, F, 0)).fma(da, ma).fma(xk, a);
                    b = ((FloatVector) e.lanewise(LSHR, 5).and(31).convertShape(I2F, F, 0)).fma(db, mb).fma(xk, b);
                    xk = FloatVector.broadcast(F, x[k + 2]);
                    a = ((FloatVector) u.lanewise(LSHR, 10).and(31).convertShape(I2F, F, 0)).fma(da, ma).fma(xk, a);
                    b = ((FloatVector) e.lanewise(LSHR, 10).and(31).convertShape(I2F, F, 0)).fma(db, mb).fma(xk, b);
                    xk = FloatVector.broadcast(F, x[k + 3]);
                    a = ((FloatVector) u.lanewise(LSHR, 16).and(31).convertShape(I2F, F, 0)).fma(da, ma).fma(xk, a);
                    b = ((FloatVector) e.lanewise(LSHR, 16).and(31).convertShape(I2F, F, 0)).fma(db, mb).fma(xk, b);
                    xk = FloatVector.broadcast(F, x[k + 4]);
                    a = ((FloatVector) u.lanewise(LSHR, 21).and(31).convertShape(I2F, F, 0)).fma(da, ma).fma(xk, a);
                    b = ((FloatVector) e.lanewise(LSHR, 21).and(31).convertShape(I2F, F, 0)).fma(db, mb).fma(xk, b);
                    xk = FloatVector.broadcast(F, x[k + 5]);
                    a = ((FloatVector) u.lanewise(LSHR, 26).and(31).convertShape(I2F, F, 0)).fma(da, ma).fma(xk, a);
                    b = ((FloatVector) e.lanewise(LSHR, 26).and(31).convertShape(I2F, F, 0)).fma(db, mb).fma(xk, b);
                    lastA = lastA.lanewise(LSHR, 1).or(u.and(BytePlanes.LAST_BITS));
                    lastB = lastB.lanewise(LSHR, 1).or(e.and(BytePlanes.LAST_BITS));
                }
                xk = FloatVector.broadcast(F, x[xi + g * UNIT + 30]);
                a = ((FloatVector) lastA.lanewise(LSHR, 11).and(31).convertShape(I2F, F, 0)).fma(da, ma).fma(xk, a);
                b = ((FloatVector) lastB.lanewise(LSHR, 11).and(31).convertShape(I2F, F, 0)).fma(db, mb).fma(xk, b);
                xk = FloatVector.broadcast(F, x[xi + g * UNIT + 31]);
                a = ((FloatVector) lastA.lanewise(LSHR, 27).convertShape(I2F, F, 0)).fma(da, ma).fma(xk, a);
                b = ((FloatVector) lastB.lanewise(LSHR, 27).convertShape(I2F, F, 0)).fma(db, mb).fma(xk, b);
            }
            a.intoArray(y, yo + r);
            b.intoArray(y, yo + ROWS + r);
        }
    }

    static void dot8(
            byte[] q, int qa, int qb, int stride, int groups, int group,
            float[] s, int sa, int sb, float[] x, int xo, float[] y, int yo) {
        int l = Simd.LANES;
        int steps = Simd.steps(group);
        FloatVector a0 = FloatVector.fromArray(F, y, yo), a1 = FloatVector.fromArray(F, y, yo + l);
        FloatVector b0 = FloatVector.fromArray(F, y, yo + ROWS), b1 = FloatVector.fromArray(F, y, yo + ROWS + l);
        for (int g = 0; g < groups; g++) {
            FloatVector da0 = FloatVector.fromArray(F, s, sa + g * SCALES), da1 = FloatVector.fromArray(F, s, sa + g * SCALES + l);
            FloatVector db0 = FloatVector.fromArray(F, s, sb + g * SCALES), db1 = FloatVector.fromArray(F, s, sb + g * SCALES + l);
            int ga = Simd.index(qa + g * stride);
            int gb = Simd.index(qb + g * stride);
            int xg = Simd.index(xo + g * group);
            for (int c = 0; c < steps; c++) {
                Simd.keepLoads();
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
