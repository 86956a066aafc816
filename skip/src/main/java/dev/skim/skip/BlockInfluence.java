package dev.skim.skip;

import java.util.Arrays;
import java.util.BitSet;

/**
 * ShortGPT (arXiv 2403.03853): the layers with the least block influence, {@code 1 - mean cos(X_l, X_l+1)}, go.
 *
 * <p>Spec: {@code shortgpt:4}, with {@code decode} or {@code both} (the default); {@code scale} multiplies the stream by
 * the eq. 3 scale of each whole run of dropped layers, which is ours.
 *
 * @param layers how many go
 */
public record BlockInfluence(Profile profile, int layers, Mode mode, boolean scale) implements SkipPolicy {
    @Override
    public SkipPlan plan(ModelShape shape) {
        SkipSets.checkLayers("shortgpt", layers, shape);
        profile.check(shape);
        Importance importance = profile.importance();
        BitSet out = new BitSet();
        Arrays.stream(importance.layerOrder()).limit(layers).forEach(out::set);
        if (!scale || layers == 0) {
            return SkipSets.layers(shape, out, mode, "block influence");
        }
        Decision[] decisions = SkipSets.runAll(shape);
        for (int from = out.nextSetBit(0); from >= 0; ) {
            int end = out.nextClearBit(from);
            for (int layer = from; layer < end; layer++) {
                decisions[layer] = SkipSets.leaveOut(1);
                decisions[shape.layers() + layer] = SkipSets.leaveOut(1);
            }
            decisions[from] = SkipSets.leaveOut(importance.runScale(from, end - from));
            from = out.nextSetBit(end);
        }
        return FixedPlan.of(shape, decisions, mode, "block influence leaves out " + SkipSets.count(layers, "layer") + " of "
                + shape.layers() + ": " + SkipSets.list(out) + ", scaled" + SkipSets.when(mode));
    }

    @Override
    public String toString() {
        return "shortgpt:" + layers + ":" + mode + (scale ? ":scale" : "");
    }
}
