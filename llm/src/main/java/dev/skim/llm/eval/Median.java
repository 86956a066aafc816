package dev.skim.llm.eval;

import java.util.List;
import java.util.function.ToDoubleFunction;

/** Medians of samples. */
final class Median {
    private Median() {}

    /** The median; not a number where there are no samples. */
    static <T> double of(List<T> samples, ToDoubleFunction<T> value) {
        double[] sorted = samples.stream().mapToDouble(value).sorted().toArray();
        return sorted.length == 0 ? Double.NaN : (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
    }
}
