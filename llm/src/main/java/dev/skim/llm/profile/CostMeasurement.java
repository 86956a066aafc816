package dev.skim.llm.profile;

import dev.skim.llm.Model;
import dev.skim.llm.Session;
import dev.skim.llm.SessionOptions;
import dev.skim.llm.eval.Median;
import dev.skim.skip.Phase;
import dev.skim.skip.SublayerCosts;
import dev.skim.skip.SublayerTimer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.DoubleConsumer;

/** Times the sublayers of the whole model on this machine: prompts, and generated tokens behind them. */
final class CostMeasurement {
    private static final int GENERATED = 24;

    /** Runs of a prompt: at least so many, and more until they took long enough, as a small model's are over in a moment. */
    private static final int LEAST_RUNS = 3;

    private static final int MOST_RUNS = 99;
    private static final double LEAST_SECONDS = 1;

    /** What a longer prompt may take, the least number of runs together. */
    private static final double PATIENCE_SECONDS = 60;

    /** What one run took. */
    private record Times(SublayerCosts prompt, SublayerCosts generation) {}

    private CostMeasurement() {}

    /**
     * Measures.
     *
     * @param contexts lengths of the prompts, cut to what the model's context holds; one that would take too long, going by the
     *     one before it, is halved until it does not
     */
    static List<SublayerCosts> measure(Model model, List<Integer> contexts, DoubleConsumer progress) {
        int most = model.contextLength() - GENERATED;
        List<Integer> lengths = contexts.stream()
                .map(length -> Math.min(length, most))
                .filter(length -> length > 0)
                .distinct()
                .sorted()
                .toList();
        List<SublayerCosts> costs = new ArrayList<>();
        double perToken = 0;
        for (int i = 0; i < lengths.size(); i++) {
            int length = lengths.get(i);
            if (i == 0) {
                warmUp(model, length);
            }
            while (i > 0 && length > lengths.get(i - 1) && perToken * length * 1.5 > PATIENCE_SECONDS) {
                length /= 2;
            }
            if (i == 0 || length > lengths.get(i - 1)) {
                long start = System.nanoTime();
                List<Times> runs = several(model, length);
                perToken = LEAST_RUNS * seconds(start) / runs.size() / length;
                costs.add(Median.ofCosts(runs.stream().map(Times::prompt).toList()));
                costs.add(Median.ofCosts(runs.stream().map(Times::generation).toList()));
            }
            progress.accept((i + 1.0) / lengths.size());
        }
        return costs;
    }

    /** For the compiler. */
    private static void warmUp(Model model, int context) {
        long start = System.nanoTime();
        do {
            once(model, context);
        } while (seconds(start) < LEAST_SECONDS);
    }

    private static List<Times> several(Model model, int context) {
        List<Times> runs = new ArrayList<>();
        long start = System.nanoTime();
        do {
            runs.add(once(model, context));
        } while (runs.size() < LEAST_RUNS || runs.size() < MOST_RUNS && seconds(start) < LEAST_SECONDS);
        return runs;
    }

    private static double seconds(long since) {
        return (System.nanoTime() - since) * 1e-9;
    }

    private static Times once(Model model, int context) {
        int[] tokens = new SplittableRandom(1)
                .ints(context + GENERATED, 0, model.tokenizer().vocabularySize())
                .toArray();
        SublayerTimer timer = new SublayerTimer(model.shape());
        // Not exact, as sessions that skip are by default: rounding makes products faster, and attention not.
        SessionOptions options = new SessionOptions(context + GENERATED, shape -> timer).withExact(false);
        try (Session session = model.openSession(options)) {
            long start = System.nanoTime();
            session.prefill(Arrays.copyOf(tokens, context));
            long middle = System.nanoTime();
            for (int i = 0; i < GENERATED; i++) {
                session.decode(tokens[context + i]);
            }
            long end = System.nanoTime();
            return new Times(
                    timer.costs(Phase.PREFILL, context, 1e-9 * (middle - start)),
                    timer.costs(Phase.DECODE, context, 1e-9 * (end - middle)));
        }
    }
}
