package dev.skim.skip;

/**
 * When to stop drafting with a model: once the drafted token's own probability falls below gamma, or after K tokens.
 * Gamma follows the acceptance (Draft and Verify, arXiv 2309.08168, section on adaptive exiting; constants of its code).
 */
public final class DraftLength {
    private static final double WANTED = 0.90;
    private static final double STEP = 0.01;
    private static final double SLOWNESS = 0.9;

    private final int most;
    private double gamma;
    private double matching = WANTED;

    /** Starts with the released code's defaults: at most 8 tokens, gamma 0.8. */
    public DraftLength() {
        this(8, 0.8);
    }

    /**
     * Starts.
     *
     * @param most K, tokens of the longest draft
     * @param gamma the first threshold, 0 to 1
     */
    public DraftLength(int most, double gamma) {
        if (most < 1 || !(gamma >= 0) || gamma > 1) {
            throw new IllegalArgumentException("a draft has at least one token and a threshold of 0 to 1, not " + most
                    + " and " + gamma);
        }
        this.most = most;
        this.gamma = gamma;
    }

    /** The threshold at present. */
    public double gamma() {
        return gamma;
    }

    /** The longest draft. */
    public int most() {
        return most;
    }

    /**
     * Whether to draft one more; the unsure token itself is still put before the full model.
     *
     * @param drafted tokens drafted in this round
     * @param probability what the draft gave to the last of them
     */
    public boolean goOn(int drafted, double probability) {
        return drafted < most && probability >= gamma;
    }

    /** Learns from a round. */
    public void verified(int drafted, int accepted) {
        if (drafted == 0) {
            return;
        }
        matching = 0.5 * matching + 0.5 * accepted / drafted;
        double wanted = matching < WANTED ? gamma + STEP : drafted == most ? gamma : gamma - STEP;
        gamma = Math.clamp(SLOWNESS * gamma + (1 - SLOWNESS) * wanted, 0.0, 1.0);
    }
}
