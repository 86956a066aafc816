package dev.skim.skip;

import dev.skim.tensor.Workers;

/** A small map that takes the place of a run of sublayers. Immutable; shared by all sessions of a model. */
public interface StandIn {
    /**
     * Changes the residual stream of {@code tokens} tokens in place.
     *
     * @param stream tokens x width, row-major from {@code offset} on
     */
    void apply(float[] stream, int offset, int tokens, Workers workers);

    /** Multiply-adds for one token: what the map costs. */
    long multiplyAdds();
}
