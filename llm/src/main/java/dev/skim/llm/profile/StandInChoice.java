package dev.skim.llm.profile;

import dev.skim.llm.Model;
import dev.skim.llm.Session;
import dev.skim.llm.SessionOptions;
import dev.skim.skip.AffineFit;
import dev.skim.skip.Decision;
import dev.skim.skip.LinearStandIn;
import dev.skim.skip.ModelShape;
import dev.skim.skip.Phase;
import dev.skim.skip.Run;
import dev.skim.skip.RunSelector;
import dev.skim.skip.Share;
import dev.skim.skip.SkipPlan;
import dev.skim.skip.StandInFitter;
import dev.skim.tensor.ElementType;
import dev.skim.tensor.Workers;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleConsumer;

/**
 * Chooses the runs of layers that stand-ins replace. A stand-in is fitted for every run of up to {@link #LONGEST} layers,
 * put in its place alone, and judged by the KL that it costs the predictions; the runs with the least sum of KL^0.75
 * whose saving is enough are taken ({@link RunSelector}).
 *
 * <p>Why not by what the stream loses (block influence, or the error of the fit): the same error weighs much more in the
 * last layers than in the middle. On SmolLM2-135M the choice by the error of the fit takes layers 28 and 29 and ends at a
 * perplexity of 56 where block influence gives 32.5 (22 % left out, whole model 21.5).
 */
final class StandInChoice {
    /** Layers of a run at most. */
    static final int LONGEST = 5;

    /** Tokens to fit trial stand-ins on, for each element of the stream. */
    private static final int TOKENS_PER_ELEMENT = 7;

    private static final double RIDGE = 1e-3;

    /** How many times the usual harm of one layer a run may do for each of its layers and still be lengthened. */
    private static final double HOPELESS = 1.5;

    /**
     * Harms are added as powers: the fits mend each other, and a long run is one map to mend where several short ones are
     * several. On SmolLM2-135M with 22 % left out: perplexity 31.3 for the sum of KL^0.75 (layers 4 and 5, 14 to 18),
     * 32.4 for the sum of KLs.
     */
    private static final double POWER = 0.75;

    /** Bytes of streams that are kept at a time; the text is read again for each such part of the layers. */
    private static final long MOST_BYTES = 400L << 20;

    private final Model model;
    private final ModelShape shape;
    private final float epsilon;
    private final int rank;
    private final Workers workers;
    private final List<RunSelector.Candidate> candidates = new ArrayList<>();

    StandInChoice(Model model, float epsilon, int rank, Workers workers) {
        this.model = model;
        this.shape = model.shape();
        this.epsilon = epsilon;
        this.rank = rank;
        this.workers = workers;
    }

    /**
     * Fits and judges a stand-in for each run.
     *
     * @param text windows to fit on, of which enough are taken: {@link Calibrator#leastTokens} or more
     */
    void measure(List<int[]> text, HarmMeasurement harms, DoubleConsumer progress) {
        int width = shape.width();
        int length = text.getFirst().length;
        int wanted = Math.max(1, Math.ceilDiv(TOKENS_PER_ELEMENT * width, length));
        int there = Math.min(wanted, text.size());
        List<int[]> windows = new ArrayList<>();
        for (int i = 0; i < there; i++) {
            windows.add(text.get((int) ((long) text.size() * i / there)));
        }
        long bytes = (long) there * length * width * Float.BYTES;
        int longest = Math.min(LONGEST, shape.layers());
        int starts = (int) Math.clamp(MOST_BYTES / bytes - longest, 1, shape.layers());
        int layers = shape.layers();
        for (int first = 0; first < layers; first += starts) {
            int last = Math.min(layers, first + starts);
            Boundaries boundaries = new Boundaries(first, Math.min(layers, last - 1 + longest), windows);
            double[] least = new double[last - first];
            double bound = Double.POSITIVE_INFINITY;
            for (int n = 1; n <= longest; n++) {
                List<HarmMeasurement.Variant> variants = new ArrayList<>();
                List<Integer> layersOf = new ArrayList<>();
                for (int layer = first; layer < Math.min(last, layers - n + 1); layer++) {
                    Run run = Run.ofLayers(layer, n);
                    // A run that is bad already only gets worse with the next layer.
                    if (n > 1 && least[layer - first] > bound * (n - 1)) {
                        least[layer - first] = Double.POSITIVE_INFINITY;
                    } else if (saved(run) > 0) {
                        variants.add(HarmMeasurement.Variant.of(shape, run, boundaries.fit(layer, n)));
                        layersOf.add(layer);
                    }
                }
                double done = (first + (double) (last - first) * (n - 1) / longest) / layers;
                double share = (double) (last - first) / longest / layers;
                double[] measured = harms.measure(variants, part -> progress.accept(done + part * share));
                for (int v = 0; v < measured.length; v++) {
                    Run run = Run.ofLayers(layersOf.get(v), n);
                    candidates.add(new RunSelector.Candidate(run, saved(run), Math.pow(measured[v], POWER)));
                    least[layersOf.get(v) - first] = measured[v];
                }
                if (n == 1 && measured.length > 0) {
                    double[] sorted = measured.clone();
                    Arrays.sort(sorted);
                    bound = HOPELESS * sorted[sorted.length / 2];
                }
            }
        }
    }

