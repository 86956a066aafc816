package dev.skim.tensor;

import static dev.skim.tensor.Simd.F;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.LT;
import static jdk.incubator.vector.VectorOperators.XOR;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_I2L;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.LongVector;

/**
 * Elementwise functions over arrays. Every element's bits are the same at every vector width.
 */
public final class VectorMath {
    /** 1.5 x 2^23 and 127: adding it rounds a small number n to an integer, and the low bits are n + 127, the exponent of 2^n. */
    private static final float ROUND = 0x1.8p23f + 127;

    private static final float LOG2_E = 1.44269504f;
    private static final float LN2_HIGH = 0x1.62e4p-1f;
    private static final float LN2_LOW = 0x1.7f7d1cp-20f;

    /** Below this the exponential is taken as 0 (it would be subnormal), above {@link #LARGEST} as that of it. */
    private static final float SMALLEST = -87.3f;

    private static final float LARGEST = 88.3f;

    private VectorMath() {}

    /**
     * The exponential, within 2 ulp for arguments from -87.3 to 88.3; 0 below, capped above.
     *
     * <p>x = n ln 2 + r with |r| at most ln 2 / 2 (Cody and Waite), a polynomial of degree 7 for e^r, and a product with 2^n; to add n to
     * the exponent takes as long, and makes numbers of NaNs. Comparisons and blends, since the vector maximum of Java, which minds NaN
     * and -0, costs five instructions.
     */
    static FloatVector exp(FloatVector argument) {
        FloatVector x = argument.blend(LARGEST, argument.compare(GT, LARGEST));
        FloatVector shifted = x.fma(FloatVector.broadcast(F, LOG2_E), FloatVector.broadcast(F, ROUND));
        FloatVector n = shifted.sub(ROUND);
        FloatVector r = n.fma(FloatVector.broadcast(F, -LN2_HIGH), x);
        r = n.fma(FloatVector.broadcast(F, -LN2_LOW), r);
        FloatVector p = FloatVector.broadcast(F, 1.9875692e-4f);
        p = p.fma(r, FloatVector.broadcast(F, 1.3981999e-3f));
        p = p.fma(r, FloatVector.broadcast(F, 8.3334519e-3f));
        p = p.fma(r, FloatVector.broadcast(F, 4.1665795e-2f));
        p = p.fma(r, FloatVector.broadcast(F, 1.6666665e-1f));
        p = p.fma(r, FloatVector.broadcast(F, 0.5f));
        p = p.fma(r, FloatVector.broadcast(F, 1f));
        p = p.fma(r, FloatVector.broadcast(F, 1f));
        FloatVector scaled = p.mul(shifted.reinterpretAsInts().lanewise(LSHL, 23).reinterpretAsFloats());
        return scaled.blend(0f, argument.compare(LT, SMALLEST));
    }

    /** {@code a[i] = e^a[i]} for {@code n} elements. */
    public static void exp(float[] a, int offset, int n) {
        int i = 0;
        for (; i + Simd.LANES <= n; i += Simd.LANES) {
            exp(FloatVector.fromArray(F, a, offset + i)).intoArray(a, offset + i);
        }
        if (i < n) {
            float[] tail = new float[Simd.LANES];
            System.arraycopy(a, offset + i, tail, 0, n - i);
            exp(FloatVector.fromArray(F, tail, 0)).intoArray(tail, 0);
            System.arraycopy(tail, 0, a, offset + i, n - i);
        }
    }

    private static FloatVector sigmoid(FloatVector x) {
        FloatVector one = FloatVector.broadcast(F, 1f);
        return one.div(exp(x.neg()).add(one));
    }

    /**
     * The hyperbolic tangent, within a few ulp: near 0, where the exponential's form would cancel and scores under a cap
     * lie, an odd polynomial (Cephes' tanhf).
     */
    private static FloatVector tanh(FloatVector x) {
        FloatVector one = FloatVector.broadcast(F, 1f);
        FloatVector far = one.sub(FloatVector.broadcast(F, 2f).div(exp(x.add(x)).add(one)));
        FloatVector z = x.mul(x);
        FloatVector p = FloatVector.broadcast(F, -5.70498872745e-3f);
        p = p.fma(z, FloatVector.broadcast(F, 2.06390887954e-2f));
        p = p.fma(z, FloatVector.broadcast(F, -5.37397155531e-2f));
        p = p.fma(z, FloatVector.broadcast(F, 1.33314422036e-1f));
        p = p.fma(z, FloatVector.broadcast(F, -3.33332819422e-1f));
        FloatVector near = p.mul(z).fma(x, x);
        return far.blend(near, z.compare(LT, 0.625f * 0.625f));
    }

    /** {@code gate[i] = gate[i] * sigmoid(gate[i]) * up[i]}: SwiGLU (Shazeer 2020, eq. 6). */
    public static void swiGlu(float[] gate, int gateOffset, float[] up, int upOffset, int n) {
        int i = 0;
        for (; i + Simd.LANES <= n; i += Simd.LANES) {
            FloatVector g = FloatVector.fromArray(F, gate, gateOffset + i);
            g.mul(sigmoid(g)).mul(FloatVector.fromArray(F, up, upOffset + i)).intoArray(gate, gateOffset + i);
        }
        if (i < n) {
            float[] g = new float[Simd.LANES];
            float[] u = new float[Simd.LANES];
            System.arraycopy(gate, gateOffset + i, g, 0, n - i);
            System.arraycopy(up, upOffset + i, u, 0, n - i);
            swiGlu(g, 0, u, 0, Simd.LANES);
            System.arraycopy(g, 0, gate, gateOffset + i, n - i);
        }
    }

