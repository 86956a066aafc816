package dev.skim.nn;

import dev.skim.tensor.Workers;

/**
 * The gated feed-forward network {@code down(f(gate(x)) * up(x))} (Shazeer 2020, section 2): SwiGLU or GeGLU by its
 * activation. Immutable.
 *
 * @param gateUp the gate's rows and below them as many of {@code up}
 * @param down back to the stream's width
 */
public record GatedFeedForward(Linear gateUp, Linear down, Activation activation) {
    /**
     * Checks that the shapes fit.
     *
     * @throws IllegalArgumentException when they do not
     */
    public GatedFeedForward {
        if (gateUp.rows() != 2 * down.columns() || gateUp.columns() != down.rows()) {
            throw new IllegalArgumentException("a gate of " + gateUp.rows() + " x " + gateUp.columns()
                    + " does not go with " + down.rows() + " x " + down.columns());
        }
    }

    /** Multiply-adds for one token. */
    public long multiplyAdds() {
        return gateUp.multiplyAdds() + down.multiplyAdds();
    }

    /**
     * Applies the network.
     *
     * @param input tokens x width, row-major
     * @param out tokens x width, row-major; may be the input's place
     */
    public void apply(float[] input, int tokens, Workspace space, float[] out, Workers workers) {
        int width = gateUp.columns();
        int inner = down.columns();
        space.activations.set(input, 0, width, tokens, width);
        float[] hidden = space.hidden = Workspace.fit(space.hidden, tokens, 2 * inner);
        gateUp.apply(space.activations, space.products, hidden, 0, 2 * inner, workers);
        workers.run(tokens, Workspace.GRAIN, (begin, end, worker) -> {
            for (int t = begin; t < end; t++) {
                activation.gate(hidden, t * 2 * inner, inner);
            }
        });
        space.activations.set(hidden, 0, 2 * inner, tokens, inner);
        down.apply(space.activations, space.products, out, 0, width, workers);
    }
}
