package dev.skim.tensor;

import static dev.skim.tensor.Simd.F;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LT;
import static jdk.incubator.vector.VectorOperators.MAX;

import jdk.incubator.vector.FloatVector;

/**
 * The online softmax of attention over pages of 64 keys, in base 2: scores come multiplied with {@link #LOG2_E}, and
 * {@code 2^(score - maximum)} needs fewer operations than the natural exponential.
 *
 * <p>Two forms give the same bits at every vector width: 32 queries side by side, or one query whose keys lie in a row.
 * Sums are taken in one fixed tree: keys 16 apart, pairs of those 32 apart, then halves of 8, 4, 2 and 1.
 */
public final class Softmax {
    /** Turns a score's base from e to 2. */
    public static final float LOG2_E = 1.44269504f;

    /** Below every score, and finite, so that no difference of two of them is NaN: the maximum of no keys. */
    public static final float LOWEST = -1e30f;

    /** 1.5 x 2^23: adding it rounds a small number to an integer that stands in the low bits. */
    private static final float ROUND = 0x1.8p23f;

    /** Below this the power would be subnormal and is taken as 0. */
    private static final float SMALLEST = -126f;

    private static final int KEYS = 64;
    private static final int QUERIES = 32;

    private Softmax() {}

    /**
     * 2^x for x up to 0, within 1 ulp; 0 below -126. The power of 0 is 1.
     *
     * <p>x = n + r with |r| at most 1/2; a polynomial of degree 6 for 2^r (minimax in relative error, 3e-9), and n added
     * to the exponent.
     */
    static FloatVector exp2(FloatVector x) {
        FloatVector shifted = x.add(ROUND);
        FloatVector r = x.sub(shifted.sub(ROUND));
        FloatVector p = FloatVector.broadcast(F, 1.5416794e-4f);
        p = p.fma(r, FloatVector.broadcast(F, 1.3405537e-3f));
        p = p.fma(r, FloatVector.broadcast(F, 9.6182264e-3f));
        p = p.fma(r, FloatVector.broadcast(F, 5.5503123e-2f));
        p = p.fma(r, FloatVector.broadcast(F, 2.4022649e-1f));
        p = p.fma(r, FloatVector.broadcast(F, 6.9314724e-1f));
        p = p.fma(r, FloatVector.broadcast(F, 1f));
        return p.reinterpretAsInts()
                .add(shifted.reinterpretAsInts().lanewise(LSHL, 23))
                .reinterpretAsFloats()
                .blend(0f, x.compare(LT, SMALLEST));
    }

    /**
     * One page for 32 queries side by side (Milakov and Gimelshein 2018, algorithm 3).
     *
     * @param s scores {@code [key][32]}, replaced by {@code 2^(s - m)}
     * @param keys 64, or 32 where the page's second half is not seen by any query
     * @param m running maxima of the 32 queries
     * @param l running sums
     * @param o the output so far, {@code [dimension][32]} from {@code at} on, rescaled to the new maxima
     */
    public static void page(float[] s, int keys, float[] m, float[] l, float[] o, int at, int dimensions) {
        Scratch scratch = Scratch.get();
        for (int q = 0; q < QUERIES; q += Simd.LANES) {
            boolean risen = maxima(s, keys, m, q, scratch.sums);
            weights(s, keys, m, q, scratch.edge);
            sums(scratch.edge, keys / 2, q, scratch.sums, l);
            // A product with 1 changes nothing, and after the first pages most corrections are 1.
            if (risen) {
                rescale(o, at + q, dimensions, scratch.sums, q);
            }
        }
    }

    /** Raises the maxima and sets the corrections for it; whether there is any but 1. */
    private static boolean maxima(float[] s, int keys, float[] m, int q, float[] corrections) {
        FloatVector old = FloatVector.fromArray(F, m, q);
        FloatVector a = old;
        FloatVector b = old;
        FloatVector c = old;
        FloatVector d = old;
        for (int k = 0; k < keys; k += 4) {
            int at = k * QUERIES + q;
            FloatVector v = FloatVector.fromArray(F, s, at);
            a = a.blend(v, v.compare(GT, a));
            v = FloatVector.fromArray(F, s, at + QUERIES);
            b = b.blend(v, v.compare(GT, b));
            v = FloatVector.fromArray(F, s, at + 2 * QUERIES);
            c = c.blend(v, v.compare(GT, c));
            v = FloatVector.fromArray(F, s, at + 3 * QUERIES);
            d = d.blend(v, v.compare(GT, d));
        }
        a = a.blend(b, b.compare(GT, a));
        c = c.blend(d, d.compare(GT, c));
        a = a.blend(c, c.compare(GT, a));
        a.intoArray(m, q);
        exp2(old.sub(a)).intoArray(corrections, q);
        return old.compare(LT, a).anyTrue();
    }

