package dev.skim.llm.cli;

import dev.skim.llm.Model;
import dev.skim.llm.SessionOptions;
import dev.skim.llm.SkimException;
import dev.skim.llm.eval.Contender;
import dev.skim.llm.eval.EvalSettings;
import dev.skim.llm.eval.Evaluation;
import dev.skim.llm.eval.HeatMap;
import dev.skim.llm.eval.HeatMapChart;
import dev.skim.llm.eval.Report;
import dev.skim.llm.eval.Result;
import dev.skim.llm.eval.Sweep;
import dev.skim.llm.eval.TradeOffChart;
import dev.skim.llm.profile.Profiles;
import dev.skim.llm.storage.FileFailure;
import dev.skim.skip.Importance;
import dev.skim.skip.Profile;
import dev.skim.skip.Share;
import dev.skim.skip.SkipPolicies;
import dev.skim.skip.SkipPolicy;
import dev.skim.tensor.Workers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code skim eval}: what skipping policies gain and cost, side by side with the whole model. */
@Command(
        name = "eval",
        mixinStandardHelpOptions = true,
        description = "Compares skipping policies with the whole model: speed, perplexity, agreement, memory.")
final class EvalCommand implements Callable<Integer> {
    @Mixin
    private ModelOptions model;

    @Mixin
    private PrecisionOptions precision;

    @Mixin
    private TextOptions text;

    @Option(
            names = "--skip",
            split = ",",
            paramLabel = "POLICY",
            description = "Policies, such as adaskip:8/7,shortgpt:4,cost:25%%; with --sweep also methods without an "
                    + "amount, such as shortgpt or balanced::both.")
    private List<String> policies = List.of();

    @Option(
            names = "--profile",
            paramLabel = "FILE",
            description = "The model's profile, made by skim calibrate; the one in the cache where not given.")
    private Path profileFile;

    @Option(
            names = "--sweep",
            arity = "0..1",
            fallbackValue = "",
            paramLabel = "SHARES",
            description = "Measure each method at these shares of sublayers, layers or cost, such as 10%%,20%%; all methods "
                    + "that the model's profile allows where --skip names none.")
    private String sweep;

    @Option(
            names = "--prompt-tokens",
            paramLabel = "N",
            description = "Tokens of the timed prompt. Default: ${DEFAULT-VALUE}.")
    private int promptTokens = 512;

    @Option(
            names = {"-n", "--generated-tokens"},
            paramLabel = "N",
            description = "Timed tokens that are run one by one. Default: ${DEFAULT-VALUE}.")
    private int generatedTokens = 64;

    @Option(
            names = {"-r", "--repeats"},
            paramLabel = "N",
            description = "Timed runs of each policy; 0 for no rates. Default: ${DEFAULT-VALUE}.")
    private int repeats = 5;

    @Option(
            names = {"-w", "--window"},
            paramLabel = "N",
            description = "Tokens of a window, whose second half is scored. Default: ${DEFAULT-VALUE}.")
    private int window = 512;

    @Option(
            names = "--windows",
            paramLabel = "N",
            description = "Windows that are scored at most; 0 for none. Default: ${DEFAULT-VALUE}.")
    private int windows = 8;

    @Option(
            names = "--continuations",
            paramLabel = "N",
            description = "Prompts that are continued, for ROUGE-L; 0 for none. Default: ${DEFAULT-VALUE}.")
    private int continuations = 8;

    @Option(
            names = "--continuation-tokens",
            paramLabel = "N",
            description = "Tokens of each continuation. Default: ${DEFAULT-VALUE}.")
    private int continuationTokens = 64;

    @Option(names = "--csv", paramLabel = "FILE", description = "Write the figures as CSV.")
    private Path csv;

    @Option(
            names = "--chart",
            paramLabel = "FILE",
            description = "Draw perplexity against speed, one line a method; .png or .svg.")
    private Path chart;

    @Option(
            names = "--heatmap",
            arity = "0..1",
            fallbackValue = "",
            paramLabel = "FILE",
            description = "Draw the importance of the sublayers here and, where a file is named, as .png or .svg.")
    private String heatMap;

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Override
    public Integer call() {
        EvalSettings settings = new EvalSettings(
                promptTokens, generatedTokens, repeats, window, windows, continuations, continuationTokens);
        check();
        String given = text.text();
        try (Model loaded = model.load();
                Workers workers = new Workers(loaded.threads())) {
            int[] tokens = loaded.tokenizer().encode(given, false, false);
            Profile profile = profileFile != null
                    ? Profiles.read(profileFile, loaded)
                    : Profiles.find(loaded).orElse(null);
            List<Contender> contenders = contenders(loaded, profile, workers);
            if (!contenders.isEmpty()) {
                compare(loaded, tokens, settings, contenders);
            }
            if (heatMap != null) {
                drawHeatMap(loaded, profile, tokens);
            }
        }
        return 0;
    }

