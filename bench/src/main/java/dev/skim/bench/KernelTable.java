package dev.skim.bench;

import dev.skim.tensor.ElementType;
import dev.skim.tensor.Kernels;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * Prints the table of bench/README.md: for each element type and vector width G multiply-adds/s of a prompt's product, and
 * GB/s of the file's weights read by a token's.
 *
 * <p>Arguments: {@code [threads [width or type ...]]}; 1 thread, the widths 128, 256 and 512 and all types without.
 */
public final class KernelTable {
    private static final int PROMPT = 512;

    private static final List<ElementType> ALL = List.of(
            ElementType.F32, ElementType.F16, ElementType.BF16, ElementType.Q8_0,
            ElementType.Q4_0, ElementType.Q4_1, ElementType.Q5_0, ElementType.Q5_1,
            ElementType.Q2_K, ElementType.Q3_K, ElementType.Q4_K, ElementType.Q5_K, ElementType.Q6_K,
            ElementType.IQ2_XXS, ElementType.IQ3_XXS, ElementType.IQ3_S, ElementType.IQ4_NL, ElementType.IQ4_XS);

    private KernelTable() {}

    /** Measures, which takes seven minutes a width for all types, and prints. */
    public static void main(String[] arguments) throws RunnerException {
        String threads = arguments.length > 0 ? arguments[0] : "1";
        List<String> widths = new ArrayList<>();
        List<ElementType> types = new ArrayList<>();
        for (int i = 1; i < arguments.length; i++) {
            if (Character.isDigit(arguments[i].charAt(0))) {
                widths.add(arguments[i]);
            } else {
                types.add(ElementType.valueOf(arguments[i]));
            }
        }
        if (widths.isEmpty()) {
            widths.addAll(List.of("128", "256", "512"));
        }
        if (types.isEmpty()) {
            types.addAll(ALL);
        }
        // The types whose products round more unless exact ones are asked for.
        List<ElementType> rounded = types.stream().filter(Kernels::rounds).toList();
        Map<String, List<String>> cells = new LinkedHashMap<>();
        for (String width : widths) {
            Map<String, double[]> rates = new LinkedHashMap<>();
            measure(rates, width, threads, true, types);
            if (!rounded.isEmpty()) {
                measure(rates, width, threads, false, rounded);
            }
            rates.forEach((name, pair) -> cells.computeIfAbsent(name, t -> new ArrayList<>())
                    .addAll(List.of(rate(pair[0]), rate(pair[1]))));
        }
        StringBuilder head = new StringBuilder("| " + threads + (threads.equals("1") ? " thread" : " threads"));
        StringBuilder rule = new StringBuilder("|---");
        for (String width : widths) {
            head.append(" | ").append(width).append(" bit: GMAC/s | GB/s");
            rule.append("|---:|---:");
        }
        System.out.println(head + " |\n" + rule + "|");
        cells.forEach((name, row) -> System.out.println("| " + name + " | " + String.join(" | ", row) + " |"));
    }

    private static String rate(double rate) {
        return String.format(Locale.ROOT, rate < 9.95 ? "%.1f" : "%.0f", rate);
    }

    /** Adds GMAC/s of the prompt and GB/s of the token, for each type. */
    private static void measure(
            Map<String, double[]> rates, String width, String threads, boolean exact, List<ElementType> types)
            throws RunnerException {
        Options options = new OptionsBuilder()
                .include(MatrixBenchmark.class.getName())
                .param("type", types.stream().map(ElementType::name).toArray(String[]::new))
                .param("exact", Boolean.toString(exact))
                .param("threads", threads)
                .param("tokens", "1", Integer.toString(PROMPT))
                .jvmArgsAppend("-Dskim.width=" + width)
                .warmupIterations(3)
                .warmupTime(TimeValue.seconds(1))
                .measurementIterations(3)
                .measurementTime(TimeValue.seconds(1))
                .verbosity(VerboseMode.SILENT)
                .build();
        Collection<RunResult> results = new Runner(options).run();
        for (ElementType type : types) {
            rates.put(type + (exact ? "" : ", rounded"), new double[2]);
        }
        for (RunResult result : results) {
            ElementType type = ElementType.valueOf(result.getParams().getParam("type"));
            long elements = Long.parseLong(result.getParams().getParam("rows"))
                    * Long.parseLong(result.getParams().getParam("columns"));
            // The best iteration: whatever else the machine does can only slow one down.
            double seconds = result.getPrimaryResult().getStatistics().getMin() * 1e-6;
            double[] pair = rates.get(type + (exact ? "" : ", rounded"));
            if (result.getParams().getParam("tokens").equals("1")) {
                pair[1] = type.bytes(elements) / seconds / 1e9;
            } else {
                pair[0] = (double) elements * PROMPT / seconds / 1e9;
            }
        }
    }
}
