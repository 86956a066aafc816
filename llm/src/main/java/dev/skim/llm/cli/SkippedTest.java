package dev.skim.llm.cli;

import dev.skim.llm.bench.Bench;
import dev.skim.skip.Phase;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** A test of the bench under a skip policy, beside the whole model's result in the same run. */
final class SkippedTest {
    private final String test;
    private final Bench.Result result;
    private final double times;
    private final Map<String, Object> left;
    private final double promised;

    SkippedTest(Bench.Result whole, Bench.Result result, SkipReport report) {
        this.result = result;
        test = whole.test().name();
        times = result.median() / whole.median();
        Phase phase = whole.test().isPrompt() ? Phase.PREFILL : Phase.DECODE;
        left = report.phase(phase);
        promised = report.savedTime(phase, whole.test().tokens());
    }

    /** One line for people. */
    String line() {
        return String.format(
                        Locale.ROOT,
                        "%s with %s: %.2f tok/s, %.2f x as fast: %.1f %% of the time saved; %.1f sublayers left out, %.1f %% of "
                                + "the layers' multiply-adds",
                        test, left.get("policy"), result.mean(), times, 100 * (1 - 1 / times), left.get("sublayers"),
                        100 * (double) left.get("work_left_out"))
                + (promised > 0
                        ? String.format(Locale.ROOT, ", which took %.1f %% of the time when calibrated", 100 * promised)
                        : "");
    }

    /** The same for scripts. */
    Map<String, Object> figures() {
        Map<String, Object> figures = new LinkedHashMap<>();
        figures.put("test", test);
        figures.putAll(left);
        figures.put("median", result.median());
        figures.put("mean", result.mean());
        figures.put("deviation", result.deviation());
        figures.put("samples", result.rates());
        figures.put("times", times);
        figures.put("time_saved", 1 - 1 / times);
        if (promised > 0) {
            figures.put("calibrated_time_of_what_was_left_out", promised);
        }
        return figures;
    }
}
