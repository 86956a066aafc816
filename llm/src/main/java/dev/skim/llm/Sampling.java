package dev.skim.llm;

/**
 * How the next token is chosen from the logits. Applied in this order: repetition penalty, temperature, top-k, top-p,
 * min-p; a temperature of 0 is greedy.
 *
 * @param temperature 0 or more; 0 takes the largest logit
 * @param topK keep the k most likely tokens; 0 keeps all
 * @param topP keep the smallest set whose probability reaches this, 0 to 1; 1 keeps all
 * @param minP drop tokens less likely than this share of the most likely one, 0 to 1; 0 keeps all
 * @param repeatPenalty divides positive and multiplies negative logits of recent tokens; 1 is off
 * @param repeatLastN how many recent tokens the penalty looks at
 * @param seed of the random numbers; the same seed gives the same tokens
 */
public record Sampling(
        float temperature, int topK, float topP, float minP, float repeatPenalty, int repeatLastN, long seed) {
    /** Takes the largest logit, always. */
    public static final Sampling GREEDY = new Sampling(0, 0, 1, 0, 1, 64, 0);

    /** Checks the ranges. */
    public Sampling {
        check(temperature >= 0 && temperature < Float.POSITIVE_INFINITY, "temperature", "0 or more", temperature);
        check(topK >= 0, "top-k", "0 or more", topK);
        check(topP >= 0 && topP <= 1, "top-p", "0 to 1", topP);
        check(minP >= 0 && minP <= 1, "min-p", "0 to 1", minP);
        check(repeatPenalty > 0 && repeatPenalty < Float.POSITIVE_INFINITY, "repeat-penalty", "above 0", repeatPenalty);
        check(repeatLastN >= 0, "repeat-last-n", "0 or more", repeatLastN);
    }

    private static void check(boolean holds, String name, String accepted, Number found) {
        if (!holds) {
            throw new SkimException("The " + name + " must be " + accepted + ", not " + found + ".");
        }
    }
}
