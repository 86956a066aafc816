package dev.skim.nn;

import dev.skim.tensor.VectorMath;
import java.util.Arrays;

/**
 * Rotary position embedding (Su et al. 2021, eq. 34): pair i of a head is turned by {@code position * frequency(i)}.
 * Elements beyond the rotated ones stay as they are. Safe for use by many threads.
 *
 * <p>Cosines and sines are computed in double precision once for each position and kept, in pages of 64 positions that
 * are made when they are first needed.
 */
public final class Rope {
    private static final int PAGE = 64;

    /** Which elements of a head make a pair. */
    public enum Pairing {
        /** Elements 2i and 2i + 1 (llama's GGUF files; "norm" in llama.cpp). */
        ADJACENT,
        /** Elements i and i + half the rotated ones (GPT-NeoX; qwen, gemma, phi). */
        HALVES
    }

    /**
     * How frequencies are stretched beyond the context that a model was trained for first.
     *
     * @param factor the context's growth: frequencies are divided by it (linear interpolation, Chen et al. 2023); 1 for none
     * @param originalContext positions of the first training; 0 turns YaRN off
     * @param fastTurns pairs that turn more often than this in the original context keep their frequency (YaRN's beta)
     * @param slowTurns pairs that turn less often than this are interpolated wholly (YaRN's alpha)
     * @param magnitude multiplies cosines and sines
     */
    public record Scaling(double factor, int originalContext, double fastTurns, double slowTurns, double magnitude) {
        /** No scaling. */
        public static final Scaling NONE = linear(1, 1);

        /**
         * Checks the ranges.
         *
         * @throws IllegalArgumentException when the factor or the magnitude is not above 0 and finite, the context is negative,
         *     or YaRN's turns are not above 0 and in order
         */
        public Scaling {
            if (!(factor > 0) || factor == Double.POSITIVE_INFINITY || originalContext < 0 || !(magnitude > 0)
                    || magnitude == Double.POSITIVE_INFINITY || originalContext > 0 && !(fastTurns > slowTurns && slowTurns > 0)) {
                throw new IllegalArgumentException("rope scaling by " + factor + " from " + originalContext
                        + " positions with turns " + slowTurns + " to " + fastTurns + " and magnitude " + magnitude);
            }
        }

        /** Every frequency is divided by {@code factor}. */
        public static Scaling linear(double factor, double magnitude) {
            return new Scaling(factor, 0, 0, 0, magnitude);
        }

        /**
         * YaRN (Peng et al. 2023, section 3): by how often a pair turns in the original context, its frequency is kept,
         * divided, or something between; the magnitude grows by {@code 0.1 ln(factor) + 1} (eq. 22).
         */
        public static Scaling yarn(
                double factor, int originalContext, double fastTurns, double slowTurns, double magnitude) {
            return new Scaling(factor, originalContext, fastTurns, slowTurns, magnitude * (1 + 0.1 * Math.log(factor)));
        }
    }

    private final Pairing pairing;
    private final double[] frequencies;
    private final float magnitude;

    /** {@code [page]} of {@code [position in the page][cosines of all pairs, then sines]}; replaced, never changed. */
    private volatile float[][] pages = new float[0][];

