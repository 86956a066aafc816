package dev.skim.llm.eval;

import dev.skim.llm.Model;
import dev.skim.llm.Session;
import dev.skim.llm.SessionOptions;
import dev.skim.llm.SkimException;
import dev.skim.llm.eval.Result.Speed;
import dev.skim.skip.Importance;
import dev.skim.skip.SublayerCosts;
import dev.skim.skip.SublayerStatistics;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.DoubleConsumer;

/** Measures policies on one model and one text, the whole model first. */
public final class Evaluation {
    private final Model model;
    private final int[] tokens;
    private final EvalSettings settings;
    private final SessionOptions options;
    private final List<Contender> contenders = new ArrayList<>();
    private SublayerCosts promptCosts;
    private SublayerCosts generationCosts;
    private int done;

    /**
     * Makes an evaluation; the whole model is added where it is not among the policies.
     *
     * @param tokens the text
     * @param options how exactly all of them compute, the whole model too
     * @throws SkimException when the text or the model's context is too short
     */
    public Evaluation(
            Model model, int[] tokens, EvalSettings settings, SessionOptions options, List<Contender> policies) {
        settings.check(tokens.length, model.contextLength());
        this.model = model;
        this.tokens = tokens;
        this.settings = settings;
        this.options = options;
        contenders.add(Contender.DENSE);
        policies.stream().filter(policy -> !policy.dense()).forEach(contenders::add);
        for (Contender contender : contenders) {
            try {
                // That a policy does not fit the model must be known before an hour is spent on the others.
                contender.policy().plan(model.shape());
            } catch (IllegalArgumentException misfit) {
                throw new SkimException("The skipping policy " + contender.spec() + " does not fit this model: "
                        + misfit.getMessage() + ".", misfit);
            }
        }
    }

    /** Windows that are scored: as many as are wanted and the text has. */
    public int windows() {
        return Math.min(settings.windows(), tokens.length / settings.window());
    }

    /**
     * Measures.
     *
     * @param progress told the share that is done, 0 to 1
     */
    public List<Result> run(DoubleConsumer progress) {
        int count = contenders.size();
        int steps = SpeedTest.steps(settings, count) + QualityTest.steps(settings, count)
                - (settings.windows() - windows()) * count;
        Runnable step = () -> progress.accept((double) ++done / steps);
        SpeedTest speed = null;
        if (settings.repeats() > 0) {
            speed = new SpeedTest(model, tokens, settings, options, contenders, step);
            speed.run(settings.repeats());
            promptCosts = speed.promptCosts();
            generationCosts = speed.generationCosts();
        }
        QualityTest quality = new QualityTest(model, options, contenders, step);
        for (int w = 0; w < windows(); w++) {
            quality.window(Arrays.copyOfRange(tokens, w * settings.window(), (w + 1) * settings.window()));
        }
        for (int i = 0; i < settings.continuations(); i++) {
            int room = tokens.length - settings.continuedTokens();
            // Evenly over the whole text.
            int from = (int) ((long) room * i / settings.continuations());
            quality.proceed(
                    Arrays.copyOfRange(tokens, from, from + settings.continuedTokens()), settings.continuationTokens());
        }
        List<Result> results = new ArrayList<>();
        for (int c = 0; c < count; c++) {
            results.add(new Result(
                    contenders.get(c),
                    speed == null ? Speed.NONE : speed.prompt(c),
                    speed == null ? Speed.NONE : speed.generation(c),
                    speed == null ? Double.NaN : speed.kvBytes(c),
                    quality.scores(c),
                    quality.rougeL(c)));
        }
        return results;
    }

    /** What the dense model's sublayers took in the timed prompts; empty where nothing was timed. */
    public Optional<SublayerCosts> promptCosts() {
        return Optional.ofNullable(promptCosts);
    }

    /** The same for generated tokens. */
    public Optional<SublayerCosts> generationCosts() {
        return Optional.ofNullable(generationCosts);
    }

    /**
     * Measures how little each sublayer changes the stream, on windows of the text.
     *
     * @throws SkimException when the text has no window
     */
    public static Importance importance(Model model, int[] tokens, int window, int windows) {
        int count = Math.min(windows, tokens.length / window);
        if (count < 1) {
            throw new SkimException("The text has " + tokens.length + " tokens, fewer than one window of " + window
                    + " to measure importance on.");
        }
        SublayerStatistics statistics = new SublayerStatistics(model.shape());
        for (int w = 0; w < count; w++) {
            try (Session session = model.openSession(new SessionOptions(window, shape -> statistics))) {
                session.prefill(Arrays.copyOfRange(tokens, w * window, (w + 1) * window));
            }
        }
        return statistics.importance().orElseThrow();
    }
}
