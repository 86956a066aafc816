package dev.skim.llm.profile;

import dev.skim.llm.Model;
import dev.skim.llm.Session;
import dev.skim.llm.SessionOptions;
import dev.skim.skip.Phase;
import dev.skim.skip.SublayerCosts;
import dev.skim.skip.SublayerTimer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.DoubleConsumer;

/** Times the sublayers of the whole model on this machine: prompts, and generated tokens behind them. */
final class CostMeasurement {
    private static final int GENERATED = 24;
    private static final int REPEATS = 3;

    /** What a longer prompt may take, all repeats together. */
    private static final double PATIENCE_SECONDS = 60;

    private CostMeasurement() {}

    /**
     * Measures.
     *
     * @param contexts lengths of the prompts, cut to what the model's context holds; a length that would take too long is
     *     halved until it does not
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
                // Once for the compiler.
                once(model, length);
            }
            while (i > 0 && length > lengths.get(i - 1) && perToken * length * 1.5 > PATIENCE_SECONDS) {
                length /= 2;
            }
            if (i == 0 || length > lengths.get(i - 1)) {
                long start = System.nanoTime();
                costs.addAll(median(model, length));
                perToken = 1e-9 * (System.nanoTime() - start) / length;
            }
            progress.accept((i + 1.0) / lengths.size());
        }
        return costs;
    }

    /** Of several runs, the one in the middle by each phase's time. */
    private static List<SublayerCosts> median(Model model, int context) {
        List<List<SublayerCosts>> runs = new ArrayList<>();
        for (int i = 0; i < REPEATS; i++) {
            runs.add(once(model, context));
        }
        List<SublayerCosts> medians = new ArrayList<>();
        for (int phase = 0; phase < runs.getFirst().size(); phase++) {
            int at = phase;
            medians.add(runs.stream()
                    .map(run -> run.get(at))
                    .sorted(Comparator.comparingDouble(cost -> cost.attention() + cost.feedForward()))
                    .toList()
                    .get(REPEATS / 2));
        }
        return medians;
    }

    private static List<SublayerCosts> once(Model model, int context) {
        int[] tokens = new SplittableRandom(1)
                .ints(context + GENERATED, 0, model.tokenizer().vocabularySize())
                .toArray();
        SublayerTimer timer = new SublayerTimer(model.shape());
        try (Session session = model.openSession(new SessionOptions(context + GENERATED, shape -> timer))) {
            long start = System.nanoTime();
            session.prefill(Arrays.copyOf(tokens, context));
            long middle = System.nanoTime();
            for (int i = 0; i < GENERATED; i++) {
                session.decode(tokens[context + i]);
            }
            long end = System.nanoTime();
            return List.of(
                    timer.costs(Phase.PREFILL, context, 1e-9 * (middle - start)),
                    timer.costs(Phase.DECODE, context, 1e-9 * (end - middle)));
        }
    }
}
