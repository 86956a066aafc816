package dev.skim.skip;

/** A plan whose decisions depend on sublayer and phase alone. */
final class FixedPlan implements SkipPlan {
    private final Decision[] decisions;
    private final boolean skipsPrompt;
    private final boolean skipsAttention;
    private final String status;
    private final Gaps gaps = new Gaps();
    private boolean inPrompt;

    /**
     * Makes a plan.
     *
     * @param decisions one for each sublayer
     */
    private FixedPlan(ModelShape shape, Decision[] decisions, Mode mode, String status) {
        this.decisions = decisions;
        this.skipsPrompt = mode.skipsPrompt();
        this.status = status;
        boolean attention = false;
        int left = 0;
        for (int step = 0; step < decisions.length; step++) {
            int sublayer = shape.sublayer(step);
            left = Math.max(left - 1, reach(decisions[sublayer]));
            attention |= left > 0 && shape.isAttention(sublayer);
        }
        this.skipsAttention = attention;
        inPrompt = skipsPrompt;
    }

    /** How many sublayers do not run because of a decision. */
    private static int reach(Decision decision) {
        return switch (decision) {
            case Decision.LeaveOut leaveOut -> 1;
            case Decision.Replace replace -> replace.span();
            case Decision.Stop stop -> Integer.MAX_VALUE;
            case Decision.Run run -> 0;
            case Decision.RunTokens some -> 0;
        };
    }

    /** The plan with these decisions; {@link SkipPlan#NONE} when all say run. */
    static SkipPlan of(ModelShape shape, Decision[] decisions, Mode mode, String status) {
        for (Decision decision : decisions) {
            if (!(decision instanceof Decision.Run)) {
                return new FixedPlan(shape, decisions, mode, status);
            }
        }
        return SkipPlan.NONE;
    }

    @Override
    public Decision decide(int sublayer, Phase phase, int tokens) {
        return phase == Phase.DECODE || inPrompt ? decisions[sublayer] : Decision.RUN;
    }

    @Override
    public void begin(Phase phase, int position, int tokens) {
        if (!skipsPrompt) {
            gaps.begin(position, phase == Phase.DECODE && skipsAttention);
            inPrompt = gaps.before(position);
        }
    }

    @Override
    public int gapsFrom() {
        return gaps.from();
    }

    @Override
    public String status() {
        return status;
    }
}
