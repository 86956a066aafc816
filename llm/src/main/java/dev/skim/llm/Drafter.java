package dev.skim.llm;

/** Says what may come next in a text. One for a session. */
interface Drafter {
    /** The share of drafted tokens that is expected to stand, of each kind of offers, before anything was seen. */
    double[] acceptance();

    /** The text of a new request. */
    void newRequest(int[] prompt, Sampling sampling);

    /** A token was added to the text. */
    void add(int token);

    /**
     * How sure the drafter is of what it offers now, a number of a kind from 0 on; negative where it has nothing to offer.
     */
    int offer();

    /**
     * Drafts what follows the text, after {@link #offer()} said that there is something.
     *
     * @param out takes the tokens
     * @param most of them at most, 1 or more
     * @param sampler has accepted the text so far; is left as it was
     * @return how many were drafted: fewer than {@code most} where the drafter is unsure, the text would end or the session
     *     is cancelled, and perhaps none
     */
    int draft(int[] out, int most, Sampler sampler);

    /** The distribution that drafted token {@code i} was drawn from, or null where it was chosen and not drawn. */
    float[] drawnFrom(int i);

    /** The whole model accepted {@code accepted} of {@code drafted} tokens. */
    void verified(int drafted, int accepted);
}
