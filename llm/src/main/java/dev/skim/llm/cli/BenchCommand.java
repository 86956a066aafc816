package dev.skim.llm.cli;

import dev.skim.gguf.TensorInfo;
import dev.skim.llm.Drafting;
import dev.skim.llm.Model;
import dev.skim.llm.Session;
import dev.skim.llm.SessionOptions;
import dev.skim.llm.SkimException;
import dev.skim.llm.bench.Bench;
import dev.skim.llm.bench.Machine;
import dev.skim.llm.bench.SyntheticModel;
import dev.skim.llm.storage.FileFailure;
import dev.skim.nn.KvType;
import dev.skim.skip.SkipPolicy;
import dev.skim.tensor.ElementType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code skim bench}: prompt and generation rates, and how near they come to what the machine can do. */
@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        description = "Measures tokens per second, and their share of the machine's read bandwidth and multiply-add rate.")
final class BenchCommand implements Callable<Integer> {
    @Mixin
    private ModelOptions model;

    @Mixin
    private SkipOptions skip;

    @Option(
            names = {"-p", "--prompt-tokens"},
            split = ",",
            paramLabel = "N",
            description = "Prompt lengths to measure, such as 512,4096; 0 for none. Default: ${DEFAULT-VALUE}.")
    private List<Integer> prompts = List.of(512);

    @Option(
            names = {"-n", "--generated-tokens"},
            split = ",",
            paramLabel = "N",
            description = "Numbers of generated tokens to measure; 0 for none. Default: ${DEFAULT-VALUE}.")
    private List<Integer> generations = List.of(128);

    @Option(
            names = {"-d", "--depth"},
            split = ",",
            paramLabel = "N",
            description = "Numbers of tokens that are in the cache before each test. Default: ${DEFAULT-VALUE}.")
    private List<Integer> depths = List.of(0);

    @Mixin
    private PrecisionOptions precision;

    @Option(
            names = {"-r", "--repeats"},
            paramLabel = "N",
            description = "Measured runs of each test, after the warm-up. Default: ${DEFAULT-VALUE}.")
    private int repeats = 5;

    @Option(
            names = "--no-warmup",
            description = "Measure from the first run on, which the compilation of the kernels is part of.")
    private boolean noWarmUp;

    @Option(
            names = "--synthetic",
            paramLabel = "SHAPE",
            description = "Measure random weights in the shape of a real model: 135m, 360m, 1b, 1b-32k, 3b or 7b.")
    private String synthetic;

    @Option(
            names = "--type",
            paramLabel = "TYPE",
            description = "Their element type: F16, Q4_0 to Q8_0, Q2_K to Q6_K, IQ1_S to IQ4_XS (but IQ1_M), or "
                    + "the mix Q4_K_M or Q5_K_M.")
    private String type;

    @Option(names = "--save", paramLabel = "FILE", description = "Write the random-weight model to a GGUF file, and keep it.")
    private Path save;

    @Mixin
    private SpeculationMixin speculation;

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Override
    public Integer call() {
        List<Bench.Test> tests = tests();
        speculation.check(skip);
        if (synthetic == null) {
            if (type != null || save != null) {
                throw new SkimException("--type and --save go with --synthetic, which is not given.");
            }
            measure(model.path(), tests);
            return 0;
        }
        if (model.given()) {
            throw new SkimException("Both -m and --synthetic say what to measure; give one of them.");
        }
        SyntheticModel made = new SyntheticModel(
                SyntheticModel.Shape.of(synthetic), SyntheticModel.Mix.of(type == null ? "Q4_0" : type));
        try {
            if (save != null) {
                write(made, save);
                measure(save, tests);
            } else {
                Path file = Files.createTempFile("skim-synthetic-", ".gguf");
                file.toFile().deleteOnExit();
                try {
                    write(made, file);
                    measure(file, tests);
                } finally {
                    Files.deleteIfExists(file);
                }
            }
        } catch (IOException e) {
            throw new SkimException("The random-weight model of " + made.bytes() + " bytes could not be written: "
                    + FileFailure.reason(e) + ".", e);
        }
        return 0;
    }

