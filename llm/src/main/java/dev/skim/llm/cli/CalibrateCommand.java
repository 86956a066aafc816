package dev.skim.llm.cli;

import dev.skim.llm.Model;
import dev.skim.llm.SkimException;
import dev.skim.llm.profile.CalibrationText;
import dev.skim.llm.profile.Calibrator;
import dev.skim.llm.profile.Profiles;
import dev.skim.llm.storage.FileFailure;
import dev.skim.skip.Profile;
import dev.skim.skip.Share;
import dev.skim.skip.StandInSet;
import dev.skim.skip.SublayerCosts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code skim calibrate}: makes the profile that skipping goes by. */
@Command(
        name = "calibrate",
        mixinStandardHelpOptions = true,
        description = "Measures which parts of a model matter least, and fits stand-ins for them. The profile goes into the "
                + "cache, where --skip finds it.")
final class CalibrateCommand implements Callable<Integer> {
    private static final int WINDOW = 512;

    /** Tokens to read of a file, and of what the model writes, which takes longer. */
    private static final int OF_FILE = 16_384;
    private static final int WRITTEN = 8192;

    @Mixin
    private ModelOptions model;

    @Option(
            names = {"-f", "--file"},
            paramLabel = "FILE",
            description = "A text like those that the model is to read; without, it writes one itself.")
    private Path file;

    @Option(
            names = {"-o", "--out"},
            paramLabel = "FILE",
            description = "Where the profile goes; into the cache where not given.")
    private Path out;

    @Option(
            names = "--tokens",
            paramLabel = "N",
            description = "Tokens of text to read, in windows of 512. Default: 16384, of the model's own text 8192; more where "
                    + "stand-ins of a wide model need it.")
    private Integer tokens;

    @Option(
            names = "--share",
            split = ",",
            paramLabel = "P%",
            description = "Savings to fit stand-ins for (--skip patch:P%%); none for none. Default: 12.5%%,25%%.")
    private List<String> shares = List.of("12.5%", "25%");

    @Option(
            names = "--rank",
            paramLabel = "N",
            description = "Rank of the stand-ins; 0 for full maps. Default: ${DEFAULT-VALUE}.")
    private int rank;

    @Option(
            names = "--timed",
            split = ",",
            paramLabel = "N",
            description = "Prompt lengths at which sublayers are timed; 0 for none. Default: ${DEFAULT-VALUE}.")
    private List<Integer> timed = List.of(512, 4096);

    @Option(
            names = "--no-harms",
            description = "Do not measure what leaving out each sublayer does to the predictions: cost: then goes by "
                    + "similarity.")
    private boolean noHarms;

    @Override
    public Integer call() {
        Calibrator.Settings settings = new Calibrator.Settings(shares(), rank, !noHarms, timed());
        if (tokens != null && tokens < WINDOW) {
            throw new SkimException("--tokens must be " + WINDOW + " or more, not " + tokens + ".");
        }
        if (file != null) {
            FileFailure.tryOpening("The file " + file, file);
        }
        if (out != null) {
            checkTarget(out);
        }
        try (Model loaded = model.load()) {
            if (rank < 0 || rank >= loaded.shape().width()) {
                throw new SkimException("--rank must be 0 (full) to " + (loaded.shape().width() - 1) + ", not " + rank + ".");
            }
            Path target = out;
            if (target == null) {
                target = Profiles.cached(loaded);
                checkTarget(target);
            }
            CalibrationText text = text(loaded, windows(loaded, settings));
            Stages stages = new Stages();
            Profile profile;
            try {
                profile = Calibrator.calibrate(loaded, text, settings, stages::at);
            } finally {
                stages.close();
            }
            Profiles.write(target, profile, loaded);
            report(loaded, profile, target);
        }
        return 0;
    }

