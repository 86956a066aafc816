package dev.skim.skip;

/**
 * Measured time of the dense model at one length of context: milliseconds for one token in one sublayer, by kind.
 *
 * @param phase prompt or generation
 * @param context tokens in the context (of a prompt: its length)
 * @param attention of one attention sublayer, its reading of keys and values included
 * @param feedForward of one feed-forward sublayer
 * @param rest of everything outside the layers: embedding, last norm, head
 */
public record SublayerCosts(Phase phase, int context, double attention, double feedForward, double rest) {
    /** Checks that the times are positive. */
    public SublayerCosts {
        if (phase == null || context < 1 || !(attention > 0) || !(feedForward > 0) || !(rest >= 0)) {
            throw new IllegalArgumentException("measured costs are positive times at a context of at least one token");
        }
    }

    /** The share of the layers' time that one attention sublayer takes. */
    public double attentionShare(int layers) {
        return attention / (layers * (attention + feedForward));
    }

    /** The share of the layers' time that one feed-forward sublayer takes. */
    public double feedForwardShare(int layers) {
        return feedForward / (layers * (attention + feedForward));
    }
}
