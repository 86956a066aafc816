package dev.skim.skip;

/**
 * Static truncation, the "Early Exit" that the AdaSkip paper compares with: the last N layers go, with no confidence test.
 *
 * <p>Spec: {@code earlyexit:4}, with {@code decode} or {@code both} (the default).
 *
 * @param layers N
 */
public record EarlyExit(int layers, Mode mode) implements SkipPolicy {
    @Override
    public SkipPlan plan(ModelShape shape) {
        SkipSets.checkLayers("earlyexit", layers, shape);
        Decision[] decisions = SkipSets.runAll(shape);
        int first = shape.layers() - layers;
        if (layers > 0) {
            decisions[first] = Decision.STOP;
        }
        return FixedPlan.of(shape, decisions, mode, "early exit stops before layer " + first + " of " + shape.layers()
                + SkipSets.when(mode));
    }

    @Override
    public String toString() {
        return "earlyexit:" + layers + ":" + mode;
    }
}
