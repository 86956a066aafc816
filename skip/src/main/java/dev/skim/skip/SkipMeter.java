package dev.skim.skip;

import java.util.Arrays;

/** Counts what another plan leaves out; asks and answers just as that one does. */
public final class SkipMeter implements SkipPlan {
    private final SkipPlan plan;
    private final ModelShape shape;
    private final long[][] leftOut;
    private final long[] tokens = new long[Phase.values().length];
    private final long[] standInWork = new long[Phase.values().length];

    /** Counts for {@code plan}. */
    public SkipMeter(SkipPlan plan, ModelShape shape) {
        this.plan = plan;
        this.shape = shape;
        leftOut = new long[Phase.values().length][shape.sublayers()];
    }

    @Override
    public Decision decide(int sublayer, Phase phase, int tokens) {
        Decision decision = plan.decide(sublayer, phase, tokens);
        switch (decision) {
            case Decision.Run run -> { }
            case Decision.LeaveOut out -> leftOut[phase.ordinal()][sublayer] += tokens;
            case Decision.RunTokens some ->
                leftOut[phase.ordinal()][sublayer] += tokens - some.tokens().cardinality();
            case Decision.Replace replace -> {
                count(phase, sublayer, replace.span(), tokens);
                standInWork[phase.ordinal()] += tokens * replace.standIn().multiplyAdds();
            }
            case Decision.Stop stop -> count(phase, sublayer, shape.sublayers() - shape.step(sublayer), tokens);
        }
        return decision;
    }

    private void count(Phase phase, int sublayer, int span, int tokens) {
        int from = shape.step(sublayer);
        for (int step = from; step < from + span; step++) {
            leftOut[phase.ordinal()][shape.sublayer(step)] += tokens;
        }
    }

    /** Tokens that passed in a phase. */
    public long tokens(Phase phase) {
        return tokens[phase.ordinal()];
    }

    /** Tokens for which a sublayer did not run in a phase. */
    public long leftOut(Phase phase, int sublayer) {
        return leftOut[phase.ordinal()][sublayer];
    }

    /** Mean number of sublayers left out for a token in a phase; 0 before the first token. */
    public double sublayers(Phase phase) {
        long sum = 0;
        for (long count : leftOut[phase.ordinal()]) {
            sum += count;
        }
        return tokens(phase) == 0 ? 0 : (double) sum / tokens(phase);
    }

    /** The share of the layers' multiply-adds that was saved in a phase, stand-ins counted. */
    public double savedWork(Phase phase) {
        return saved(phase, shape.attentionCost(), shape.feedForwardCost(), 1);
    }

    /** The share of the dense model's time, head and all, that the skipped sublayers took in the dense measurement. */
    public double savedTime(SublayerCosts costs) {
        double layers = shape.layers() * (costs.attention() + costs.feedForward());
        // A stand-in's time by the feed-forward's rate, whose products are of the same kind.
        double perMultiplyAdd = costs.feedForward() / shape.feedForwardCost();
        return saved(costs.phase(), costs.attention(), costs.feedForward(), perMultiplyAdd)
                * (layers / (layers + costs.rest()));
    }

    private double saved(Phase phase, double attention, double feedForward, double standIn) {
        if (tokens(phase) == 0) {
            return 0;
        }
        double saved = -standInWork[phase.ordinal()] * standIn;
        for (int sublayer = 0; sublayer < shape.sublayers(); sublayer++) {
            saved += leftOut(phase, sublayer) * (shape.isAttention(sublayer) ? attention : feedForward);
        }
        return saved / (tokens(phase) * shape.layers() * (attention + feedForward));
    }

    /** Starts counting afresh. */
    public void reset() {
        for (int phase = 0; phase < tokens.length; phase++) {
            tokens[phase] = 0;
            standInWork[phase] = 0;
            Arrays.fill(leftOut[phase], 0);
        }
    }

    @Override
    public void begin(Phase phase, int position, int tokens) {
        this.tokens[phase.ordinal()] += tokens;
        plan.begin(phase, position, tokens);
    }

    @Override
    public void end(Phase phase) {
        plan.end(phase);
    }

    @Override
    public void newRequest() {
        plan.newRequest();
    }

    @Override
    public boolean observes(int sublayer, Phase phase) {
        return plan.observes(sublayer, phase);
    }

    @Override
    public void observe(int sublayer, Phase phase, float[] input, float[] output, int tokens, int width) {
        plan.observe(sublayer, phase, input, output, tokens, width);
    }

    @Override
    public int gapsFrom() {
        return plan.gapsFrom();
    }

    @Override
    public String status() {
        return plan.status();
    }
}
