package dev.skim.bench;

import dev.skim.tensor.ElementType;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
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
 * <p>Arguments: {@code [threads [width ...]]}; 1 thread and the widths 128, 256 and 512 without.
 */
public final class KernelTable {
    private static final int PROMPT = 512;

    private KernelTable() {}

    /** Measures, which takes a quarter of an hour, and prints. */
    public static void main(String[] arguments) throws RunnerException {
        String threads = arguments.length > 0 ? arguments[0] : "1";
        List<String> widths = arguments.length > 1
                ? List.of(arguments).subList(1, arguments.length)
                : List.of("128", "256", "512");
        Map<ElementType, List<String>> cells = new TreeMap<>();
        for (String width : widths) {
            Map<ElementType, double[]> rates = measure(width, threads);
            rates.forEach((type, pair) -> cells.computeIfAbsent(type, t -> new ArrayList<>())
                    .addAll(List.of(rate(pair[0]), rate(pair[1]))));
        }
        StringBuilder head = new StringBuilder("| " + threads + (threads.equals("1") ? " thread" : " threads"));
        StringBuilder rule = new StringBuilder("|---");
        for (String width : widths) {
            head.append(" | ").append(width).append(" bit: GMAC/s | GB/s");
            rule.append("|---:|---:");
        }
        System.out.println(head + " |\n" + rule + "|");
        cells.forEach((type, row) -> System.out.println("| " + type + " | " + String.join(" | ", row) + " |"));
    }

    private static String rate(double rate) {
        return String.format(Locale.ROOT, rate < 9.95 ? "%.1f" : "%.0f", rate);
    }

    /** GMAC/s of the prompt and GB/s of the token, for each type. */
    private static Map<ElementType, double[]> measure(String width, String threads) throws RunnerException {
        Options options = new OptionsBuilder()
                .include(MatrixBenchmark.class.getName())
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
        Map<ElementType, double[]> rates = new TreeMap<>();
        for (RunResult result : results) {
            ElementType type = ElementType.valueOf(result.getParams().getParam("type"));
            long elements = Long.parseLong(result.getParams().getParam("rows"))
                    * Long.parseLong(result.getParams().getParam("columns"));
            double seconds = result.getPrimaryResult().getScore() * 1e-6;
            double[] pair = rates.computeIfAbsent(type, t -> new double[2]);
            if (result.getParams().getParam("tokens").equals("1")) {
                pair[1] = type.bytes(elements) / seconds / 1e9;
            } else {
                pair[0] = (double) elements * PROMPT / seconds / 1e9;
            }
        }
        return rates;
    }
}