    /** {@code a[i] = cap * tanh(a[i] / cap)}. */
    public static void softCap(float[] a, int offset, int n, float cap) {
        float inverse = 1 / cap;
        int i = 0;
        for (; i + Simd.LANES <= n; i += Simd.LANES) {
            tanh(FloatVector.fromArray(F, a, offset + i).mul(inverse)).mul(cap).intoArray(a, offset + i);
        }
        if (i < n) {
            float[] tail = new float[Simd.LANES];
            System.arraycopy(a, offset + i, tail, 0, n - i);
            softCap(tail, 0, Simd.LANES, cap);
            System.arraycopy(tail, 0, a, offset + i, n - i);
        }
    }

    /** {@code a[i] *= factor} for {@code n} elements. */
    public static void scale(float[] a, int offset, int n, float factor) {
        for (int i = offset; i < offset + n; i++) {
            a[i] *= factor;
        }
    }

    /** {@code a[i] += b[i]} for {@code n} elements. */
    public static void add(float[] a, int aOffset, float[] b, int bOffset, int n) {
        for (int i = 0; i < n; i++) {
            a[aOffset + i] += b[bOffset + i];
        }
    }

    /**
     * The sum of squares of {@code n} elements in double precision: four running sums, for one alone would wait for itself.
     *
     * <p>In f32 the error is small too, but all of a row's elements share it.
     */
    public static double sumOfSquares(float[] a, int offset, int n) {
        double s0 = 0;
        double s1 = 0;
        double s2 = 0;
        double s3 = 0;
        int i = offset;
        for (; i <= offset + n - 4; i += 4) {
            s0 = Math.fma((double) a[i], a[i], s0);
            s1 = Math.fma((double) a[i + 1], a[i + 1], s1);
            s2 = Math.fma((double) a[i + 2], a[i + 2], s2);
            s3 = Math.fma((double) a[i + 3], a[i + 3], s3);
        }
        for (; i < offset + n; i++) {
            s0 = Math.fma((double) a[i], a[i], s0);
        }
        return s0 + s1 + (s2 + s3);
    }

    /** {@code out[i] = a[i] * factor * weight[i]} for {@code n} elements. */
    public static void scaleBy(
            float[] a, int aOffset, float factor, float[] weight, float[] out, int outOffset, int n) {
        for (int i = 0; i < n; i++) {
            out[outOffset + i] = a[aOffset + i] * factor * weight[i];
        }
    }

    /**
     * Rotates {@code n} pairs by their angles in each of {@code heads} heads, which start {@code stride} elements apart: of the first,
     * elements {@code x[first + i]} and {@code x[first + n + i]} become {@code a cos - b sin} and {@code a sin + b cos}, with
     * {@code cosines[at + i]} and, n elements behind it, the sine.
     */
    public static void rotateHalves(float[] x, int first, int heads, int stride, float[] cosines, int at, int n) {
        int i = 0;
        for (; i + Simd.LANES <= n; i += Simd.LANES) {
            FloatVector cos = FloatVector.fromArray(F, cosines, at + i);
            FloatVector sin = FloatVector.fromArray(F, cosines, at + n + i);
            for (int head = 0; head < heads; head++) {
                int p = first + head * stride + i;
                FloatVector a = FloatVector.fromArray(F, x, p);
                FloatVector b = FloatVector.fromArray(F, x, p + n);
                a.mul(cos).sub(b.mul(sin)).intoArray(x, p);
                a.mul(sin).add(b.mul(cos)).intoArray(x, p + n);
            }
        }
        for (; i < n; i++) {
            for (int head = 0; head < heads; head++) {
                int p = first + head * stride + i;
                rotate(x, p, p + n, cosines[at + i], cosines[at + n + i]);
            }
        }
    }

    /** {@link #rotateHalves} for pairs of adjacent elements, {@code x[first + 2 i]} and {@code x[first + 2 i + 1]}. */
    public static void rotateAdjacent(float[] x, int first, int heads, int stride, float[] cosines, int at, int n) {
        int half = Simd.LANES / 2;
        int i = 0;
        for (; i + half <= n; i += half) {
            // Each twice, as both halves of a long; the first of two sines with its sign changed.
            LongVector both = (LongVector) FloatVector.fromArray(Simd.HALF_FLOATS, cosines, at + i)
                    .reinterpretAsInts()
                    .convertShape(ZERO_EXTEND_I2L, Simd.L, 0);
            FloatVector cos = both.or(both.lanewise(LSHL, 32)).reinterpretAsFloats();
            both = (LongVector) FloatVector.fromArray(Simd.HALF_FLOATS, cosines, at + n + i)
                    .reinterpretAsInts()
                    .convertShape(ZERO_EXTEND_I2L, Simd.L, 0);
            FloatVector sin = both.or(both.lanewise(LSHL, 32)).lanewise(XOR, 1L << 31).reinterpretAsFloats();
            for (int head = 0; head < heads; head++) {
                int p = first + head * stride + 2 * i;
                FloatVector pairs = FloatVector.fromArray(F, x, p);
                LongVector swapped = pairs.reinterpretAsLongs();
                swapped = swapped.lanewise(LSHL, 32).or(swapped.lanewise(LSHR, 32));
                pairs.mul(cos).add(swapped.reinterpretAsFloats().mul(sin)).intoArray(x, p);
            }
        }
        for (; i < n; i++) {
            for (int head = 0; head < heads; head++) {
                int p = first + head * stride + 2 * i;
                rotate(x, p, p + 1, cosines[at + i], cosines[at + n + i]);
            }
        }
    }

    private static void rotate(float[] x, int first, int second, float cos, float sin) {
        float a = x[first];
        float b = x[second];
        x[first] = a * cos - b * sin;
        x[second] = a * sin + b * cos;
    }
}
