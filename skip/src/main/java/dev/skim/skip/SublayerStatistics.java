package dev.skim.skip;

import java.util.Optional;

/**
 * Measures {@link Importance}: a plan that runs everything and watches prompts, as AdaSkip's calibration does, with
 * running sums in double.
 *
 * <p>Every token weighs the same (AdaSkip eq. 2 and 3). The first position is also summed apart, because its stream is
 * often of a huge norm: means with it and without it are both to be had. Whole layers and runs of up to
 * {@code longestRun} layers are measured beside the sublayers. A pass that does not come to its end counts for nothing.
 */
public final class SublayerStatistics implements SkipPlan {
    private final int layers;
    private final int longestRun;
    private final Sums all;
    private final Sums first;
    /** The two with the pass that is under way, so that the order of the additions does not depend on the batches. */
    private final Sums allNow;

    private final Sums firstNow;
    private final float[][] boundary;
    private final double[][] norm;
    private boolean firstInBatch;
    private int seen;

    /** Sums of cosines and norm ratios, in the forms of {@link Importance}. */
    private static final class Sums {
        long tokens;
        final double[] similarity;
        final double[] scale;
        final double[][] runSimilarity;
        final double[][] runScale;

        Sums(int layers, int longestRun) {
            similarity = new double[2 * layers];
            scale = new double[2 * layers];
            runSimilarity = new double[longestRun][];
            runScale = new double[longestRun][];
            for (int n = 0; n < longestRun; n++) {
                runSimilarity[n] = new double[layers - n];
                runScale[n] = new double[layers - n];
            }
        }

        void add(Similarity of, int sublayer) {
            similarity[sublayer] += of.cosine();
            scale[sublayer] += of.ratio();
        }

        void addRun(Similarity of, int start, int layers) {
            runSimilarity[layers - 1][start] += of.cosine();
            runScale[layers - 1][start] += of.ratio();
        }

        void set(Sums other) {
            tokens = other.tokens;
            System.arraycopy(other.similarity, 0, similarity, 0, similarity.length);
            System.arraycopy(other.scale, 0, scale, 0, scale.length);
            for (int n = 0; n < runSimilarity.length; n++) {
                System.arraycopy(other.runSimilarity[n], 0, runSimilarity[n], 0, runSimilarity[n].length);
                System.arraycopy(other.runScale[n], 0, runScale[n], 0, runScale[n].length);
            }
        }

        void add(Sums other, int sign) {
            tokens += sign * other.tokens;
            add(similarity, other.similarity, sign);
            add(scale, other.scale, sign);
            for (int n = 0; n < runSimilarity.length; n++) {
                add(runSimilarity[n], other.runSimilarity[n], sign);
                add(runScale[n], other.runScale[n], sign);
            }
        }

        private static void add(double[] to, double[] from, int sign) {
            for (int i = 0; i < to.length; i++) {
                to[i] += sign * from[i];
            }
        }

        Optional<Importance> mean() {
            if (tokens == 0) {
                return Optional.empty();
            }
            Sums mean = new Sums(similarity.length / 2, runSimilarity.length);
            mean.add(this, 1);
            mean.divide(tokens);
            return Optional.of(new Importance(
                    tokens, mean.similarity, mean.scale, mean.runSimilarity, mean.runScale));
        }

        private void divide(long count) {
            divide(similarity, count);
            divide(scale, count);
            for (int n = 0; n < runSimilarity.length; n++) {
                divide(runSimilarity[n], count);
                divide(runScale[n], count);
            }
        }

        private static void divide(double[] values, long count) {
            for (int i = 0; i < values.length; i++) {
                values[i] /= count;
            }
        }
    }

    /** Measures runs of up to 8 layers. */
    public SublayerStatistics(ModelShape shape) {
        this(shape, 8);
    }

    /**
     * Measures.
     *
     * @param longestRun the longest run of layers to measure as one; costs a copy of the batch's stream for each
     */
    public SublayerStatistics(ModelShape shape, int longestRun) {
        if (longestRun < 1) {
            throw new IllegalArgumentException("a run has at least one layer, not " + longestRun);
        }
        this.layers = shape.layers();
        this.longestRun = Math.min(longestRun, layers);
        all = new Sums(layers, this.longestRun);
        first = new Sums(layers, this.longestRun);
        allNow = new Sums(layers, this.longestRun);
        firstNow = new Sums(layers, this.longestRun);
        boundary = new float[this.longestRun][0];
        norm = new double[this.longestRun][0];
    }

    @Override
    public Decision decide(int sublayer, Phase phase, int tokens) {
        return Decision.RUN;
    }

    @Override
    public void begin(Phase phase, int position, int tokens) {
        firstInBatch = position == 0;
        seen = 0;
        allNow.set(all);
        firstNow.set(first);
    }

    @Override
    public boolean observes(int sublayer, Phase phase) {
        return phase == Phase.PREFILL;
    }

    @Override
    public void observe(int sublayer, Phase phase, float[] input, float[] output, int tokens, int width) {
        if (sublayer < layers) {
            keep(sublayer, input, tokens, width);
        }
        for (int t = 0; t < tokens; t++) {
            int at = t * width;
            Similarity similarity = Similarity.of(input, output, at, width);
            allNow.add(similarity, sublayer);
            if (t == 0 && firstInBatch) {
                firstNow.add(similarity, sublayer);
            }
            if (sublayer >= layers) {
                closeRuns(sublayer - layers, output, t, width);
            }
        }
        seen = tokens;
    }

    /** Holds the stream that enters a layer until the runs that start there are over. */
    private void keep(int layer, float[] input, int tokens, int width) {
        int slot = layer % longestRun;
        if (boundary[slot].length < tokens * width) {
            boundary[slot] = new float[tokens * width];
            norm[slot] = new double[tokens];
        }
        System.arraycopy(input, 0, boundary[slot], 0, tokens * width);
        for (int t = 0; t < tokens; t++) {
            norm[slot][t] = Similarity.norm(input, t * width, width);
        }
    }

    private void closeRuns(int last, float[] output, int token, int width) {
        int at = token * width;
        double out = Similarity.norm(output, at, width);
        for (int n = 1; n <= longestRun && n <= last + 1; n++) {
            int start = last + 1 - n;
            int slot = start % longestRun;
            double product = Similarity.dot(boundary[slot], at, output, at, width);
            Similarity similarity = Similarity.of(product, norm[slot][token], out);
            allNow.addRun(similarity, start, n);
            if (token == 0 && firstInBatch) {
                firstNow.addRun(similarity, start, n);
            }
        }
    }

    @Override
    public void end(Phase phase) {
        allNow.tokens += seen;
        firstNow.tokens += firstInBatch && seen > 0 ? 1 : 0;
        seen = 0;
        all.set(allNow);
        first.set(firstNow);
    }

    /** Tokens measured so far. */
    public long tokens() {
        return all.tokens;
    }

    /** Means over all tokens; empty before the first. */
    public Optional<Importance> importance() {
        return all.mean();
    }

    /** Means over all tokens but those at position 0; empty when there are none. */
    public Optional<Importance> importanceWithoutFirst() {
        Sums rest = new Sums(layers, longestRun);
        rest.add(all, 1);
        rest.add(first, -1);
        return rest.mean();
    }

    @Override
    public String status() {
        return "measures importance: " + all.tokens + " tokens so far, nothing left out";
    }
}
