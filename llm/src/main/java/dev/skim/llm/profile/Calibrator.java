package dev.skim.llm.profile;

import dev.skim.gguf.Metadata;
import dev.skim.llm.Model;
import dev.skim.llm.Session;
import dev.skim.llm.SessionOptions;
import dev.skim.llm.SkimException;
import dev.skim.skip.Importance;
import dev.skim.skip.ModelShape;
import dev.skim.skip.Profile;
import dev.skim.skip.Run;
import dev.skim.skip.Share;
import dev.skim.skip.SkipPlan;
import dev.skim.skip.StandInCalibration;
import dev.skim.skip.StandInSet;
import dev.skim.skip.SublayerCosts;
import dev.skim.skip.SublayerStatistics;
import dev.skim.tensor.ElementType;
import dev.skim.tensor.Workers;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * Makes the profile of a model: importance of sublayers (AdaSkip eq. 2 and 3, block influence), measured times and harms
 * of sublayers and layers, and linear stand-ins for runs of layers, chosen by what they do to the model's predictions.
 */
public final class Calibrator {
    /** Windows on which harms are measured, all over the text. */
    private static final int HARM_WINDOWS = 3;

    /**
     * What is measured.
     *
     * @param shares savings to fit stand-ins for; empty for none
     * @param rank of the stand-ins' maps, 0 for full ones
     * @param harms whether the harm of each sublayer and layer is measured, and the best order to leave them out in
     * @param timed lengths of the prompts at which sublayers are timed; empty for no times
     */
    public record Settings(List<Share> shares, int rank, boolean harms, List<Integer> timed) {
        /** Copies the lists. */
        public Settings {
            shares = List.copyOf(shares);
            timed = List.copyOf(timed);
        }
    }

    /** Told how far the calibration is. */
    @FunctionalInterface
    public interface Progress {
        /** A stage is so far done, 0 to 1. */
        void at(String stage, double share);
    }

    private final Model model;
    private final ModelShape shape;
    private final Settings settings;
    private final Progress progress;

    private Calibrator(Model model, Settings settings, Progress progress) {
        this.model = model;
        this.shape = model.shape();
        this.settings = settings;
        this.progress = progress;
    }

    /** Tokens of text that it takes at least: a stand-in's fit wants two for each of the model's width. */
    public static int leastTokens(ModelShape shape, Settings settings) {
        return settings.shares().isEmpty() ? 1 : Math.multiplyExact(2, shape.width());
    }

    /**
     * Calibrates.
     *
     * @throws SkimException when the text is too short for what is wanted, or a share cannot be reached
     */
    public static Profile calibrate(Model model, CalibrationText text, Settings settings, Progress progress) {
        try (Workers workers = new Workers(model.threads())) {
            return new Calibrator(model, settings, progress).run(text, workers);
        } catch (IllegalArgumentException | IllegalStateException | ArithmeticException mistake) {
            throw new SkimException("The calibration cannot be done: " + mistake.getMessage() + ".", mistake);
        }
    }

    private Profile run(CalibrationText text, Workers workers) {
        int length = text.windows().getFirst().length;
        if (length < HarmMeasurement.WINDOW && (settings.harms() || !settings.shares().isEmpty())) {
            throw new IllegalArgumentException("harms and stand-ins are measured on windows of at least "
                    + HarmMeasurement.WINDOW + " tokens, and those of the text have " + length);
        }
        if (text.tokens() < leastTokens(shape, settings)) {
            throw new IllegalArgumentException("stand-ins for a model of width " + shape.width() + " need at least "
                    + leastTokens(shape, settings) + " tokens of text, and there are " + text.tokens());
        }
        StandInChoice choice = new StandInChoice(model, epsilon(), settings.rank(), workers);
        settings.shares().forEach(choice::check);
        SublayerStatistics statistics = statistics(text.windows());
        Importance importance = statistics.importance().orElseThrow();
        List<SublayerCosts> costs =
                CostMeasurement.measure(model, settings.timed(), done -> progress.at("timing sublayers", done));
        Profile.Builder builder = Profile.of(
                        Profiles.hash(model), Profiles.tensorTypes(model), shape.width(), importance)
                .withoutFirst(statistics.importanceWithoutFirst().orElse(null))
                .costs(costs)
                .notes(String.format(
                        Locale.ROOT, "%d tokens of %s, in %d windows", text.tokens(), text.source(), text.windows().size()));
        HarmMeasurement harms = new HarmMeasurement(model, spread(text.windows(), HARM_WINDOWS), workers);
        if (settings.harms()) {
            measureHarms(builder, harms, importance, costs);
        }
        if (!settings.shares().isEmpty()) {
            builder.standIns(standIns(text, choice, harms, workers));
        }
        return builder.build();
    }

