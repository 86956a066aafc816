package dev.skim.llm.eval;

import dev.skim.llm.Model;
import dev.skim.llm.Session;
import dev.skim.llm.SessionOptions;
import dev.skim.llm.eval.Result.Speed;
import dev.skim.skip.Phase;
import dev.skim.skip.SkipMeter;
import dev.skim.skip.SkipPlan;
import dev.skim.skip.SublayerCosts;
import dev.skim.skip.SublayerTimer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Rates of policies on one prompt. Every timed run of a policy stands next to a run of the dense model, now before and now
 * after it, and the policies take turns, so that whatever else the machine does meets all of them alike. Every run is a
 * session of its own.
 */
final class SpeedTest {
    /** The compiler is at work for about so long. */
    private static final double WARM_UP_SECONDS = 3;

    private final Model model;
    private final SessionOptions options;
    private final int[] prompt;
    private final int[] generated;
    private final List<Contender> contenders;
    private final Runnable step;
    private final List<Sample> dense = new ArrayList<>();
    private final List<SublayerCosts> promptCosts = new ArrayList<>();
    private final List<SublayerCosts> generationCosts = new ArrayList<>();
    private final List<List<Pair>> pairs = new ArrayList<>();

    /** One run: seconds by phase, and what was counted. */
    private record Sample(double prompt, double generation, long kvBytes, SkipMeter meter) {}

    /** A run of a policy and that of the dense model next to it. */
    private record Pair(Sample dense, Sample skipped) {
        double promptSaved() {
            return 1 - skipped.prompt / dense.prompt;
        }

        double generationSaved() {
            return 1 - skipped.generation / dense.generation;
        }
    }

    /**
     * Makes a test.
     *
     * @param tokens the text; its first tokens are the prompt, those after them are fed one by one
     * @param step told of each run
     */
    SpeedTest(
            Model model, int[] tokens, EvalSettings settings, SessionOptions options, List<Contender> contenders, Runnable step) {
        this.model = model;
        this.options = options;
        this.contenders = contenders;
        this.step = step;
        prompt = Arrays.copyOf(tokens, settings.promptTokens());
        generated = Arrays.copyOfRange(
                tokens, settings.promptTokens(), settings.promptTokens() + settings.generatedTokens());
        contenders.forEach(contender -> pairs.add(new ArrayList<>()));
    }

    /** Runs that are counted as steps, for so many contenders. */
    static int steps(EvalSettings settings, int contenders) {
        return settings.repeats() * (2 * contenders + 1);
    }

    void run(int repeats) {
        long start = System.nanoTime();
        do {
            contenders.forEach(contender -> sample(contender.policy().plan(model.shape())));
        } while (seconds(start) < WARM_UP_SECONDS);
        for (int i = 0; i < repeats; i++) {
            profileDense();
            for (int c = 0; c < contenders.size(); c++) {
                Contender contender = contenders.get(c);
                boolean denseFirst = i % 2 == 0;
                Sample before = denseFirst || contender.dense() ? dense() : skipped(contender);
                step.run();
                if (!contender.dense()) {
                    Sample after = denseFirst ? skipped(contender) : dense();
                    pairs.get(c).add(denseFirst ? new Pair(before, after) : new Pair(after, before));
                }
                step.run();
            }
        }
    }

    private Sample dense() {
        Sample whole = sample(SkipPlan.NONE);
        dense.add(whole);
        return whole;
    }

    private Sample skipped(Contender contender) {
        return sample(contender.policy().plan(model.shape()));
    }

    private void profileDense() {
        SublayerTimer timer = new SublayerTimer(model.shape());
        Sample timed = sample(timer);
        promptCosts.add(timer.costs(Phase.PREFILL, prompt.length, timed.prompt));
        generationCosts.add(
                timer.costs(Phase.DECODE, prompt.length + generated.length / 2, timed.generation));
        step.run();
    }

    private Sample sample(SkipPlan plan) {
        SkipMeter meter = new SkipMeter(plan, model.shape());
        // The dense model must take its own way through the layers, which asks nobody.
        SkipPlan counted = plan == SkipPlan.NONE ? plan : meter;
        try (Session session = model.openSession(
                options.withContextLength(prompt.length + generated.length).withSkip(shape -> counted))) {
            long start = System.nanoTime();
            session.prefill(prompt);
            double promptSeconds = seconds(start);
            long middle = System.nanoTime();
            for (int token : generated) {
                session.decode(token);
            }
            return new Sample(promptSeconds, seconds(middle), session.cacheBytes(), meter);
        }
    }

    private static double seconds(long since) {
        return (System.nanoTime() - since) * 1e-9;
    }

    Speed prompt(int contender) {
        List<Pair> runs = pairs.get(contender);
        if (runs.isEmpty()) {
            return new Speed(prompt.length / Median.of(dense, Sample::prompt), 0, 0, 0);
        }
        SkipMeter meter = runs.getLast().skipped.meter;
        return new Speed(
                prompt.length / Median.of(runs, pair -> pair.skipped.prompt),
                meter.savedWork(Phase.PREFILL),
                Median.of(runs, Pair::promptSaved),
                meter.savedTime(promptCosts()));
    }

    Speed generation(int contender) {
        List<Pair> runs = pairs.get(contender);
        if (runs.isEmpty()) {
            return new Speed(generated.length / Median.of(dense, Sample::generation), 0, 0, 0);
        }
        SkipMeter meter = runs.getLast().skipped.meter;
        return new Speed(
                generated.length / Median.of(runs, pair -> pair.skipped.generation),
                meter.savedWork(Phase.DECODE),
                Median.of(runs, Pair::generationSaved),
                meter.savedTime(generationCosts()));
    }

    double kvBytes(int contender) {
        List<Pair> runs = pairs.get(contender);
        return runs.isEmpty() ? dense.getLast().kvBytes : runs.getLast().skipped.kvBytes;
    }

    /** What the sublayers of the dense model take in the prompt. */
    SublayerCosts promptCosts() {
        return Median.ofCosts(promptCosts);
    }

    /** What the sublayers of the dense model take for a generated token. */
    SublayerCosts generationCosts() {
        return Median.ofCosts(generationCosts);
    }
}