    /**
     * Checks that a share can be reached at all.
     *
     * @throws IllegalArgumentException when no choice of runs saves so much
     */
    void check(Share share) {
        List<RunSelector.Candidate> all = new ArrayList<>();
        for (int layer = 0; layer < shape.layers(); layer++) {
            for (int n = 1; n <= LONGEST && layer + n <= shape.layers(); n++) {
                Run run = Run.ofLayers(layer, n);
                all.add(new RunSelector.Candidate(run, saved(run), 0));
            }
        }
        try {
            RunSelector.choose(all, share.value() * shape.layersCost());
        } catch (IllegalArgumentException tooMuch) {
            throw new IllegalArgumentException("stand-ins cannot save " + share + " of this model's " + shape.layers()
                    + " layers, since they cost something themselves", tooMuch);
        }
    }

    private long saved(Run run) {
        return run.cost(shape) - (rank == 0 ? (long) shape.width() * shape.width() : 2L * rank * shape.width());
    }

    /**
     * The runs for a share of the layers' multiply-adds, the stand-ins' own counted.
     *
     * @throws IllegalArgumentException when no choice saves so much
     */
    List<Run> runs(Share share) {
        return RunSelector.choose(candidates, share.value() * shape.layersCost()).stream()
                .map(RunSelector.Candidate::run)
                .toList();
    }

    /** The whole model's stream before some layers, and behind the last of them. */
    private final class Boundaries implements SkipPlan {
        private final int first;
        private final int last;
        private final int length;
        private final List<float[][]> streams = new ArrayList<>();
        private int position;

        Boundaries(int first, int last, List<int[]> windows) {
            this.first = first;
            this.last = last;
            length = windows.getFirst().length;
            for (int[] window : windows) {
                streams.add(new float[last - first + 1][length * shape.width()]);
                try (Session session = model.openSession(new SessionOptions(length, any -> this))) {
                    session.prefill(window);
                }
            }
        }

        LinearStandIn fit(int layer, int count) {
            StandInFitter fitter = new StandInFitter(shape.width(), epsilon);
            for (float[][] stream : streams) {
                fitter.add(stream[layer - first], 0, stream[layer + count - first], 0, length, workers);
            }
            AffineFit full = fitter.fit(RIDGE, workers);
            AffineFit fit = rank == 0 ? full : fitter.reduce(full, rank, workers);
            return new LinearStandIn(fit.weights(Run.ofLayers(layer, count), epsilon, ElementType.BF16), workers);
        }

        @Override
        public Decision decide(int sublayer, Phase phase, int tokens) {
            return shape.layer(sublayer) < last ? Decision.RUN : Decision.STOP;
        }

        @Override
        public void begin(Phase phase, int position, int tokens) {
            this.position = position;
        }

        @Override
        public boolean observes(int sublayer, Phase phase) {
            int layer = shape.layer(sublayer);
            return shape.isAttention(sublayer) ? layer >= first : layer == last - 1;
        }

        @Override
        public void observe(int sublayer, Phase phase, float[] input, float[] output, int tokens, int width) {
            int layer = shape.layer(sublayer);
            boolean behind = !shape.isAttention(sublayer);
            System.arraycopy(
                    behind ? output : input, 0,
                    streams.getLast()[behind ? last - first : layer - first], position * width, tokens * width);
        }
    }
}
