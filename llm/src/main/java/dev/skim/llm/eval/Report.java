package dev.skim.llm.eval;

import dev.skim.skip.Phase;
import dev.skim.skip.SublayerCosts;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Results in words and figures: a table for people, CSV (RFC 4180), and maps for JSON. */
public final class Report {
    private Report() {}

    /** The table, with what its columns mean below it. */
    public static String table(List<Result> results, EvalSettings settings, int windows) {
        List<String[]> rows = new ArrayList<>();
        rows.add(new String[] {"", "prompt", "gen.", "work left", "time", "time", "perplex-", "top-1", "", "", "KV"});
        rows.add(new String[] {"policy", "tok/s", "tok/s", "out %", "saved %", "due %", "ity", "%", "KL", "ROUGE-L", "MiB"});
        for (Result result : results) {
            Result.Scores scores = result.scores();
            boolean decoded = scores.phase() == Phase.DECODE;
            rows.add(new String[] {
                result.contender().spec(),
                figure(result.prompt().rate(), 1),
                figure(result.generation().rate(), 1),
                both(result.prompt().workLeftOut(), result.generation().workLeftOut()),
                both(result.prompt().saved(), result.generation().saved()),
                both(result.prompt().due(), result.generation().due()),
                perplexity(scores.perplexity()) + (decoded ? "*" : ""),
                figure(100 * scores.top1(), 1),
                figure(scores.kl(), 3),
                figure(result.rougeL(), 3),
                figure(result.kvBytes() / (1 << 20), 1)
            });
        }
        return align(rows) + notes(results, settings, windows);
    }

    private static String notes(List<Result> results, EvalSettings settings, int windows) {
        StringBuilder notes = new StringBuilder("\n");
        if (settings.repeats() > 0) {
            notes.append(String.format(Locale.ROOT,
                    "Rates: a prompt of %d tokens, then %d tokens one by one; medians of %d runs, each next to a run of the "
                            + "whole model. Pairs of figures are of the prompt and of generated tokens. Time due is what "
                            + "the skipped sublayers took in the whole model, stand-ins counted.%n",
                    settings.promptTokens(), settings.generatedTokens(), settings.repeats()));
        }
        if (windows > 0) {
            notes.append(String.format(Locale.ROOT,
                    "Perplexity, top-1 and KL: the second halves of %d windows of %d tokens, read as a prompt; top-1 and KL "
                            + "are against the whole model.%n",
                    windows, settings.window()));
        }
        if (results.stream().anyMatch(result -> result.scores().phase() == Phase.DECODE)) {
            notes.append("* The policy leaves nothing out of prompts: its scored tokens were run one by one, as generated "
                    + "ones are.\n");
        }
        if (settings.continuations() > 0) {
            notes.append(String.format(Locale.ROOT,
                    "ROUGE-L: greedy continuations of %d prompts of %d tokens by %d tokens, against the whole model's.%n",
                    settings.continuations(), settings.continuedTokens(), settings.continuationTokens()));
        }
        return notes.toString();
    }

    private static String align(List<String[]> rows) {
        int[] widths = new int[rows.getFirst().length];
        for (String[] row : rows) {
            for (int i = 0; i < row.length; i++) {
                widths[i] = Math.max(widths[i], row[i].length());
            }
        }
        StringBuilder text = new StringBuilder();
        for (String[] row : rows) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < row.length; i++) {
                String space = " ".repeat(widths[i] - row[i].length());
                line.append(i == 0 ? row[i] + space : "  " + space + row[i]);
            }
            text.append(line.toString().stripTrailing()).append('\n');
        }
        return text.toString();
    }

    private static String figure(double value, int places) {
        return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, "%." + places + "f", value);
    }

    /** What is a thousand times as bad needs no hundredths. */
    private static String perplexity(double value) {
        return value >= 1e9 ? String.format(Locale.ROOT, "%.1e", value) : figure(value, value < 1000 ? 2 : 0);
    }

    private static String both(double prompt, double generation) {
        return figure(100 * prompt, 1) + " / " + figure(100 * generation, 1);
    }

    /** One line a policy, the names of {@link #figures} above them; what was not measured is empty. */
    public static String csv(List<Result> results) {
        StringBuilder csv = new StringBuilder();
        for (Result result : results) {
            Map<String, Object> figures = figures(result);
            if (csv.isEmpty()) {
                csv.append(String.join(",", figures.keySet())).append("\r\n");
            }
            csv.append(figures.values().stream().map(Report::cell).collect(Collectors.joining(","))).append("\r\n");
        }
        return csv.toString();
    }

    private static String cell(Object value) {
        String text = value == null ? "" : value instanceof Double number ? number(number) : value.toString();
        return text.matches("[^\",\r\n]*") ? text : '"' + text.replace("\"", "\"\"") + '"';
    }

    /** Six digits say more than any clock. */
    private static String number(double value) {
        return Double.isInfinite(value)
                ? Double.toString(value)
                : new BigDecimal(value).round(new MathContext(6)).stripTrailingZeros().toPlainString();
    }

    /** All figures of a policy by name; null where one was not measured. */
    public static Map<String, Object> figures(Result result) {
        Map<String, Object> figures = new LinkedHashMap<>();
        figures.put("policy", result.contender().spec());
        figures.put("method", result.contender().method());
        speed(figures, "prompt", result.prompt());
        speed(figures, "generation", result.generation());
        Result.Scores scores = result.scores();
        put(figures, "perplexity", scores.perplexity());
        put(figures, "top1", scores.top1());
        put(figures, "kl", scores.kl());
        figures.put("scored_as", Double.isNaN(scores.perplexity()) ? null : scores.phase().name().toLowerCase(Locale.ROOT));
        put(figures, "rouge_l", result.rougeL());
        figures.put("kv_bytes", Double.isNaN(result.kvBytes()) ? null : (Object) (long) result.kvBytes());
        return figures;
    }

    private static void speed(Map<String, Object> figures, String phase, Result.Speed speed) {
        put(figures, phase + "_tokens_per_second", speed.rate());
        put(figures, phase + "_work_left_out", speed.workLeftOut());
        put(figures, phase + "_time_saved", speed.saved());
        put(figures, phase + "_time_due", speed.due());
    }

    private static void put(Map<String, Object> figures, String name, double value) {
        figures.put(name, Double.isNaN(value) ? null : (Object) value);
    }

    /** Measured times of the dense model, for JSON. */
    public static Map<String, Object> costs(SublayerCosts costs) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("context", costs.context());
        map.put("attention_ms", costs.attention());
        map.put("feed_forward_ms", costs.feedForward());
        map.put("rest_ms", costs.rest());
        return map;
    }

    /** The dense model's sublayers in one sentence. */
    public static String sentence(String what, SublayerCosts costs, int layers) {
        double sum = layers * (costs.attention() + costs.feedForward()) + costs.rest();
        return String.format(Locale.ROOT,
                "%s, whole model: %.3f ms a token; attention %.1f %%, feed-forward %.1f %%, the rest %.1f %%.%n",
                what, sum, 100 * layers * costs.attention() / sum, 100 * layers * costs.feedForward() / sum,
                100 * costs.rest() / sum);
    }
}
