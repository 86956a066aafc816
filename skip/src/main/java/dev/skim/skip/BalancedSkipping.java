package dev.skim.skip;

import java.util.BitSet;

/**
 * Our rounding of Unified Layer Skipping for ratios under 2: {@code n = round(L / s)} layers are kept, halves
 * up, the i-th being {@code round(i (L - 1) / (n - 1))}, halves to even, so that the dropped ones are spread and the
 * first and last always kept.
 *
 * <p>Spec: {@code balanced:1.5}, {@code balanced:30/26:both}; {@code unified:1.5} is read as this. The prompt runs whole
 * unless mode both is asked for.
 */
public record BalancedSkipping(Ratio ratio, Mode mode) implements SkipPolicy {
    /**
     * The layers that are kept.
     *
     * @throws IllegalArgumentException when fewer than two would be
     */
    public BitSet kept(int layers) {
        int n = (int) Math.floor(layers * ratio.denominator() / ratio.numerator() + 0.5);
        if (n < 2 && n < layers) {
            throw new IllegalArgumentException("balanced skipping keeps at least the first and the last layer: a ratio of "
                    + ratio + " is too large for " + layers + " layers");
        }
        BitSet kept = new BitSet();
        for (int i = 0; i < n; i++) {
            kept.set(n == 1 ? 0 : (int) Math.rint((double) i * (layers - 1) / (n - 1)));
        }
        return kept;
    }

    @Override
    public SkipPlan plan(ModelShape shape) {
        BitSet out = kept(shape.layers());
        out.flip(0, shape.layers());
        return SkipSets.layers(shape, out, mode, "balanced skipping");
    }

    @Override
    public String toString() {
        return "balanced:" + ratio + ":" + mode;
    }
}