    /**
     * Makes the embedding.
     *
     * @param dimensions elements of a head that are rotated, even
     * @param base of the frequencies: pair i has {@code base^(-2i / dimensions)}
     * @param divisors each frequency is divided by its own one first ({@code rope_freqs}, {@code rope_factors_long});
     *     dimensions / 2 of them, or null for none
     * @throws IllegalArgumentException when the dimensions are odd or none, the base is not above 0 and finite, or there is
     *     another number of divisors
     */
    public Rope(Pairing pairing, int dimensions, double base, float[] divisors, Scaling scaling) {
        if (dimensions < 2 || dimensions % 2 != 0 || !(base > 0) || base == Double.POSITIVE_INFINITY) {
            throw new IllegalArgumentException("rope of " + dimensions + " elements with base " + base);
        }
        if (divisors != null && divisors.length != dimensions / 2) {
            throw new IllegalArgumentException(
                    "rope of " + dimensions / 2 + " pairs cannot have " + divisors.length + " divisors");
        }
        this.pairing = pairing;
        magnitude = (float) scaling.magnitude;
        frequencies = new double[dimensions / 2];
        double low = 0;
        double high = 0;
        if (scaling.originalContext > 0) {
            low = Math.max(0, Math.floor(pairOfTurns(scaling.fastTurns, scaling, dimensions, base)));
            high = Math.min(dimensions - 1, Math.ceil(pairOfTurns(scaling.slowTurns, scaling, dimensions, base)));
        }
        for (int i = 0; i < frequencies.length; i++) {
            double own = Math.pow(base, -2.0 * i / dimensions) / (divisors == null ? 1 : divisors[i]);
            double kept = scaling.originalContext == 0
                    ? 0
                    : 1 - Math.clamp((i - low) / Math.max(0.001, high - low), 0.0, 1.0);
            frequencies[i] = own * (kept + (1 - kept) / scaling.factor);
        }
    }

    /** The pair that turns this often in the original context (YaRN, section 3.2, solved for the pair). */
    private static double pairOfTurns(double turns, Scaling scaling, int dimensions, double base) {
        return dimensions * Math.log(scaling.originalContext / (turns * 2 * Math.PI)) / (2 * Math.log(base));
    }

    /**
     * The divisors of Llama 3.1's scaling: pairs whose wave is longer than {@code originalContext / low} are slowed by
     * {@code factor}, those shorter than {@code originalContext / high} are kept, and those between are blended.
     */
    public static float[] llama3Divisors(
            int dimensions, double base, double factor, double low, double high, int originalContext) {
        float[] divisors = new float[dimensions / 2];
        for (int i = 0; i < divisors.length; i++) {
            double waves = originalContext * Math.pow(base, -2.0 * i / dimensions) / (2 * Math.PI);
            double kept = Math.clamp((waves - low) / (high - low), 0.0, 1.0);
            divisors[i] = (float) (1 / (kept + (1 - kept) / factor));
        }
        return divisors;
    }

    /**
     * Rotates {@code heads} heads of each token in place; token t has position {@code firstPosition + t}.
     *
     * @param x row t holds heads x headSize elements from {@code offset + t * stride} on
     */
    public void apply(float[] x, int offset, int stride, int heads, int headSize, int tokens, int firstPosition) {
        int pairs = frequencies.length;
        float[] page = null;
        for (int t = 0; t < tokens; t++) {
            int position = firstPosition + t;
            if (page == null || position % PAGE == 0) {
                page = page(position / PAGE);
            }
            int cos = position % PAGE * 2 * pairs;
            int at = offset + t * stride;
            if (pairing == Pairing.HALVES) {
                VectorMath.rotateHalves(x, at, heads, headSize, page, cos, pairs);
            } else {
                VectorMath.rotateAdjacent(x, at, heads, headSize, page, cos, pairs);
            }
        }
    }

    private float[] page(int page) {
        float[][] known = pages;
        return page < known.length && known[page] != null ? known[page] : make(page);
    }

    private synchronized float[] make(int page) {
        float[][] known = pages;
        if (page < known.length && known[page] != null) {
            return known[page];
        }
        int pairs = frequencies.length;
        float[] made = new float[PAGE * 2 * pairs];
        for (int p = 0; p < PAGE; p++) {
            for (int i = 0; i < pairs; i++) {
                double angle = (page * PAGE + p) * frequencies[i];
                made[p * 2 * pairs + i] = (float) Math.cos(angle) * magnitude;
                made[p * 2 * pairs + pairs + i] = (float) Math.sin(angle) * magnitude;
            }
        }
        float[][] more = Arrays.copyOf(known, Math.max(known.length, page + 1));
        more[page] = made;
        pages = more;
        return made;
    }
}