    private void check() {
        if (policies.isEmpty() && sweep == null) {
            if (heatMap == null || csv != null || chart != null || json) {
                throw new SkimException("There is nothing to compare: name policies by --skip, or ask for --sweep.");
            }
        }
        if (chart != null) {
            if (repeats == 0 || windows == 0) {
                throw new SkimException("A chart shows perplexity against speed, and needs --repeats and --windows of at "
                        + "least 1.");
            }
            TradeOffChart.check(chart);
        }
        if (heatMap != null && !heatMap.isEmpty()) {
            HeatMapChart.check(Path.of(heatMap));
        }
        if (csv != null && Files.isDirectory(csv)) {
            throw new SkimException("The file " + csv + " cannot be written: it is a folder.");
        }
        if (csv != null && !Files.isDirectory(csv.toAbsolutePath().getParent())) {
            throw new SkimException("The file " + csv + " cannot be written: its folder is not there.");
        }
        if (profileFile != null) {
            Profiles.check(profileFile);
        }
        try {
            if (sweep == null) {
                policies.forEach(SkipPolicies::check);
            } else if (!sweep.isEmpty()) {
                Sweep.shares(sweep);
            }
        } catch (IllegalArgumentException wrong) {
            throw refusal(wrong);
        }
    }

    private static SkimException refusal(IllegalArgumentException wrong) {
        String what = wrong.getMessage();
        return new SkimException(what.substring(0, 1).toUpperCase(Locale.ROOT) + what.substring(1) + ".", wrong);
    }

    private void compare(Model loaded, int[] tokens, EvalSettings settings, List<Contender> contenders) {
        Evaluation evaluation = new Evaluation(loaded, tokens, settings, precision.apply(SessionOptions.DEFAULT), contenders);
        List<Result> results;
        try (ProgressBar bar = new ProgressBar("measuring " + contenders.size() + " policies")) {
            results = evaluation.run(bar);
        }
        // The figures first: what took long is not to be lost to a file that cannot be written.
        print(loaded, evaluation, settings, results);
        System.out.flush();
        write(csv, Report.csv(results));
        if (chart != null) {
            TradeOffChart.write(loaded.name(), results, chart);
        }
    }

    private List<Contender> contenders(Model loaded, Profile profile, Workers workers) {
        List<Contender> contenders = new ArrayList<>();
        try {
            List<String> specs = policies;
            if (sweep != null) {
                List<Share> shares = sweep.isEmpty() ? Sweep.SHARES : Sweep.shares(sweep);
                specs = Sweep.expand(
                        policies.isEmpty() ? Sweep.methods(profile) : policies, shares, loaded.shape(), profile);
            }
            for (String spec : specs) {
                SkipPolicy policy = SkipOptions.fixed(spec, SkipPolicies.parse(spec, profile, workers));
                contenders.add(new Contender(spec, policy));
            }
        } catch (IllegalArgumentException wrong) {
            throw refusal(wrong);
        }
        return contenders;
    }

    private void print(Model loaded, Evaluation evaluation, EvalSettings settings, List<Result> results) {
        if (json) {
            System.out.println(Json.of(describe(loaded, evaluation, settings, results)));
            return;
        }
        System.out.print(Report.table(results, settings, evaluation.windows()));
        int layers = loaded.shape().layers();
        evaluation.promptCosts().ifPresent(costs -> System.out.print(Report.sentence("Prompt", costs, layers)));
        evaluation.generationCosts().ifPresent(costs -> System.out.print(Report.sentence("Generation", costs, layers)));
    }

    private Map<String, Object> describe(
            Model loaded, Evaluation evaluation, EvalSettings settings, List<Result> results) {
        Map<String, Object> whole = new LinkedHashMap<>();
        whole.put("model", loaded.name());
        whole.put("threads", loaded.threads());
        whole.put("prompt_tokens", settings.promptTokens());
        whole.put("generated_tokens", settings.generatedTokens());
        whole.put("repeats", settings.repeats());
        whole.put("window", settings.window());
        whole.put("windows", evaluation.windows());
        whole.put("continuations", settings.continuations());
        whole.put("continuation_tokens", settings.continuationTokens());
        whole.put("kv_type", precision.kvType().toString());
        whole.put("exact", precision.exact());
        evaluation.promptCosts().ifPresent(costs -> whole.put("dense_prompt", Report.costs(costs)));
        evaluation.generationCosts().ifPresent(costs -> whole.put("dense_generation", Report.costs(costs)));
        whole.put("policies", results.stream().map(Report::figures).toList());
        return whole;
    }

    private void drawHeatMap(Model loaded, Profile profile, int[] tokens) {
        Importance importance = profile != null
                ? profile.importance()
                : Evaluation.importance(loaded, tokens, window, Math.max(1, windows));
        if (!json) {
            System.out.print("\n" + HeatMap.text(importance));
        }
        if (!heatMap.isEmpty()) {
            HeatMapChart.write(loaded.name(), importance, Path.of(heatMap));
        }
    }

    private static void write(Path file, String what) {
        if (file == null) {
            return;
        }
        try {
            Files.writeString(file, what);
        } catch (IOException e) {
            throw new SkimException("The file " + file + " cannot be written: " + FileFailure.reason(e) + ".", e);
        }
    }
}
