package dev.skim.llm.profile;

import dev.skim.llm.Model;
import dev.skim.llm.Session;
import dev.skim.llm.SessionOptions;
import dev.skim.skip.CostAware;
import dev.skim.skip.Decision;
import dev.skim.skip.Importance;
import dev.skim.skip.ModelShape;
import dev.skim.skip.Phase;
import dev.skim.skip.Run;
import dev.skim.skip.SkipPlan;
import dev.skim.skip.StandIn;
import dev.skim.tensor.VectorMath;
import dev.skim.tensor.Workers;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.function.DoubleConsumer;

/**
 * What it does to the model's predictions when something else takes the place of a run of sublayers: the mean of
 * KL(whole || changed) in nats over the last third of some windows.
 *
 * <p>The whole model's stream before each sublayer is kept for one window at a time and put in where the run begins, so
 * that a variant costs only the sublayers behind its run, and the head.
 */
final class HarmMeasurement {
    /** Tokens of a window: enough context for a prediction to rest on, few enough that many variants can be tried. */
    static final int WINDOW = 192;

    private static final int SCORED = WINDOW / 3;

    /**
     * A change of the model.
     *
     * @param start the first step that is changed
     * @param decisions one for each sublayer
     */
    record Variant(int start, Decision[] decisions) {
        /** A stand-in in the place of a run. */
        static Variant of(ModelShape shape, Run run, StandIn standIn) {
            Decision[] decisions = new Decision[shape.sublayers()];
            Arrays.fill(decisions, Decision.RUN);
            decisions[shape.sublayer(run.start())] = new Decision.Replace(standIn, run.span());
            return new Variant(run.start(), decisions);
        }

        /** Sublayers left out, eq. 3 scales over each run of them, as the cost-aware policy does. */
        static Variant of(ModelShape shape, BitSet leftOut, Importance importance) {
            int start = leftOut.stream().map(shape::step).min().orElse(0);
            return new Variant(start, CostAware.decisions(importance, shape, leftOut, true));
        }
    }

    private final Model model;
    private final ModelShape shape;
    private final Workers workers;
    private final List<int[]> windows;

    /**
     * Makes a measurement.
     *
     * @param windows of at least {@link #WINDOW} tokens, of which the first are taken
     */
    HarmMeasurement(Model model, List<int[]> windows, Workers workers) {
        this.model = model;
        this.shape = model.shape();
        this.workers = workers;
        this.windows = windows;
    }

    /** The harm of each variant. */
    double[] measure(List<Variant> variants, DoubleConsumer progress) {
        double[] sums = new double[variants.size()];
        float[][] streams = new float[shape.sublayers()][WINDOW * shape.width()];
        for (int w = 0; w < windows.size(); w++) {
            int[] tokens = windows.get(w);
            float[][] whole = read(tokens, new Keep(streams));
            double[] entropy = new double[SCORED];
            workers.run(SCORED, 1, (begin, end, worker) -> {
                for (int i = begin; i < end; i++) {
                    entropy[i] = toProbabilities(whole[i]);
                }
            });
            for (int v = 0; v < sums.length; v++) {
                float[][] changed = read(tokens, new Changed(variants.get(v), streams));
                double[] kl = new double[SCORED];
                workers.run(SCORED, 1, (begin, end, worker) -> {
                    for (int i = begin; i < end; i++) {
                        kl[i] = crossEntropy(whole[i], changed[i]) - entropy[i];
                    }
                });
                sums[v] += Arrays.stream(kl).sum();
                progress.accept((w + (v + 1.0) / sums.length) / windows.size());
            }
        }
        return Arrays.stream(sums).map(sum -> Math.max(0, sum / (windows.size() * SCORED))).toArray();
    }

    private float[][] read(int[] tokens, SkipPlan plan) {
        try (Session session = model.openSession(new SessionOptions(WINDOW, any -> plan))) {
            session.prefill(Arrays.copyOf(tokens, WINDOW - SCORED));
            return session.prefillAllLogits(Arrays.copyOfRange(tokens, WINDOW - SCORED, WINDOW));
        }
    }

    /** Turns logits into probabilities in place, and gives their entropy. */
    private static double toProbabilities(float[] row) {
        float[] logits = row.clone();
        double logSum = logSum(row);
        double entropy = logSum;
        for (int i = 0; i < row.length; i++) {
            row[i] = (float) Math.exp(logits[i] - logSum);
            entropy -= row[i] * (double) logits[i];
        }
        return entropy;
    }

    private static double crossEntropy(float[] probabilities, float[] logits) {
        double sum = 0;
        for (int i = 0; i < logits.length; i++) {
            sum += probabilities[i] * (double) logits[i];
        }
        return logSum(logits) - sum;
    }

    private static double logSum(float[] logits) {
        float max = Float.NEGATIVE_INFINITY;
        for (float logit : logits) {
            max = Math.max(max, logit);
        }
        float[] powers = new float[logits.length];
        for (int i = 0; i < logits.length; i++) {
            powers[i] = logits[i] - max;
        }
        VectorMath.exp(powers, 0, powers.length);
        double sum = 0;
        for (float power : powers) {
            sum += power;
        }
        return max + Math.log(sum);
    }

    /** Keeps the stream before each sublayer. */
    private final class Keep implements SkipPlan {
        private final float[][] streams;
        private int position;

        Keep(float[][] streams) {
            this.streams = streams;
        }

        @Override
        public Decision decide(int sublayer, Phase phase, int tokens) {
            return Decision.RUN;
        }

        @Override
        public void begin(Phase phase, int position, int tokens) {
            this.position = position;
        }

        @Override
        public boolean observes(int sublayer, Phase phase) {
            return true;
        }

        @Override
        public void observe(int sublayer, Phase phase, float[] input, float[] output, int tokens, int width) {
            System.arraycopy(input, 0, streams[shape.step(sublayer)], position * width, tokens * width);
        }
    }

    /** Puts the kept stream in where the variant begins, and then does as it says. */
    private final class Changed implements SkipPlan {
        private final Variant variant;
        private final float[][] streams;
        private int position;

        Changed(Variant variant, float[][] streams) {
            this.variant = variant;
            this.streams = streams;
        }

        @Override
        public Decision decide(int sublayer, Phase phase, int tokens) {
            int step = shape.step(sublayer);
            if (step == 0 && variant.start() > 0) {
                return new Decision.Replace(new Kept(streams[variant.start()]), variant.start());
            }
            return variant.decisions()[sublayer];
        }

        @Override
        public void begin(Phase phase, int position, int tokens) {
            this.position = position;
        }

        /** Writes the kept rows over the stream. */
        private final class Kept implements StandIn {
            private final float[] rows;

            Kept(float[] rows) {
                this.rows = rows;
            }

            @Override
            public void apply(float[] stream, int offset, int tokens, Workers workers) {
                System.arraycopy(rows, position * shape.width(), stream, offset, tokens * shape.width());
            }

            @Override
            public long multiplyAdds() {
                return 0;
            }
        }
    }
}