    private List<Bench.Test> tests() {
        if (repeats < 1) {
            throw new SkimException("The number of repeats must be 1 or more, not " + repeats + ".");
        }
        List<Bench.Test> tests = new ArrayList<>();
        for (int depth : depths) {
            prompts.forEach(tokens -> add(tests, true, tokens, depth));
            generations.forEach(tokens -> add(tests, false, tokens, depth));
        }
        if (speculation.given() && longestGeneration(tests) < 2) {
            throw new SkimException("Speculation is measured on 2 generated tokens or more, not " + longestGeneration(tests) + ".");
        }
        return tests;
    }

    private static void add(List<Bench.Test> tests, boolean prompt, int tokens, int depth) {
        if (tokens < 0 || depth < 0) {
            throw new SkimException("The number of tokens must be 0 or more, not " + Math.min(tokens, depth) + ".");
        }
        if (tokens > 0) {
            tests.add(new Bench.Test(prompt, tokens, depth));
        }
    }

    private static void write(SyntheticModel made, Path file) throws IOException {
        try (ProgressBar bar = new ProgressBar("writing " + made.name())) {
            made.write(file, bar);
        }
    }

    private void measure(Path file, List<Bench.Test> tests) {
        if (tests.isEmpty() && !speculation.given()) {
            return;
        }
        Machine machine = Machine.measure(model.threads());
        int longest = tests.stream().mapToInt(test -> test.depth() + test.tokens()).max().orElse(0);
        List<Bench.Result> results = new ArrayList<>();
        List<SkippedTest> skipped = new ArrayList<>();
        try (Model loaded = model.load(file)) {
            SessionOptions speculating =
                    precision.apply(SessionOptions.DEFAULT).withDrafting(speculation.drafting(loaded, skip));
            // A draft that does not fit is refused before all is measured.
            SpeculationMixin.open(loaded, speculating.withContextLength(1)).close();
            SkipPolicy policy = skip.fixedPolicy(loaded);
            SkipReport report = new SkipReport(policy);
            Bench bench = new Bench(loaded, machine);
            try (ProgressBar bar = new ProgressBar("measuring")) {
                for (Bench.Test test : tests) {
                    bar.draw((double) results.size() / tests.size(), test.name());
                    try (Session session = loaded.openSession(options(longest, SkipPolicy.NONE))) {
                        results.add(bench.run(session, test, repeats, !noWarmUp));
                    }
                    // In one run with the whole model, so that the two can be compared.
                    try (Session session = loaded.openSession(options(longest, report.metered()))) {
                        if (report.counts()) {
                            Bench.Result result = bench.run(session, test, repeats, !noWarmUp);
                            skipped.add(new SkippedTest(results.getLast(), result, report));
                        }
                    }
                }
            }
            Map<String, Object> figures = report(loaded, bench, machine, results);
            if (!skipped.isEmpty()) {
                figures.put("skip", skipped.stream().map(SkippedTest::figures).toList());
            }
            if (!json && !results.isEmpty()) {
                print(loaded, machine, results);
                skipped.forEach(test -> System.out.println(test.line()));
            }
            if (!(speculating.drafting() instanceof Drafting.None)) {
                SpeculationReport.measure(loaded, speculating, longestGeneration(tests), repeats, json ? figures : null);
            }
            if (json) {
                System.out.println(Json.of(figures));
            }
        }
    }

    private SessionOptions options(int longest, SkipPolicy policy) {
        return precision.apply(new SessionOptions(longest + 1, policy));
    }

    private static int longestGeneration(List<Bench.Test> tests) {
        return tests.stream().filter(test -> !test.isPrompt()).mapToInt(Bench.Test::tokens).max().orElse(128);
    }

