package dev.skim.skip;

import java.util.BitSet;

/**
 * Unified Layer Skipping (arXiv 2404.06954) by the authors' rule: {@code n = floor(L / s)} layers are kept, every
 * {@code floor(L / (n - 1))}-th and the last. The prompt runs whole, as in the paper, unless mode both is asked for. The
 * paper's models were fine-tuned for it.
 *
 * <p>Spec: {@code unified:2}, {@code unified:3:both}. Ratios under 2 go to {@link BalancedSkipping}, since for them this
 * rule drops one block of late layers.
 */
public record UnifiedLayerSkipping(Ratio ratio, Mode mode) implements SkipPolicy {
    /** Checks that the ratio is one that the rule spreads for. */
    public UnifiedLayerSkipping {
        if (ratio.value() < 2) {
            throw new IllegalArgumentException("unified layer skipping takes a ratio of at least 2, not " + ratio
                    + "; balanced:" + ratio + " spreads the layers for smaller ones");
        }
    }

    /**
     * The layers that are kept.
     *
     * @throws IllegalArgumentException when fewer than two would be
     */
    public BitSet kept(int layers) {
        int n = (int) Math.floor(layers * ratio.denominator() / ratio.numerator() + 1e-9);
        if (n < 2) {
            throw new IllegalArgumentException("unified layer skipping keeps at least the first and the last layer: "
                    + (layers < 4
                            ? "it takes a model of 4 or more layers, not " + layers
                            : "of " + layers + " layers it takes a ratio of 2 to " + layers / 2 + ", not " + ratio));
        }
        int interval = layers / (n - 1);
        BitSet kept = new BitSet();
        kept.set(0);
        kept.set(layers - 1);
        for (int i = 1; i < layers - 1; i++) {
            if (i % interval == 0 && kept.cardinality() < n) {
                kept.set(i);
            }
        }
        return kept;
    }

    @Override
    public SkipPlan plan(ModelShape shape) {
        BitSet out = kept(shape.layers());
        out.flip(0, shape.layers());
        return SkipSets.layers(shape, out, mode, "unified layer skipping");
    }

    @Override
    public String toString() {
        return "unified:" + ratio + ":" + mode;
    }
}