    private int windows(Model loaded, Calibrator.Settings settings) {
        int least = Calibrator.leastTokens(loaded.shape(), settings);
        if (tokens == null) {
            return Math.ceilDiv(Math.max(file == null ? WRITTEN : OF_FILE, least), WINDOW);
        }
        int count = tokens / WINDOW;
        if (count * WINDOW < least) {
            throw new SkimException("Stand-ins for a model of width " + loaded.shape().width() + " need --tokens of at least "
                    + Math.ceilDiv(least, WINDOW) * WINDOW + ", not " + tokens + "; --share none fits none.");
        }
        return count;
    }

    /** Refuses a place where the profile cannot go: what took minutes to measure would be lost there. */
    private static void checkTarget(Path target) {
        String refusal = "The profile " + target + " cannot be written: ";
        if (Files.isDirectory(target)) {
            throw new SkimException(refusal + "it is a folder.");
        }
        Path folder = target.toAbsolutePath().getParent();
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw new SkimException(refusal + FileFailure.reason(e) + ".", e);
        }
        if (!Files.isWritable(folder)) {
            throw new SkimException(refusal + "access to its folder is denied.");
        }
    }

    private List<Integer> timed() {
        for (int length : timed) {
            if (length < 0) {
                throw new SkimException("--timed takes numbers of tokens, 0 or more, not " + length + ".");
            }
        }
        return timed.stream().filter(length -> length > 0).toList();
    }

    private List<Share> shares() {
        if (shares.equals(List.of("none"))) {
            return List.of();
        }
        List<Share> parsed = new ArrayList<>();
        for (String share : shares) {
            try {
                parsed.add(Share.parse(share));
            } catch (IllegalArgumentException mistake) {
                throw new SkimException("--share: " + mistake.getMessage() + ".", mistake);
            }
            if (parsed.getLast().value() == 0) {
                throw new SkimException("--share: stand-ins that save 0% are none; give more, or none.");
            }
        }
        return parsed;
    }

    private CalibrationText text(Model loaded, int count) {
        if (file != null) {
            return CalibrationText.ofFile(loaded, file, WINDOW, count);
        }
        try (ProgressBar bar = new ProgressBar("letting the model write a text")) {
            return CalibrationText.ofModel(loaded, WINDOW, count, bar);
        }
    }

    private static void report(Model loaded, Profile profile, Path target) {
        System.out.println(
                Style.printable("The profile of " + loaded.name() + " is in " + target + ": " + profile.notes() + "."));
        int[] order = profile.importance().order();
        System.out.println("least important sublayers: " + IntStream.of(order)
                .limit(8)
                .mapToObj(s -> (loaded.shape().isAttention(s) ? "attention " : "feed-forward ") + loaded.shape().layer(s))
                .collect(Collectors.joining(", ")));
        System.out.println("least important layers: " + IntStream.of(profile.importance().layerOrder())
                .limit(7)
                .mapToObj(Integer::toString)
                .collect(Collectors.joining(", ")));
        for (SublayerCosts costs : profile.costs()) {
            System.out.printf(
                    Locale.ROOT,
                    "%s at %d tokens: attention %.4f ms, feed-forward %.4f ms a sublayer and token, the rest %.4f ms a token%n",
                    costs.phase().name().toLowerCase(Locale.ROOT), costs.context(), costs.attention(), costs.feedForward(),
                    costs.rest());
        }
        for (StandInSet set : profile.standIns()) {
            System.out.printf(
                    Locale.ROOT,
                    "patch:%s leaves out %.1f %% of the layers' multiply-adds, by stand-ins for %s%n",
                    set.share(),
                    100 * set.saving(loaded.shape()),
                    set.standIns().stream()
                            .map(standIn -> "layers " + standIn.run().start() / 2 + " to " + (standIn.run().end() - 1) / 2)
                            .collect(Collectors.joining(", ")));
        }
    }

    /** One bar after another. */
    private static final class Stages {
        private String stage = "";
        private ProgressBar bar;

        void at(String name, double share) {
            if (!name.equals(stage)) {
                close();
                bar = new ProgressBar(name);
                stage = name;
            }
            bar.accept(share);
        }

        void close() {
            if (bar != null) {
                bar.close();
                bar = null;
            }
        }
    }
}
