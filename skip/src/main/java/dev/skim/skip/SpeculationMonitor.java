package dev.skim.skip;

import java.util.Arrays;
import java.util.Locale;

/**
 * Decides how much to draft from what drafting was seen to cost and to bring, so that a text never takes more than about
 * 3 % longer than without.
 *
 * <p>It keeps an account in the time of plain steps. Every generated token pays in {@value #MARGIN} of one, and a round
 * that was slower than the plain steps for its tokens is paid from it; a draft is only as long as the account could
 * bear if nothing of it were accepted. The loss against plain decoding is thus at most that share of the text and
 * {@value #START} steps, as far as times repeat. What a request gains is not there for the next one to lose.
 *
 * <p>Within that, the length is the one with the best expected speed,
 * {@code S(K) = (1 + b + ... + b^K) / (1 + f + K (v + c))} with acceptance b, cost c of a drafted token, and a verifying
 * batch that takes f + K v longer than a plain step: a batch costs something for being one (f), since a lone token has
 * kernels of its own. f and v are a least-squares line through the rounds so far, older ones weighing less. Drafts come in
 * kinds, by how sure the drafter is of them; each has an acceptance of its own. Where no length pays for a kind it rests,
 * and is tried again after pauses that double.
 */
public final class SpeculationMonitor {
    private static final double MARGIN = 0.02;
    private static final double START = 1.5;
    /** Gains beyond this many plain steps are forgotten, so that a good beginning does not pay for a bad end. */
    private static final double MOST_CREDIT = 12;
    private static final double SMOOTHING = 0.15;
    private static final int FIRST_PLAIN = 3;
    /** A plain step is measured at least after so many rounds, since it grows with the context. */
    private static final int ROUNDS_BETWEEN = 16;
    private static final int FIRST_PAUSE = 8;
    private static final int LONGEST_PAUSE = 256;
    /** Drafts that test whether it pays again. */
    private static final int TRIAL = 4;
    /** A gain below this is not worth the risk. */
    private static final double LEAST_SPEED = 1.03;
    /** How much a round still weighs when the next one is there. */
    private static final double MEMORY = 0.93;

    /**
     * In a young process the first batch runs code that is not compiled yet: it took 20 to 30 steps with JDK 25, where the
     * second took 3. So many rounds, if they cost more than so many steps, say nothing of later ones and owe little.
     */
    private static final int WARM_UP = 2;
    private static final int COMPILING = 10;

    /** Rounds after which costs are known; the first of them is short. */
    private static final int KNOWN = 4;
    private static final int FIRST_LENGTH = 2;

    /** What is known of one kind of drafts. */
    private static final class Kind {
        double acceptance;
        int pause = FIRST_PAUSE;
        int wait;
        boolean paying = true;

        Kind(double acceptance) {
            this.acceptance = acceptance;
        }
    }

    private final Kind[] kinds;
    /** Tokens to draft each time; 0 where that is decided here. */
    private int always;
    private double plain;
    private int plainSteps;
    private int roundsSincePlain;
    private int rounds;
    private double draftCost;
    private double credit = START;
    private long drafted;
    private long accepted;

    /** Sums of the least-squares line: weights, lengths, their squares, extra costs, products. */
    private double w;
    private double wk;
    private double wkk;
    private double we;
    private double wke;
    private double base;
    private double slope;

    /** One kind of drafts, of which four in five tokens are expected to stand. */
    public SpeculationMonitor() {
        this(0.8);
    }

    /**
     * Drafts of several kinds.
     *
     * @param acceptance of each kind, the share of drafted tokens that is expected to stand at first, 0 to 1
     */
    public SpeculationMonitor(double... acceptance) {
        kinds = Arrays.stream(acceptance).mapToObj(Kind::new).toArray(Kind[]::new);
        // What is believed before anything was seen, of little weight.
        observe(1, 0.5, 0.2);
        observe(16, 3, 0.2);
    }

    /** Drafts {@code tokens} each time, whether it pays or not. */
    public static SpeculationMonitor always(int tokens, int kinds) {
        double[] acceptance = new double[kinds];
        Arrays.fill(acceptance, 0.8);
        SpeculationMonitor monitor = new SpeculationMonitor(acceptance);
        monitor.always = tokens;
        return monitor;
    }

    /** A new request begins: what the last one gained is gone, what it owes is not. */
    public void newRequest() {
        credit = Math.min(credit, START);
    }

    /** Records a plain step. */
    public void plain(long nanos) {
        // The first steps are an average. Later ones count for more where they are faster: a disturbed step says little,
        // and a step that is thought slow would make every round look good.
        double time = plain == 0 ? nanos : Math.min(nanos, 2 * plain);
        double weight = plainSteps < FIRST_PLAIN ? 1.0 / (plainSteps + 1) : time < plain ? 2 * SMOOTHING : SMOOTHING / 2;
        plain += weight * (time - plain);
        plainSteps++;
        roundsSincePlain = 0;
        for (Kind kind : kinds) {
            kind.wait = Math.max(0, kind.wait - 1);
        }
        deposit(MARGIN);
    }

