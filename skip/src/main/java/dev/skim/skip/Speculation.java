package dev.skim.skip;

import java.util.random.RandomGenerator;

/**
 * The rejection rule of speculative sampling: a drafted token is put before the full model in such a way that the text has
 * exactly the full model's distribution, whatever drafted it (Leviathan et al. 2023, algorithm 1; Chen et al. 2023, theorem
 * 1; the third condition of losslessness for Draft and Verify, arXiv 2309.08168).
 *
 * <p>A drafted token that was not drawn but chosen (prompt lookup, a greedy draft) is a draw from a point mass. For it the
 * rule is the same as to draw from {@code p} and to see whether the drafted token came out: it stands with probability p(x),
 * else what came out has the distribution of p without x. Drawing from p takes what plain decoding takes of the random
 * numbers, so that such a text is also the same token by token.
 */
public final class Speculation {
    private Speculation() {}

    /**
     * The token at a position for which one was drafted: {@code drafted} with probability {@code min(1, p(x) / q(x))}, else
     * one from {@code max(p - q, 0)}, normalised.
     *
     * <p>Both distributions are those that are really drawn from, after penalties, temperature, top-k and top-p.
     *
     * @param drafted the token that was drawn from {@code q}
     * @param p probabilities over the vocabulary by the full model, after the text and the tokens that stood
     * @param q the draft's, at the same place
     * @throws IllegalArgumentException when {@code q} says that the drafted token could not have been drawn
     */
    public static int next(int drafted, float[] p, float[] q, RandomGenerator random) {
        if (!(q[drafted] > 0)) {
            throw new IllegalArgumentException("drafted token " + drafted + " has probability " + q[drafted]
                    + " in the distribution that it is said to be drawn from");
        }
        if (random.nextDouble() * q[drafted] < p[drafted]) {
            return drafted;
        }
        double sum = 0;
        for (int i = 0; i < p.length; i++) {
            sum += Math.max(0, (double) p[i] - q[i]);
        }
        if (!(sum > 0)) {
            // p equals q up to rounding, so that the rejection was chance in the last bits: p itself is right.
            return draw(p, random);
        }
        double left = random.nextDouble() * sum;
        int last = 0;
        for (int i = 0; i < p.length; i++) {
            double part = (double) p[i] - q[i];
            if (part > 0) {
                last = i;
                left -= part;
                if (left < 0) {
                    break;
                }
            }
        }
        return last;
    }

    /** One token from a distribution, whose sum need be 1 only about. */
    public static int draw(float[] p, RandomGenerator random) {
        double sum = 0;
        for (float probability : p) {
            sum += probability;
        }
        double left = random.nextDouble() * sum;
        int last = 0;
        for (int i = 0; i < p.length; i++) {
            if (p[i] > 0) {
                last = i;
                left -= p[i];
                if (left < 0) {
                    break;
                }
            }
        }
        return last;
    }
}
