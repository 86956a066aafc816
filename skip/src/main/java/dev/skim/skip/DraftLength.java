package dev.skim.skip;

/**
 * When to stop drafting with a model: once the drafted token's own probability falls below gamma, or after 8 tokens.
 * Gamma begins at 0.8 and follows the acceptance (Draft and Verify, arXiv 2309.08168, section on adaptive exiting;
 * constants of its code).
 */
public final class DraftLength {
    private static final int MOST = 8;
    private static final double WANTED = 0.90;
    private static final double STEP = 0.01;
    private static final double SLOWNESS = 0.9;

    private double gamma = 0.8;
    private double matching = WANTED;

    /**
     * Whether to draft one more; the unsure token itself is still put before the full model.
     *
     * @param drafted tokens drafted in this round
     * @param probability what the draft gave to the last of them
     */
    public boolean goOn(int drafted, double probability) {
        return drafted < MOST && probability >= gamma;
    }

    /**
     * Learns from a round. Gamma falls where all goes well and an unsure token ended the draft; a draft that its length
     * ended says nothing for a lower one.
     *
     * @param drafted tokens put before the full model; of none nothing is learned
     * @param accepted those that stood
     * @param limit tokens that the round was allowed at most, whatever their probabilities
     */
    public void verified(int drafted, int accepted, int limit) {
        if (drafted == 0) {
            return;
        }
        matching = 0.5 * matching + 0.5 * accepted / drafted;
        boolean full = drafted >= Math.min(MOST, limit);
        double wanted = matching < WANTED ? gamma + STEP : full ? gamma : gamma - STEP;
        gamma = Math.clamp(SLOWNESS * gamma + (1 - SLOWNESS) * wanted, 0.0, 1.0);
    }
}
