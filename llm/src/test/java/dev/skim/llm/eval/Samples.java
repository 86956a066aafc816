package dev.skim.llm.eval;

import dev.skim.llm.eval.Result.Scores;
import dev.skim.llm.eval.Result.Speed;
import dev.skim.skip.Importance;
import dev.skim.skip.Phase;
import dev.skim.skip.SkipPlan;
import java.util.List;
import java.util.stream.IntStream;

/** Results and importance that nobody measured. */
final class Samples {
    static final EvalSettings SETTINGS = new EvalSettings(512, 64, 5, 512, 8, 8, 64);

    private Samples() {}

    static Result result(String spec, double saved, double perplexity, Phase phase) {
        Contender contender = spec.equals("none") ? Contender.DENSE : new Contender(spec, shape -> SkipPlan.NONE);
        return new Result(
                contender,
                new Speed(500 / (1 - saved), saved, saved, saved),
                new Speed(50 / (1 - saved / 2), saved, saved / 2, saved / 2),
                25 << 20,
                new Scores(perplexity, 1 - saved, saved, phase),
                1 - saved);
    }

    static List<Result> results() {
        return List.of(
                result("none", 0, 21.3449, Phase.PREFILL),
                result("adaskip:8/7", 0.067, 34.6, Phase.PREFILL),
                result("adaskip:4/3", 0.125, 78.7, Phase.PREFILL),
                result("shortgpt:4", 0.133, 34.0, Phase.PREFILL),
                result("shortgpt:7", 0.233, 61.6, Phase.PREFILL),
                result("balanced:1.2:decode", 0.133, 196, Phase.DECODE),
                result("earlyexit:4", 0.133, 21978, Phase.PREFILL));
    }

    /** Similarities that fall from layer to layer; feed-forward ones are lower. */
    static Importance importance(int layers) {
        double[] similarity = IntStream.range(0, 2 * layers)
                .mapToDouble(s -> s < layers ? 0.999 - 0.5 * s / layers : 0.95 - 0.5 * (s - layers) / layers)
                .toArray();
        double[] ones = IntStream.range(0, 2 * layers).mapToDouble(s -> 1).toArray();
        double[][] runs = {IntStream.range(0, layers).mapToDouble(l -> 0.9).toArray()};
        return new Importance(100, similarity, ones, runs, runs);
    }
}
