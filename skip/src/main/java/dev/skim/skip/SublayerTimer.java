package dev.skim.skip;

/**
 * A plan that runs everything and looks at the clock whenever it is asked: the time from one question to the next is
 * that of the sublayer between them.
 *
 * <p>The last of several layers does not count: it computes few of a prompt's tokens, and is no measure of the others.
 */
public final class SublayerTimer implements SkipPlan {
    private final ModelShape shape;

    /** By phase: attention, feed-forward, and both of the last layer. */
    private final long[][] nanos = new long[Phase.values().length][3];

    private final long[] tokens = new long[Phase.values().length];
    private long since;
    private int kind;

    /** Starts at zero. */
    public SublayerTimer(ModelShape shape) {
        this.shape = shape;
    }

    @Override
    public void begin(Phase phase, int position, int count) {
        tokens[phase.ordinal()] += count;
        kind = -1;
    }

    @Override
    public Decision decide(int sublayer, Phase phase, int count) {
        tick(phase);
        kind = shape.layer(sublayer) == measured() ? 2 : shape.isAttention(sublayer) ? 0 : 1;
        return Decision.RUN;
    }

    @Override
    public void end(Phase phase) {
        tick(phase);
    }

    /** Layers that count: also the number of the first that does not. */
    private int measured() {
        return Math.max(1, shape.layers() - 1);
    }

    private void tick(Phase phase) {
        long now = System.nanoTime();
        if (kind >= 0) {
            nanos[phase.ordinal()][kind] += now - since;
        }
        since = now;
    }

    /**
     * Mean times since the timer was made.
     *
     * @param context tokens in the context, for the record
     * @param seconds what all the passes of the phase took, from outside
     */
    public SublayerCosts costs(Phase phase, int context, double seconds) {
        long[] sums = nanos[phase.ordinal()];
        double perSublayer = 1e-6 / tokens[phase.ordinal()] / measured();
        double rest = (1e3 * seconds - 1e-6 * (sums[0] + sums[1] + sums[2])) / tokens[phase.ordinal()];
        return new SublayerCosts(phase, context, sums[0] * perSublayer, sums[1] * perSublayer, Math.max(0, rest));
    }
}
