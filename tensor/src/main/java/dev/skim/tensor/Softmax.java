package dev.skim.tensor;

import static dev.skim.tensor.Simd.F;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LT;
import static jdk.incubator.vector.VectorOperators.MAX;

import jdk.incubator.vector.FloatVector;

/**
 * The online softmax of attention over pages of 64 keys. Arguments of its exponential are never above 0, which spares
 * it operations that {@link VectorMath#exp} needs.
 *
 * <p>Two forms give the same bits at every vector width: 32 queries side by side, or one query whose keys lie in a row.
 * Sums are taken in one fixed tree: keys 16 apart, pairs of those 32 apart, then halves of 8, 4, 2 and 1.
 */
public final class Softmax {
    private static final float LOG2_E = 1.44269504f;

    /** Below every score, and finite, so that no difference of two of them is NaN: the maximum of no keys. */
    public static final float LOWEST = -1e30f;

    /** 1.5 x 2^23 and 127: adding it rounds a small number k to an integer, and the low bits are k + 127, the exponent of 2^k. */
    private static final float ROUND = 0x1.8p23f + 127;

    /** Below this the power would be subnormal and is taken as 0. */
    private static final float SMALLEST = -87.3f;

    private static final int KEYS = 64;
    private static final int QUERIES = 32;

    private Softmax() {}

    /**
     * {@code a = e^(a - top)} for {@code n} vectors {@code step} apart, of arguments x up to 0 or NaN: within 1 + |x| / 4 ulp, which
     * is log2 e's own rounding; 0 below -87.3. The power of 0 is 1.
     *
     * <p>The maximum is taken off before the base is changed: near scores then differ by an exact number. x log2 e = k + r
     * with |r| at most 1/2; a polynomial of degree 6 for 2^r (minimax in relative error, 3e-9), and a product with 2^k,
     * since k added to the exponent would make numbers of NaNs. The loop stands here and nowhere else: as a helper that
     * gives a vector it was compiled by itself before its callers were, which then did not inline it (JDK 25), and every
     * call allocated.
     */
    static void powers(float[] a, int at, int step, int n, float[] tops, int topAt) {
        FloatVector top = FloatVector.fromArray(F, tops, topAt);
        FloatVector log = FloatVector.broadcast(F, LOG2_E);
        FloatVector round = FloatVector.broadcast(F, ROUND);
        for (int i = 0; i < n; i++) {
            FloatVector x = FloatVector.fromArray(F, a, at + i * step).sub(top);
            FloatVector shifted = x.fma(log, round);
            FloatVector r = x.fma(log, round.sub(shifted));
            FloatVector p = FloatVector.broadcast(F, 1.5416794e-4f);
            p = p.fma(r, FloatVector.broadcast(F, 1.3405537e-3f));
            p = p.fma(r, FloatVector.broadcast(F, 9.6182264e-3f));
            p = p.fma(r, FloatVector.broadcast(F, 5.5503123e-2f));
            p = p.fma(r, FloatVector.broadcast(F, 2.4022649e-1f));
            p = p.fma(r, FloatVector.broadcast(F, 6.9314724e-1f));
            p = p.fma(r, FloatVector.broadcast(F, 1f));
            p.mul(shifted.reinterpretAsInts().lanewise(LSHL, 23).reinterpretAsFloats())
                    .blend(0f, x.compare(LT, SMALLEST))
                    .intoArray(a, at + i * step);
        }
    }

    /**
     * One page for 32 queries side by side (Milakov and Gimelshein 2018, algorithm 3).
     *
     * @param s scores {@code [key][32]}, replaced by {@code e^(s - m)}
     * @param keys 64, or 32 where the page's second half is not seen by any query
     * @param m running maxima of the 32 queries
     * @param l running sums
     * @param o the output so far, {@code [dimension][32]} from {@code at} on, rescaled to the new maxima
     */
    public static void page(float[] s, int keys, float[] m, float[] l, float[] o, int at, int dimensions) {
        Scratch scratch = Scratch.get();
        float[] corrections = scratch.sums;
        for (int q = 0; q < QUERIES; q += Simd.LANES) {
            boolean risen = maxima(s, keys, m, q, corrections);
            powers(s, q, QUERIES, keys, m, q);
            sums(s, keys, q, scratch.square);
            FloatVector.fromArray(F, l, q)
                    .fma(FloatVector.fromArray(F, corrections, q), FloatVector.fromArray(F, scratch.square, q))
                    .intoArray(l, q);
            // A product with 1 changes nothing, and after the first pages most corrections are 1.
            if (risen) {
                rescale(o, at + q, dimensions, corrections, q);
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
        old.intoArray(corrections, q);
        a.intoArray(m, q);
        powers(corrections, q, 0, 1, m, q);
        return old.compare(LT, a).anyTrue();
    }

    /** The sums over the keys, in {@code work} from {@code q} on. */
    private static void sums(float[] s, int keys, int q, float[] work) {
        int far = 16 * QUERIES;
        for (int at = q; at < far + q; at += QUERIES) {
            FloatVector.fromArray(F, s, at).add(FloatVector.fromArray(F, s, at + far)).intoArray(work, at);
        }
        if (keys == KEYS) {
            for (int at = q; at < far + q; at += QUERIES) {
                FloatVector.fromArray(F, work, at)
                        .add(FloatVector.fromArray(F, s, at + 2 * far).add(FloatVector.fromArray(F, s, at + 3 * far)))
                        .intoArray(work, at);
            }
        }
        for (int half = 8; half >= 1; half /= 2) {
            for (int k = 0; k < half; k++) {
                FloatVector.fromArray(F, work, k * QUERIES + q)
                        .add(FloatVector.fromArray(F, work, (k + half) * QUERIES + q))
                        .intoArray(work, k * QUERIES + q);
            }
        }
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

    /** {@code a[i] = e^(a[i] - top)} for one query's 64 keys; returns their sum. */
    public static float weights(float[] a, int offset, float top) {
        float[] work = Scratch.get().sums;
        FloatVector.broadcast(F, top).intoArray(work, 0);
        powers(a, offset, Simd.LANES, KEYS / Simd.LANES, work, 0);
        for (int i = 0; i < 16; i += Simd.LANES) {
            int at = offset + i;
            FloatVector.fromArray(F, a, at)
                    .add(FloatVector.fromArray(F, a, at + 16))
                    .add(FloatVector.fromArray(F, a, at + 32).add(FloatVector.fromArray(F, a, at + 48)))
                    .intoArray(work, i);
        }
        for (int half = 8; half >= 1; half /= 2) {
            for (int i = 0; i < half; i++) {
                work[i] += work[i + half];
            }
        }
        return work[0];
    }

    /** {@code e^(old - top)}: by what sums and outputs shrink when the maximum rises from {@code old} to {@code top}. */
    public static float correction(float old, float top) {
        if (old == top) {
            return 1;
        }
        float[] work = Scratch.get().sums;
        FloatVector.broadcast(F, old).intoArray(work, 0);
        FloatVector.broadcast(F, top).intoArray(work, Simd.LANES);
        powers(work, 0, 0, 1, work, Simd.LANES);
        return work[0];
    }
}