    /**
     * Records a round.
     *
     * @param kind of the draft
     * @param draftedTokens tokens put before the full model, at least 1
     * @param judgedTokens those that stood or fell: fewer where the one before was rejected or the text ended
     * @param acceptedTokens those that stood
     * @param draftNanos time of drafting
     * @param verifyNanos time of the full model's batch of {@code draftedTokens + 1}
     */
    public void round(int kind, int draftedTokens, int judgedTokens, int acceptedTokens, long draftNanos, long verifyNanos) {
        if (judgedTokens < 1
                || judgedTokens > draftedTokens
                || acceptedTokens < judgedTokens - 1
                || acceptedTokens > judgedTokens) {
            throw new IllegalArgumentException("at most the last judged token of a round falls, not "
                    + acceptedTokens + " accepted of " + judgedTokens + " judged of " + draftedTokens);
        }
        Kind own = kinds[kind];
        drafted += draftedTokens;
        accepted += acceptedTokens;
        rounds++;
        int emitted = acceptedTokens + 1;
        if (plainSteps == 0) {
            // Nothing to compare with yet: only where always so many are drafted.
            return;
        }
        double weight = 1 - Math.pow(1 - SMOOTHING, judgedTokens);
        own.acceptance += weight * ((double) acceptedTokens / judgedTokens - own.acceptance);
        draftCost += (rounds == 1 ? 1 : SMOOTHING) * (draftNanos / plain / draftedTokens - draftCost);
        double cost = (draftNanos + verifyNanos) / plain;
        double extra = Math.max(0, verifyNanos / plain - 1);
        if (rounds <= WARM_UP && cost > COMPILING) {
            deposit(MARGIN * emitted - 2);
        } else {
            // Once costs are known, a disturbed round is taken for at most twice what was expected.
            double expected = base + draftedTokens * slope;
            observe(draftedTokens, rounds <= KNOWN ? extra : Math.min(extra, 2 * expected + 1), 1);
            deposit(emitted * (1 + MARGIN) - cost);
        }
        roundsSincePlain++;
        own.paying = best(own, 4 * TRIAL) > 0;
        if (own.paying) {
            own.pause = FIRST_PAUSE;
        } else if (acceptedTokens == judgedTokens) {
            own.wait = 0;
        } else {
            own.wait = own.pause;
            own.pause = Math.min(LONGEST_PAUSE, 2 * own.pause);
        }
    }

    private void observe(int length, double extra, double weight) {
        w = MEMORY * w + weight;
        wk = MEMORY * wk + weight * length;
        wkk = MEMORY * wkk + weight * length * length;
        we = MEMORY * we + weight * extra;
        wke = MEMORY * wke + weight * length * extra;
        double spread = w * wkk - wk * wk;
        // Rounds of one length alone tell of no slope: it stays what it was.
        slope = spread > 0.5 * w * w ? Math.clamp((w * wke - wk * we) / spread, 0.01, 2) : slope;
        base = Math.max(0, (we - slope * wk) / w);
    }

    private void deposit(double steps) {
        credit = Math.min(MOST_CREDIT, credit + steps);
    }

    /**
     * How many tokens to draft now; 0 asks for a plain step.
     *
     * @param most the longest draft on offer
     * @param kind of the draft on offer
     */
    public int draftLength(int most, int kind) {
        Kind own = kinds[kind];
        if (always > 0) {
            return Math.min(always, most);
        }
        if (plainSteps < FIRST_PLAIN || roundsSincePlain >= ROUNDS_BETWEEN || most < 1) {
            return 0;
        }
        if (!own.paying && own.wait > 0) {
            return 0;
        }
        int length = own.paying ? best(own, most) : Math.min(most, TRIAL);
        length = rounds == 0 ? Math.min(length, FIRST_LENGTH) : length;
        double each = draftCost + slope;
        length = (int) Math.min(length, Math.max(0, (credit - base) / each));
        // What the account can bear may be too short to pay: then it saves up.
        return own.paying && speed(own.acceptance, length) < LEAST_SPEED ? 0 : length;
    }

    private double speed(double acceptance, int length) {
        double sure = Math.min(acceptance, 1 - 1e-6);
        double tokens = (1 - Math.pow(sure, length + 1)) / (1 - sure);
        return tokens / (1 + base + length * (draftCost + slope));
    }

    /** The length of the best expected speed, or 0 where none is worth it. */
    private int best(Kind kind, int most) {
        int best = 0;
        double speed = LEAST_SPEED;
        for (int k = 1; k <= most; k++) {
            double expected = speed(kind.acceptance, k);
            if (expected > speed) {
                speed = expected;
                best = k;
            }
        }
        return best;
    }

    /** Whether drafting is expected to pay at present, for any kind. */
    public boolean paying() {
        return Arrays.stream(kinds).anyMatch(kind -> kind.paying);
    }

    /** Tokens put before the full model so far. */
    public long drafted() {
        return drafted;
    }

    /** Drafted tokens that stood. */
    public long accepted() {
        return accepted;
    }

    /** One sentence for the user. */
    public String status() {
        if (drafted == 0) {
            return "speculation has drafted nothing yet";
        }
        return String.format(
                Locale.ROOT,
                "speculation %s: %d of %d drafted tokens accepted in %d rounds; in plain steps, a drafted token costs %.2f and"
                        + " a verifying batch %.2f and %.2f for each drafted token",
                always > 0 ? "is always on" : paying() ? "is on" : "rests, since it does not pay", accepted, drafted, rounds, draftCost, 1 + base, slope);
    }
}
