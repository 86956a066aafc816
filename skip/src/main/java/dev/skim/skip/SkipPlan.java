package dev.skim.skip;

/**
 * What one session leaves out. Asked before each of the 2M sublayers of a forward pass, in execution order.
 *
 * <p>Sublayer ids follow the AdaSkip paper: {@code 0 .. M-1} is the attention of layer id, {@code M .. 2M-1} the
 * feed-forward network of layer {@code id - M}. A plan belongs to one session and is called by one thread at a time.
 *
 * <p>Keys and values: a plan that leaves out an attention sublayer for some token leaves it out for every later token
 * of the session too, in prompts as well, so that nobody attends over a hole. The one way back is to compute the
 * tokens again from {@link #gapsFrom} on: a pass that begins there or before closes the gap.
 */
public interface SkipPlan {
    /** The plan that leaves nothing out and observes nothing. */
    SkipPlan NONE = (sublayer, phase, tokens) -> Decision.RUN;

    /**
     * Says what to do with a sublayer.
     *
     * @param tokens how many tokens the batch holds
     */
    Decision decide(int sublayer, Phase phase, int tokens);

    /**
     * Called once before each forward pass: {@code position} is that of its first token. Where the pass before had no
     * {@link #end}, it was cancelled or failed, and what was observed in it must not count.
     */
    default void begin(Phase phase, int position, int tokens) {}

    /** Called once after each forward pass that came to its end. */
    default void end(Phase phase) {}

    /** Called when the session starts a new request (a prompt and its answer). */
    default void newRequest() {}

    /**
     * Whether {@link #observe} wants this sublayer in this pass. Asked where {@link #decide} said run. Of the last layer asked also
     * where some tokens run, and of its feed-forward network already before its attention: both may leave tokens of a prompt
     * uncomputed whose logits are not needed, unless the plan wants to see them.
     */
    default boolean observes(int sublayer, Phase phase) {
        return false;
    }

    /**
     * Shows the residual stream before and after a sublayer that ran.
     *
     * @param input tokens x width, row-major: the stream before the sublayer's norm
     * @param output tokens x width, row-major: the stream after the residual add; both are only lent for the call
     */
    default void observe(int sublayer, Phase phase, float[] input, float[] output, int tokens, int width) {}

    /**
     * The first position from which on keys and values are missing in an attention sublayer that this plan would run
     * in a prompt, or {@link Integer#MAX_VALUE}. Until a session goes back to it, the plan leaves out in prompts what
     * it leaves out for generated tokens.
     */
    default int gapsFrom() {
        return Integer.MAX_VALUE;
    }

    /** What the plan does at present, one sentence for the user; empty when there is nothing to say. */
    default String status() {
        return "";
    }
}
