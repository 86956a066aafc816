package dev.skim.llm.eval;

import dev.skim.skip.SublayerCosts;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;

/** Medians of samples. */
public final class Median {
    private Median() {}

    /** The median of what each sample has; not a number where there are no samples. */
    public static <T> double of(List<T> samples, ToDoubleFunction<T> value) {
        return of(samples.stream().mapToDouble(value));
    }

    /** The median; not a number where there are no samples. */
    public static double of(DoubleStream samples) {
        double[] sorted = samples.sorted().toArray();
        return sorted.length == 0 ? Double.NaN : (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
    }

    /** The median of each time by itself, as an interruption meets one of a run's times; at least one run, all of one phase. */
    public static SublayerCosts ofCosts(List<SublayerCosts> runs) {
        return new SublayerCosts(
                runs.getFirst().phase(),
                runs.getFirst().context(),
                of(runs, SublayerCosts::attention),
                of(runs, SublayerCosts::feedForward),
                of(runs, SublayerCosts::rest));
    }
}