    /** The weights, and the sums of those 16 keys apart. */
    private static void weights(float[] s, int keys, float[] m, int q, float[] pairs) {
        FloatVector top = FloatVector.fromArray(F, m, q);
        for (int k = 0; k < keys / 2; k++) {
            int at = ((k & 15) + (k >> 4) * 32) * QUERIES + q;
            FloatVector low = exp2(FloatVector.fromArray(F, s, at).sub(top));
            FloatVector high = exp2(FloatVector.fromArray(F, s, at + 16 * QUERIES).sub(top));
            low.intoArray(s, at);
            high.intoArray(s, at + 16 * QUERIES);
            low.add(high).intoArray(pairs, k * QUERIES + q);
        }
    }

    private static void sums(float[] work, int rows, int q, float[] corrections, float[] l) {
        for (int half = rows / 2; half >= 1; half /= 2) {
            for (int k = 0; k < half; k++) {
                FloatVector.fromArray(F, work, k * QUERIES + q)
                        .add(FloatVector.fromArray(F, work, (k + half) * QUERIES + q))
                        .intoArray(work, k * QUERIES + q);
            }
        }
        FloatVector.fromArray(F, l, q)
                .fma(FloatVector.fromArray(F, corrections, q), FloatVector.fromArray(F, work, q))
                .intoArray(l, q);
    }

    private static void rescale(float[] o, int at, int dimensions, float[] corrections, int q) {
        FloatVector correction = FloatVector.fromArray(F, corrections, q);
        for (int d = 0; d < dimensions; d++) {
            FloatVector.fromArray(F, o, at + d * QUERIES).mul(correction).intoArray(o, at + d * QUERIES);
        }
    }

    /** Ends it: {@code o[d][q] /= l[q]} for 32 queries side by side. */
    public static void divide(float[] o, int at, int dimensions, float[] l) {
        for (int q = 0; q < QUERIES; q += Simd.LANES) {
            FloatVector sum = FloatVector.fromArray(F, l, q);
            for (int d = 0; d < dimensions; d++) {
                int to = at + d * QUERIES + q;
                FloatVector.fromArray(F, o, to).div(sum).intoArray(o, to);
            }
        }
    }

    /** The largest of one query's 64 scores; no NaN. */
    public static float max(float[] a, int offset) {
        FloatVector m = FloatVector.fromArray(F, a, offset);
        for (int i = Simd.LANES; i < KEYS; i += Simd.LANES) {
            FloatVector v = FloatVector.fromArray(F, a, offset + i);
            m = m.blend(v, v.compare(GT, m));
        }
        return m.reduceLanes(MAX);
    }

    /** {@code a[i] = 2^(a[i] - top)} for one query's 64 keys; returns their sum. */
    public static float weights(float[] a, int offset, float top) {
        float[] work = Scratch.get().sums;
        for (int i = 0; i < 16; i += Simd.LANES) {
            FloatVector a0 = exp2(FloatVector.fromArray(F, a, offset + i).sub(top));
            FloatVector a1 = exp2(FloatVector.fromArray(F, a, offset + 16 + i).sub(top));
            a0.intoArray(a, offset + i);
            a1.intoArray(a, offset + 16 + i);
            FloatVector low = a0.add(a1);
            a0 = exp2(FloatVector.fromArray(F, a, offset + 32 + i).sub(top));
            a1 = exp2(FloatVector.fromArray(F, a, offset + 48 + i).sub(top));
            a0.intoArray(a, offset + 32 + i);
            a1.intoArray(a, offset + 48 + i);
            low.add(a0.add(a1)).intoArray(work, i);
        }
        for (int half = 8; half >= 1; half /= 2) {
            for (int i = 0; i < half; i++) {
                work[i] += work[i + half];
            }
        }
        return work[0];
    }

    /** {@code 2^(old - top)}: by what sums and outputs shrink when the maximum rises from {@code old} to {@code top}. */
    public static float correction(float old, float top) {
        if (old == top) {
            return 1;
        }
        float[] work = Scratch.get().sums;
        FloatVector.broadcast(F, old - top).intoArray(work, 0);
        exp2(FloatVector.fromArray(F, work, 0)).intoArray(work, 0);
        return work[0];
    }
}
