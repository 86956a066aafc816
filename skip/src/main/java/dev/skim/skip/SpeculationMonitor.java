package dev.skim.skip;

import java.util.Locale;

/**
 * Decides how much to draft from what drafting was seen to cost and to bring, so that a text never takes more than about
 * 3 % longer than without.
 *
 * <p>It keeps an account in the time of plain steps. Every generated token pays in {@value #MARGIN} of one, and a round
 * that was slower than the plain steps for its tokens is paid from it; a draft is only as long as the account could
 * bear if nothing of it were accepted. The loss against plain decoding is thus at most that share of the text plus half a
 * token, as far as times repeat. Within that, the length is the one with the best expected speed,
 * {@code S(K) = (1 - b^(K+1)) / (1 - b) / (K c + 1 + K v)} with acceptance b, cost of a drafted token c and of a further
 * token in the verifying batch v, both in plain steps. Where no length pays it stops, and tries again after
 * pauses that double.
 */
public final class SpeculationMonitor {
    private static final double MARGIN = 0.025;
    private static final double START = 0.5;
    /** Gains beyond this many plain steps are forgotten, so that a good beginning does not pay for a bad end. */
    private static final double MOST_CREDIT = 16;
    private static final double SMOOTHING = 0.15;
    private static final int FIRST_PLAIN = 3;
    /** A plain step is measured at least after so many rounds, since it grows with the context. */
    private static final int ROUNDS_BETWEEN = 32;
    private static final int FIRST_PAUSE = 8;
    private static final int LONGEST_PAUSE = 256;
    /** Drafts that test whether it pays again. */
    private static final int TRIAL = 2;

    private double plain;
    private int plainSteps;
    private int roundsSincePlain;
    private double acceptance = 0.8;
    private double draftCost;
    private double verifyCost = 0.25;
    private double credit = START;
    private int pause = FIRST_PAUSE;
    private int wait;
    private boolean paying = true;
    private long drafted;
    private long accepted;

    /** Records a plain step. */
    public void plain(long nanos) {
        double time = plain == 0 ? nanos : Math.min(nanos, 2 * plain);
        // The first step of a request often warms something up: it counts for less than an average of the first few.
        double weight = plainSteps < FIRST_PLAIN ? 1.0 / (plainSteps + 1) : SMOOTHING;
        plain += weight * (time - plain);
        plainSteps++;
        roundsSincePlain = 0;
        wait = Math.max(0, wait - 1);
        deposit(MARGIN);
    }

    /**
     * Records a round.
     *
     * @param draftedTokens tokens put before the full model, at least 1
     * @param acceptedTokens those that stood
     * @param draftNanos time of drafting
     * @param verifyNanos time of the full model's batch of {@code draftedTokens + 1}
     */
    public void round(int draftedTokens, int acceptedTokens, long draftNanos, long verifyNanos) {
        if (draftedTokens < 1 || acceptedTokens < 0 || acceptedTokens > draftedTokens || plainSteps == 0) {
            throw new IllegalArgumentException("a round follows plain steps and accepts at most what was drafted, not "
                    + acceptedTokens + " of " + draftedTokens);
        }
        drafted += draftedTokens;
        accepted += acceptedTokens;
        int emitted = acceptedTokens + 1;
        // Tokens behind the first rejected one say nothing about acceptance.
        int judged = Math.min(draftedTokens, emitted);
        double weight = 1 - Math.pow(1 - SMOOTHING, judged);
        acceptance += weight * ((double) acceptedTokens / judged - acceptance);
        draftCost += SMOOTHING * (draftNanos / plain / draftedTokens - draftCost);
        double further = Math.max(0, verifyNanos / plain - 1) / draftedTokens;
        verifyCost += SMOOTHING * (Math.min(further, 2) - verifyCost);
        deposit(emitted * (1 + MARGIN) - (draftNanos + verifyNanos) / plain);
        roundsSincePlain++;
        paying = best(TRIAL * 8) > 0;
        if (paying) {
            pause = FIRST_PAUSE;
        } else {
            wait = pause;
            pause = Math.min(LONGEST_PAUSE, 2 * pause);
        }
    }

    private void deposit(double steps) {
        credit = Math.min(MOST_CREDIT, credit + steps);
    }

    /**
     * How many tokens to draft now; 0 asks for a plain step.
     *
     * @param most the longest draft on offer
     */
    public int draftLength(int most) {
        if (plainSteps < FIRST_PLAIN || roundsSincePlain >= ROUNDS_BETWEEN || most < 1) {
            return 0;
        }
        if (!paying && wait > 0) {
            return 0;
        }
        int length = paying ? best(most) : Math.min(most, TRIAL);
        double each = draftCost + verifyCost;
        int affordable = each * length <= credit ? length : (int) Math.max(0, credit / each);
        return Math.min(length, affordable);
    }

    /** The length of the best expected speed, or 0 where none is above 1. */
    private int best(int most) {
        int best = 0;
        double speed = 1;
        double tokens = 1;
        double power = 1;
        for (int k = 1; k <= most; k++) {
            power *= acceptance;
            tokens += power;
            double expected = tokens / (1 + k * (draftCost + verifyCost));
            if (expected > speed) {
                speed = expected;
                best = k;
            }
        }
        return best;
    }

    /** Whether drafting is expected to pay at present. */
    public boolean paying() {
        return paying;
    }

    /** Tokens put before the full model so far. */
    public long drafted() {
        return drafted;
    }

    /** Drafted tokens that stood. */
    public long accepted() {
        return accepted;
    }

    /** The acceptance at present, 0 to 1, a running mean. */
    public double acceptance() {
        return acceptance;
    }

    /** One sentence for the user. */
    public String status() {
        return String.format(
                Locale.ROOT,
                "speculation %s: %d of %d drafted tokens accepted, a drafted token costs %.2f and a further verified one "
                        + "%.2f plain steps",
                paying ? "is on" : "is off, since it does not pay", accepted, drafted, draftCost, verifyCost);
    }
}
