package dev.skim.llm.cli;

import dev.skim.llm.Model;
import dev.skim.llm.SessionOptions;
import dev.skim.llm.verify.Verification;
import dev.skim.llm.verify.Verification.Result;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code skim verify}: holds this machine's computation against recorded outputs. */
@Command(
        name = "verify",
        mixinStandardHelpOptions = true,
        description = "Compares what a model computes here with recorded outputs; exit code 1 where it falls short.")
final class VerifyCommand implements Callable<Integer> {
    private static final String HEADER =
            "%-24s %5s %10s %10s %9s %9s %11s %17s %10s%n".formatted(
                    "case", "rows", "cosine", "KL", "top-5", "prob", "top-1", "log-prob avg/max", "greedy");

    @Mixin
    private ModelOptions model;

    @Mixin
    private KvOptions kv;

    @Parameters(
            paramLabel = "REFERENCE",
            description = "A folder with cases.json and logits, or the JSON file of one model.")
    private Path reference;

    @Option(
            names = "--rounded",
            description = "Round activations as chat and run do, and allow for it; all in f32 where not given.")
    private boolean rounded;

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Override
    public Integer call() {
        Verification verification = Verification.of(reference);
        if (rounded) {
            verification = verification.within(Verification.Limits.ROUNDED);
        }
        SessionOptions options = SessionOptions.DEFAULT.withKvType(kv.type()).withExact(!rounded);
        try (Model loaded = model.load()) {
            if (!json) {
                System.out.print(HEADER);
                System.out.flush();
            }
            Consumer<Result> listener = json ? result -> {} : VerifyCommand::print;
            List<Result> results = verification.run(loaded, options, listener);
            List<String> faults = new ArrayList<>(verification.faults(results));
            for (Result result : results) {
                result.faults().forEach(fault -> faults.add(result.name() + ": " + fault));
            }
            if (json) {
                System.out.println(Json.of(describe(loaded, results, faults)));
            } else {
                double kl = Verification.meanKl(results);
                if (!Double.isNaN(kl)) {
                    System.out.printf(Locale.ROOT, "The mean KL over all rows is %.2e.%n", kl);
                }
                faults.forEach(System.out::println);
                System.out.println(faults.isEmpty() ? "All is well." : "It falls short.");
            }
            return faults.isEmpty() ? 0 : 1;
        }
    }

    private static void print(Result result) {
        System.out.printf(
                Locale.ROOT,
                "%-24s %5d %10s %10s %9s %9s %11s %17s %10s%n",
                result.name(),
                result.rows(),
                figure("%.7f", result.cosine()),
                figure("%.2e", result.kl()),
                figure("%.5f", result.topError()),
                figure("%.2e", result.probabilityError()),
                result.positions() == 0 ? "-" : result.sameArgmax() + "/" + result.positions(),
                figure("%.5f", result.meanLogProbabilityError()) + " "
                        + figure("%.5f", result.worstLogProbabilityError()),
                result.greedy() + "/" + result.greedyRecorded());
        System.out.flush();
    }

    private static String figure(String format, double value) {
        return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, format, value);
    }

    private static Map<String, Object> describe(Model model, List<Result> results, List<String> faults) {
        List<Map<String, Object>> cases = new ArrayList<>();
        for (Result result : results) {
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("name", result.name());
            one.put("rows", result.rows());
            putKnown(one, "cosine", result.cosine());
            putKnown(one, "kl", result.kl());
            putKnown(one, "top5_error", result.topError());
            putKnown(one, "probability_error", result.probabilityError());
            one.put("positions", result.positions());
            one.put("same_argmax", result.sameArgmax());
            putKnown(one, "logprob_error_mean", result.meanLogProbabilityError());
            putKnown(one, "logprob_error_worst", result.worstLogProbabilityError());
            one.put("greedy", result.greedy());
            one.put("greedy_due", result.greedyDue());
            one.put("greedy_recorded", result.greedyRecorded());
            cases.add(one);
        }
        Map<String, Object> whole = new LinkedHashMap<>();
        whole.put("model", model.name());
        whole.put("passed", faults.isEmpty());
        whole.put("faults", faults);
        whole.put("cases", cases);
        return whole;
    }

    private static void putKnown(Map<String, Object> map, String name, double value) {
        if (!Double.isNaN(value)) {
            map.put(name, value);
        }
    }
}
