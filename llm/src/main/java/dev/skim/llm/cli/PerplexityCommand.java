package dev.skim.llm.cli;

import dev.skim.llm.Model;
import dev.skim.llm.Session;
import dev.skim.llm.SessionOptions;
import dev.skim.llm.SkimException;
import dev.skim.llm.verify.Compare;
import dev.skim.skip.SkipPolicy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * {@code skim perplexity}: how well a model foresees a text. The whole text is encoded at once without BOS; each window
 * of tokens is read into an empty cache; the tokens of its second half are scored. Where a policy leaves out generated
 * tokens only, the second half goes one by one as generated tokens do.
 */
@Command(
        name = "perplexity",
        mixinStandardHelpOptions = true,
        description = "Prints the perplexity of a text: the second half of each window of tokens is scored.")
final class PerplexityCommand implements Callable<Integer> {
    @Mixin
    private ModelOptions model;

    @Mixin
    private TextOptions text;

    @Mixin
    private SkipOptions skip;

    @Mixin
    private PrecisionOptions precision;

    @Option(
            names = {"-w", "--window"},
            paramLabel = "N",
            description = "Tokens of a window. Default: ${DEFAULT-VALUE}.")
    private int window = 512;

    @Option(names = "--windows", paramLabel = "N", description = "Read so many windows at most; all where not given.")
    private int most = Integer.MAX_VALUE;

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Override
    public Integer call() {
        if (window < 4 || most < 1) {
            throw new SkimException("A window has at least 4 tokens, and there is at least 1 window; not " + window
                    + " and " + most + ".");
        }
        skip.check(false);
        String given = text.text();
        try (Model loaded = model.load()) {
            SkipPolicy policy = skip.fixedPolicy(loaded);
            int[] tokens = loaded.tokenizer().encode(given, false, false);
            int windows = Math.min(most, tokens.length / window);
            if (windows == 0) {
                throw new SkimException("The text has " + tokens.length + " tokens, fewer than one window of " + window
                        + "; give a longer text or a smaller --window.");
            }
            SkipReport report = new SkipReport(policy);
            SessionOptions options = precision.apply(new SessionOptions(window, report.metered()));
            try (Session session = loaded.openSession(options)) {
                List<Double> running = measure(session, report, tokens, windows);
                report(loaded, report.total(), running);
            }
        }
        return 0;
    }

    private List<Double> measure(Session session, SkipReport report, int[] tokens, int windows) {
        List<Double> running = new ArrayList<>();
        double sum = 0;
        long count = 0;
        try (ProgressBar bar = new ProgressBar("reading " + windows + " windows")) {
            for (int w = 0; w < windows; w++) {
                int from = w * window;
                int half = from + window / 2;
                session.truncate(0);
                session.newRequest();
                session.prefill(Arrays.copyOfRange(tokens, from, half));
                // The last token of a window predicts nothing that is scored.
                int[] scored = Arrays.copyOfRange(tokens, half, from + window - 1);
                int[] targets = Arrays.copyOfRange(tokens, half + 1, from + window);
                if (report.onlyInAnswers()) {
                    for (int i = 0; i < scored.length; i++) {
                        session.decode(scored[i]);
                        sum -= Compare.logProbability(session.logits(), targets[i]);
                    }
                } else {
                    sum += Compare.surprise(session.prefillAllLogits(scored), targets);
                }
                count += scored.length;
                running.add(Math.exp(sum / count));
                bar.draw((w + 1.0) / windows, String.format(Locale.ROOT, "%.4f", running.get(w)));
            }
        }
        return running;
    }

    private void report(Model loaded, Map<String, Object> skipped, List<Double> running) {
        double last = running.get(running.size() - 1);
        if (json) {
            Map<String, Object> result = new LinkedHashMap<>();
            result.put("model", loaded.name());
            result.put("kv_type", precision.kvType().toString());
            result.put("exact", precision.exact());
            result.put("window", window);
            result.put("windows", running.size());
            result.put("perplexity", last);
            result.put("running", running);
            if (!skipped.isEmpty()) {
                result.put("skip", skipped);
            }
            System.out.println(Json.of(result));
            return;
        }
        for (int w = 0; w < running.size(); w++) {
            System.out.printf(Locale.ROOT, "%5d  %.4f%n", w + 1, running.get(w));
        }
        System.out.printf(Locale.ROOT, "perplexity %.4f over %d windows of %d tokens%n", last, running.size(), window);
        if (!skipped.isEmpty()) {
            System.out.printf(
                    Locale.ROOT,
                    "%s: %s (left out of the scored tokens: %.1f sublayers, %.1f %% of the layers' multiply-adds)%n",
                    skipped.get("policy"),
                    skipped.get("status"),
                    skipped.get("sublayers"),
                    100 * (double) skipped.get("work_left_out"));
        }
    }
}