    private SublayerStatistics statistics(List<int[]> windows) {
        SublayerStatistics statistics = new SublayerStatistics(shape);
        for (int w = 0; w < windows.size(); w++) {
            read(windows.get(w), statistics);
            progress.at("measuring importance", (w + 1.0) / windows.size());
        }
        return statistics;
    }

    private void read(int[] window, SkipPlan plan) {
        try (Session session = model.openSession(new SessionOptions(window.length, any -> plan))) {
            session.prefill(window);
        }
    }

    /** So many of the windows, the first and the last among them. */
    private static List<int[]> spread(List<int[]> windows, int count) {
        List<int[]> some = new ArrayList<>();
        int there = Math.min(count, windows.size());
        for (int i = 0; i < there; i++) {
            some.add(windows.get((windows.size() - 1) * i / Math.max(1, there - 1)));
        }
        return some;
    }

    private void measureHarms(
            Profile.Builder builder, HarmMeasurement harms, Importance importance, List<SublayerCosts> costs) {
        List<HarmMeasurement.Variant> variants = new ArrayList<>();
        for (int sublayer = 0; sublayer < shape.sublayers(); sublayer++) {
            BitSet out = new BitSet();
            out.set(sublayer);
            variants.add(HarmMeasurement.Variant.of(shape, out, importance));
        }
        for (int layer = 0; layer < shape.layers(); layer++) {
            BitSet out = new BitSet();
            out.set(layer);
            out.set(shape.layers() + layer);
            variants.add(HarmMeasurement.Variant.of(shape, out, importance));
        }
        double[] measured = harms.measure(variants, done -> progress.at("leaving out one by one", done));
        builder.harms(
                Arrays.copyOf(measured, shape.sublayers()),
                Arrays.copyOfRange(measured, shape.sublayers(), measured.length));
        builder.removals(new RemovalOrders(shape, importance, costs, measured, harms)
                .measure(done -> progress.at("leaving out together", done)));
    }

    private List<StandInSet> standIns(CalibrationText text, StandInChoice choice, HarmMeasurement harms, Workers workers) {
        float epsilon = epsilon();
        choice.measure(text.windows(), harms, done -> progress.at("trying stand-ins", done));
        List<StandInSet> sets = new ArrayList<>();
        for (Share share : settings.shares()) {
            List<Run> runs = choice.runs(share);
            StandInCalibration calibration = new StandInCalibration(
                    shape,
                    runs,
                    new StandInCalibration.Settings(share, epsilon, settings.rank(), ElementType.BF16),
                    workers);
            List<int[]> windows = text.windows();
            for (int fitted = 0; !calibration.done(); fitted++) {
                for (int w = 0; w < windows.size(); w++) {
                    read(windows.get(w), calibration.wholePlan(w));
                    read(windows.get(w), calibration.patchedPlan(w));
                    progress.at("fitting stand-ins for " + share, (fitted + (w + 1.0) / windows.size()) / runs.size());
                }
                calibration.fitNext();
            }
            String left = calibration.qualities().stream()
                    .map(quality -> String.format(Locale.ROOT, "%.3f", quality.unexplained()))
                    .collect(Collectors.joining(", "));
            sets.add(calibration.result("unexplained share of the change, run by run: " + left));
        }
        return sets;
    }

    private float epsilon() {
        Metadata metadata = model.file().metadata();
        return (float) metadata.number(model.architecture() + ".attention.layer_norm_rms_epsilon", 1e-5);
    }
}
