package dev.skim.skip;

import java.util.BitSet;

/**
 * The "Unified Skipping" that the AdaSkip paper compares with: layer l goes where {@code l mod floor(M / N) == 1}. Not
 * Unified Layer Skipping as published; and not always N layers.
 *
 * <p>Spec: {@code paper-unified:4}, with {@code decode} or {@code both} (the default).
 *
 * @param layers N
 */
public record PaperUnified(int layers, Mode mode) implements SkipPolicy {
    @Override
    public SkipPlan plan(ModelShape shape) {
        SkipSets.checkLayers("paper-unified", layers, shape);
        BitSet out = new BitSet();
        int interval = layers == 0 ? 0 : shape.layers() / layers;
        for (int l = 0; l < shape.layers() && interval > 1; l++) {
            out.set(l, l % interval == 1);
        }
        return SkipSets.layers(shape, out, mode, "the AdaSkip paper's unified rule");
    }

    @Override
    public String toString() {
        return "paper-unified:" + layers + ":" + mode;
    }
}
