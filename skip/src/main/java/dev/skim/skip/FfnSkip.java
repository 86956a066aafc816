package dev.skim.skip;

import java.util.Arrays;
import java.util.BitSet;

/**
 * FFN-SkipLLM (arXiv 2404.03865): while decoding, once the feed-forward of a layer outside the cold bands changes a
 * token's stream little enough, those of the following k layers are left out for that token. Attention always runs, so
 * there are no gaps in the cache; the prompt and the first tokens of the answer run whole.
 *
 * <p>The paper's constants could not be read. Ours: k is the wanted share of the M feed-forward sublayers and at most one
 * such run is taken for a token, so the share is what is left out where every token finds one; the threshold is the mean
 * similarity of the feed-forward sublayers between the cold bands, 0.95 without a profile; a tenth of the layers at
 * either end is cold.
 *
 * <p>Spec: {@code ffn:25%}, with {@code t=0.96} (threshold), {@code warmup=25} (tokens), {@code cold=3} (layers).
 *
 * @param profile may be null
 * @param threshold NaN for the default
 * @param warmUp tokens of the answer that run whole
 * @param cold layers at either end that are never skipped; negative for the default
 */
public record FfnSkip(Profile profile, Share share, double threshold, int warmUp, int cold) implements SkipPolicy {
    /** The lower end of what the paper warms up for. */
    public static final int WARM_UP = 25;

    private static final double THRESHOLD = 0.95;

    /** The method with its defaults. */
    public static FfnSkip of(Profile profile, Share share) {
        return new FfnSkip(profile, share, Double.NaN, WARM_UP, -1);
    }

    /** Checks that the warm-up is not negative. */
    public FfnSkip {
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
        if (layers - 2 * band < 2) {
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
        private static final int NOT_YET = -1;

        private final int layers;
        private final int band;
        private final int following;
        private final double least;
        private final Decision out = SkipSets.leaveOut(1);
        private final BitSet running = new BitSet();
        private final Decision some = new Decision.RunTokens(running);
        private int[] skipUntil = new int[1];
        private int answerFrom = -1;
        private int warm;

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
            if (answerFrom < 0 || position < answerFrom) {
                answerFrom = position;
            }
            warm = Math.clamp((long) warmUp - (position - answerFrom), 0, tokens);
            if (skipUntil.length < tokens) {
                skipUntil = new int[tokens];
            }
            Arrays.fill(skipUntil, NOT_YET);
        }

        private boolean considers(int sublayer, Phase phase) {
            int layer = sublayer - layers;
            return phase == Phase.DECODE && layer >= band && layer < layers - band;
        }

        @Override
        public Decision decide(int sublayer, Phase phase, int tokens) {
            if (!considers(sublayer, phase)) {
                return Decision.RUN;
            }
            int run = 0;
            running.clear();
            for (int t = 0; t < tokens; t++) {
                if (sublayer - layers > skipUntil[t]) {
                    running.set(t);
                    run++;
                }
            }
            return run == tokens ? Decision.RUN : run == 0 ? out : some;
        }

        @Override
        public boolean observes(int sublayer, Phase phase) {
            return considers(sublayer, phase);
        }

        @Override
        public void observe(int sublayer, Phase phase, float[] input, float[] output, int tokens, int width) {
            int layer = sublayer - layers;
            for (int t = warm; t < tokens; t++) {
                if (skipUntil[t] == NOT_YET && cosine(input, output, t * width, width) >= least) {
                    skipUntil[t] = layer + following;
                }
            }
        }

        private static double cosine(float[] input, float[] output, int at, int width) {
            return Similarity.cosine(
                    Similarity.dot(input, at, output, at, width),
                    Math.sqrt(Similarity.dot(input, at, input, at, width)),
                    Math.sqrt(Similarity.dot(output, at, output, at, width)));
        }

        @Override
        public String status() {
            return "FFN-SkipLLM leaves out up to " + following + " of " + layers + " feed-forward sublayers for a token, "
                    + "from token " + warmUp + " of the answer on";
        }
    }
}
