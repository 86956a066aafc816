package dev.skim.skip;

/**
 * FFN-SkipLLM (arXiv 2404.03865): while decoding, once the feed-forward of a layer outside the cold bands changes a
 * token's stream little enough, those of the following k layers are left out for that token. Attention always runs, so
 * there are no gaps in the cache; the prompt and the first tokens of the answer run whole. Generated tokens are taken
 * one by one: a plan refuses a batch of them.
 *
 * <p>The paper's constants could not be read. Ours: k is the wanted share of the M feed-forward sublayers and at most one
 * such run is taken for a token, so the share is what is left out where every token finds one; the threshold is the mean
 * similarity of the feed-forward sublayers between the cold bands, 0.95 without a profile; a tenth of the layers at
 * either end is cold.
 *
 * <p>Spec: {@code ffn:25%}, with {@code t=0.96} (threshold), {@code warmup=25} (tokens), {@code cold=3} (layers).
 *
 * @param profile may be null
 * @param threshold a cosine; NaN for the default
 * @param warmUp tokens of the answer that run whole
 * @param cold layers at either end that are never skipped; negative for the default
 */
public record FfnSkip(Profile profile, Share share, double threshold, int warmUp, int cold) implements SkipPolicy {
    /** The lower end of what the paper warms up for. */
    public static final int WARM_UP = 25;

    private static final double THRESHOLD = 0.95;

    /** Checks the numbers. */
    public FfnSkip {
        if (threshold < -1 || threshold > 1) {
            throw new IllegalArgumentException("the threshold is a cosine of at most 1, such as 0.95, not " + threshold);
        }
        if (warmUp < 0) {
            throw new IllegalArgumentException("the warm-up is 0 tokens or more, not " + warmUp);
        }
    }

    @Override
    public SkipPlan plan(ModelShape shape) {
        int layers = shape.layers();
        int band = cold >= 0 ? cold : Math.max(1, Math.round(layers / 10f));
        int following = (int) Math.round(share.value() * layers);
        if (following == 0) {
            return SkipPlan.NONE;
        }
        // In long: cold is any number of layers.
        if (layers - 2L * band < 2) {
            throw new IllegalArgumentException("ffn with " + band + " cold layers at either end leaves nothing to skip in "
                    + layers + " layers");
        }
        return new Plan(shape, band, following, threshold(shape, band));
    }

    private double threshold(ModelShape shape, int band) {
        if (!Double.isNaN(threshold) || profile == null) {
            return Double.isNaN(threshold) ? THRESHOLD : threshold;
        }
        profile.check(shape);
        double sum = 0;
        for (int layer = band; layer < shape.layers() - band; layer++) {
            sum += profile.importance().similarity(shape.layers() + layer);
        }
        return sum / (shape.layers() - 2 * band);
    }

    @Override
    public String toString() {
        return "ffn:" + share + (Double.isNaN(threshold) ? "" : ":t=" + Share.plain(threshold))
                + (warmUp == WARM_UP ? "" : ":warmup=" + warmUp) + (cold < 0 ? "" : ":cold=" + cold);
    }

    private final class Plan implements SkipPlan {
        private final int layers;
        private final int band;
        private final int following;
        private final double least;
        private final Decision out = SkipSets.leaveOut(1);
        private int answerFrom = -1;
        private boolean warm;
        /** The last layer whose feed-forward is left out for the token; negative where none was similar enough yet. */
        private int skipUntil;

        Plan(ModelShape shape, int band, int following, double least) {
            this.layers = shape.layers();
            this.band = band;
            this.following = following;
            this.least = least;
        }

        @Override
        public void begin(Phase phase, int position, int tokens) {
            if (phase == Phase.PREFILL) {
                answerFrom = -1;
                return;
            }
            if (tokens > 1) {
                // Sublayers that run for some tokens only are not shown, so that a token would fare as its batch does.
                throw new IllegalArgumentException("FFN-SkipLLM decides for each generated token by itself and takes "
                        + "them one by one, not " + tokens + " together");
            }
            if (answerFrom < 0 || position < answerFrom) {
                answerFrom = position;
            }
            warm = position - answerFrom < warmUp;
            skipUntil = -1;
        }

        private boolean considers(int sublayer, Phase phase) {
            int layer = sublayer - layers;
            return phase == Phase.DECODE && layer >= band && layer < layers - band;
        }

        @Override
        public Decision decide(int sublayer, Phase phase, int tokens) {
            return considers(sublayer, phase) && sublayer - layers <= skipUntil ? out : Decision.RUN;
        }

        @Override
        public boolean observes(int sublayer, Phase phase) {
            return considers(sublayer, phase) && !warm && skipUntil < 0;
        }

        @Override
        public void observe(int sublayer, Phase phase, float[] input, float[] output, int tokens, int width) {
            if (Similarity.of(input, output, 0, width).cosine() >= least) {
                skipUntil = sublayer - layers + following;
            }
        }

        @Override
        public String status() {
            return "FFN-SkipLLM leaves out up to " + following + " of " + layers + " feed-forward sublayers for a token, "
                    + "from token " + warmUp + " of the answer on";
        }
    }
}