    private void print(Model loaded, Machine machine, List<Bench.Result> results) {
        String label = label(loaded);
        int width = Math.max(30, label.length());
        String row = "| %-" + width + "s | %10s | %8s | %7s | %14s | %18s | %23s |%n";
        System.out.printf(row, "model", "size", "params", "threads", "test", "t/s", "share of the machine's");
        System.out.printf(row.replace(" | ", "-|-").replace("| ", "|-").replace(" |%n", ":|%n"), (Object[]) dashes(width));
        for (Bench.Result result : results) {
            System.out.printf(
                    row,
                    label,
                    String.format(Locale.ROOT, "%.2f MiB", bytes(loaded) / 1048576.0),
                    parameters(loaded),
                    loaded.threads(),
                    result.test().name(),
                    String.format(Locale.ROOT, "%.2f ± %.2f", result.mean(), result.deviation()),
                    String.format(Locale.ROOT, "%.0f %% of %s", 100 * result.share(), limit(result.test())));
        }
        System.out.printf(
                Locale.ROOT,
                "%nThe machine, with %d threads: reads %.1f GB/s, does %.1f G multiply-adds/s (f32, %d bit).%n",
                machine.threads(),
                machine.readBandwidth() / 1e9,
                machine.multiplyAdds() / 1e9,
                machine.width());
        if (precision.kvType() != KvType.F32) {
            System.out.println("Keys and values are held in " + precision.kvType() + ".");
        }
        if (precision.exact()) {
            System.out.println("All products are in f32.");
        }
        String restless = results.stream()
                .filter(result -> !noWarmUp && !result.settled())
                .map(result -> result.test().name())
                .collect(Collectors.joining(", "));
        if (!restless.isEmpty()) {
            System.out.println("The rates did not settle in the warm-up of " + restless + ": something else is running, or "
                    + "one run takes long.");
        }
    }

    private static String[] dashes(int width) {
        int[] widths = {width, 10, 8, 7, 14, 18, 23};
        String[] dashes = new String[widths.length];
        for (int i = 0; i < widths.length; i++) {
            dashes[i] = "-".repeat(widths[i]);
        }
        return dashes;
    }

    private static String limit(Bench.Test test) {
        return test.isPrompt() ? "multiply-adds" : "bandwidth";
    }

    private Map<String, Object> report(
            Model loaded, Bench bench, Machine machine, List<Bench.Result> results) {
        Map<String, Object> report = new LinkedHashMap<>();
        report.put("engine", "skim");
        report.put("model", loaded.name());
        report.put("file", loaded.file().path().getFileName().toString());
        report.put("types", types(loaded));
        report.put("bytes", bytes(loaded));
        report.put("parameters", elements(loaded));
        report.put("bytesPerToken", bench.weightBytes());
        report.put("threads", loaded.threads());
        report.put("kvType", precision.kvType().toString());
        report.put("exact", precision.exact());
        Map<String, Object> limits = new LinkedHashMap<>();
        limits.put("width", machine.width());
        limits.put("readBytesPerSecond", machine.readBandwidth());
        limits.put("multiplyAddsPerSecond", machine.multiplyAdds());
        report.put("machine", limits);
        List<Map<String, Object>> tests = new ArrayList<>();
        for (Bench.Result result : results) {
            Map<String, Object> test = new LinkedHashMap<>();
            test.put("test", result.test().name());
            test.put("tokens", result.test().tokens());
            test.put("depth", result.test().depth());
            test.put("median", result.median());
            test.put("mean", result.mean());
            test.put("deviation", result.deviation());
            test.put("samples", result.rates());
            test.put("warmUps", result.warmUps());
            test.put("settled", result.settled());
            test.put("share", result.share());
            test.put("shareOf", limit(result.test()));
            tests.add(test);
        }
        report.put("tests", tests);
        return report;
    }

    /** Such as {@code llama 135 M Q4_1 + Q8_0}. */
    private static String label(Model loaded) {
        return loaded.architecture() + " " + parameters(loaded) + " " + String.join(" + ", types(loaded));
    }

    private static String parameters(Model loaded) {
        long elements = elements(loaded);
        return elements >= 1_000_000_000
                ? String.format(Locale.ROOT, "%.2f B", elements / 1e9)
                : String.format(Locale.ROOT, "%.1f M", elements / 1e6);
    }

    private static long elements(Model loaded) {
        return loaded.file().tensors().stream().mapToLong(TensorInfo::elements).sum();
    }

    private static long bytes(Model loaded) {
        return loaded.file().tensors().stream().mapToLong(TensorInfo::bytes).sum();
    }

    /** The element types that hold more than a hundredth of the weights, the most frequent first. */
    private static List<String> types(Model loaded) {
        Map<ElementType, Long> counts = new EnumMap<>(ElementType.class);
        loaded.file().tensors().forEach(tensor -> counts.merge(tensor.type(), tensor.elements(), Long::sum));
        long all = elements(loaded);
        return counts.entrySet().stream()
                .filter(entry -> entry.getValue() * 100 > all)
                .sorted(Map.Entry.<ElementType, Long>comparingByValue().reversed())
                .map(entry -> entry.getKey().name())
                .toList();
    }
}
