package dev.skim.skip;

import java.util.random.RandomGenerator;

/**
 * Which drafted tokens the full model accepts, and the token that it adds: the text has exactly the distribution of the
 * full model (Leviathan et al. 2023, algorithm 1; Draft and Verify, arXiv 2309.08168).
 */
public final class Speculation {
    /**
     * The outcome of a round: {@code accepted} drafted tokens and one more.
     *
     * @param accepted how many drafted tokens stand, from the first on
     * @param next the token after them, by the full model
     */
    public record Verdict(int accepted, int next) {}

    private Speculation() {}

    /**
     * Greedy: the longest prefix that the full model would have said itself.
     *
     * @param draft the first {@code count} are drafted tokens
     * @param best {@code count + 1} tokens: the full model's first choice after the text and i drafted tokens
     */
    public static Verdict greedy(int[] draft, int count, int[] best) {
        int accepted = 0;
        while (accepted < count && draft[accepted] == best[accepted]) {
            accepted++;
        }
        return new Verdict(accepted, best[accepted]);
    }

    /**
     * Sampled: a drafted token x stands with probability {@code min(1, p(x) / q(x))}; the first that falls is replaced by
     * one from {@code max(p - q, 0)}, normalised; after the last comes one from the full model.
     *
     * <p>Both distributions are those that are really sampled from, after temperature and top-k or top-p.
     *
     * @param p {@code count + 1} rows of probabilities over the vocabulary, by the full model
     * @param q {@code count} rows by which the tokens were drawn; null for a token that was not drawn but chosen
     *     (argmax, prompt lookup), which is a point mass
     * @throws IllegalArgumentException when q says that a drafted token could not have been drawn
     */
    public static Verdict sampled(int[] draft, int count, float[][] p, float[][] q, RandomGenerator random) {
        for (int i = 0; i < count; i++) {
            int token = draft[i];
            double drawn = q[i] == null ? 1 : q[i][token];
            if (!(drawn > 0)) {
                throw new IllegalArgumentException("drafted token " + token + " has probability " + drawn
                        + " in the distribution that it is said to be drawn from");
            }
            if (random.nextDouble() * drawn >= p[i][token]) {
                return new Verdict(i, residual(p[i], q[i], token, random));
            }
        }
        return new Verdict(count, sample(p[count], random));
    }

    /** One token from {@code max(p - q, 0)}, normalised; q null is a point mass on {@code token}. */
    private static int residual(float[] p, float[] q, int token, RandomGenerator random) {
        double sum = 0;
        for (int i = 0; i < p.length; i++) {
            sum += excess(p, q, token, i);
        }
        if (!(sum > 0)) {
            // p equals q up to rounding, so that a rejection was chance in the last bits: p itself is right.
            return sample(p, random);
        }
        double left = random.nextDouble() * sum;
        int last = 0;
        for (int i = 0; i < p.length; i++) {
            double part = excess(p, q, token, i);
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

    private static double excess(float[] p, float[] q, int token, int i) {
        return q == null ? i == token ? 0 : p[i] : Math.max(0, (double) p[i] - q[i]);
    }

    /** One token from a distribution, whose sum need be 1 only about. */
    private static int sample(float[] p, RandomGenerator random) {
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
