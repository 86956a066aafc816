package dev.skim.llm.cli;

import dev.skim.llm.Model;
import dev.skim.llm.SessionOptions;
import dev.skim.llm.bench.SpeculationBench;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The part of {@code skim bench} on speculation. */
final class SpeculationReport {
    private SpeculationReport() {}

    /** Measures, and prints a table, or adds to a report where that is not null. */
    static void measure(Model model, SessionOptions options, int tokens, int repeats, Map<String, Object> report) {
        SpeculationBench bench = new SpeculationBench(model, options);
        List<SpeculationBench.Batch> batches = bench.batches(repeats);
        List<SpeculationBench.Text> texts = bench.texts(tokens, repeats);
        if (report != null) {
            Map<String, Object> part = new LinkedHashMap<>();
            part.put("drafting", options.drafting().toString());
            part.put("batches", batches.stream().map(SpeculationReport::figures).toList());
            part.put("texts", texts.stream().map(SpeculationReport::figures).toList());
            report.put("speculation", part);
            return;
        }
        System.out.printf("%nSpeculation by %s, greedy:%n", options.drafting());
        String row = "| %-8s | %6s | %11s | %15s | %7s | %17s | %10s |%n";
        System.out.printf(row, "text", "tokens", "plain t/s", "speculated t/s", "speed", "accepted/drafted", "same text");
        System.out.printf(row.replace(" | ", "-|-").replace("| ", "|-").replace(" |%n", ":|%n"),
                "--------", "------", "-----------", "---------------", "-------", "-----------------", "----------");
        for (SpeculationBench.Text text : texts) {
            System.out.printf(
                    row,
                    text.name(),
                    text.tokens(),
                    String.format(Locale.ROOT, "%.1f", text.plainRate()),
                    String.format(Locale.ROOT, "%.1f", text.speculatedRate()),
                    String.format(Locale.ROOT, "%.2f x", text.speed()),
                    text.accepted() + "/" + text.drafted(),
                    text.same() ? "yes" : "no");
        }
        StringBuilder line = new StringBuilder("Verifying batches, in steps of one token:");
        for (SpeculationBench.Batch batch : batches) {
            line.append(String.format(
                    Locale.ROOT, " %d tokens %.2f (%.0f t/s);", batch.size(), batch.steps(), batch.rate()));
        }
        line.setCharAt(line.length() - 1, '.');
        System.out.println(line);
    }

    private static Map<String, Object> figures(SpeculationBench.Batch batch) {
        Map<String, Object> figures = new LinkedHashMap<>();
        figures.put("tokens", batch.size());
        figures.put("rate", batch.rate());
        figures.put("steps", batch.steps());
        return figures;
    }

    private static Map<String, Object> figures(SpeculationBench.Text text) {
        Map<String, Object> figures = new LinkedHashMap<>();
        figures.put("text", text.name());
        figures.put("tokens", text.tokens());
        figures.put("plain", text.plain());
        figures.put("speculated", text.speculated());
        figures.put("speed", text.speed());
        figures.put("drafted", text.drafted());
        figures.put("accepted", text.accepted());
        figures.put("same", text.same());
        return figures;
    }
}
