package dev.skim.llm.eval;

import dev.skim.skip.Phase;

/**
 * What was measured of one policy. What was not measured is not a number; what is beyond measure is infinite.
 *
 * @param contender the policy
 * @param prompt of the timed prompt
 * @param generation of the tokens that were run one by one
 * @param kvBytes bytes of the KV cache after the timed run
 * @param scores how well it foresees the text
 * @param rougeL mean ROUGE-L of its greedy continuations against the whole model's
 */
public record Result(
        Contender contender, Speed prompt, Speed generation, double kvBytes, Scores scores, double rougeL) {

    /**
     * Speed in one phase.
     *
     * @param rate tokens per second, the median of the runs
     * @param workLeftOut share of the layers' multiply-adds that was left out, stand-ins counted
     * @param saved share of the dense model's time that was saved, the median over pairs of neighbouring runs
     * @param due share of the dense model's time that the skipped sublayers took in the dense runs, stand-ins counted
     */
    public record Speed(double rate, double workLeftOut, double saved, double due) {
        static final Speed NONE = new Speed(Double.NaN, Double.NaN, Double.NaN, Double.NaN);

        /** How many times as fast as the dense model. */
        public double factor() {
            return 1 / (1 - saved);
        }
    }

    /**
     * Scores of the second halves of windows of text.
     *
     * @param perplexity exp of the mean negative log-likelihood
     * @param top1 share of the positions whose likeliest token is the whole model's
     * @param kl mean KL(whole || skipped) of the next token, in nats
     * @param phase in which the scored tokens were run: DECODE where the policy leaves nothing out of prompts
     */
    public record Scores(double perplexity, double top1, double kl, Phase phase) {
        static final Scores NONE = new Scores(Double.NaN, Double.NaN, Double.NaN, Phase.PREFILL);
    }
}
