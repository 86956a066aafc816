package dev.skim.llm.eval;

import dev.skim.llm.Model;
import dev.skim.llm.Sampling;
import dev.skim.llm.Session;
import dev.skim.llm.SessionOptions;
import dev.skim.llm.eval.Result.Scores;
import dev.skim.llm.verify.Compare;
import dev.skim.skip.Phase;
import dev.skim.skip.SkipMeter;
import dev.skim.skip.SkipPlan;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * How well policies foresee a text, and how well they agree with the whole model: the tokens of the second half of each
 * window are scored, after the first half was read into an empty session.
 *
 * <p>They are read as a prompt. Where a policy leaves nothing out of prompts, they are run one by one as generated
 * tokens instead, else its scores would be those of the whole model.
 */
final class QualityTest {
    private final Model model;
    private final SessionOptions options;
    private final List<Contender> contenders;
    private final Runnable step;
    private final Sums[] sums;
    private final List<List<String>> continuations = new ArrayList<>();

    private static final class Sums {
        Phase phase;
        double surprise;
        double kl;
        long same;
        long positions;

        void add(double surprise, double kl, boolean same) {
            this.surprise += surprise;
            this.kl += kl;
            this.same += same ? 1 : 0;
            positions++;
        }

        Scores scores() {
            // Logits that are no numbers are as bad as can be; NaN would say that nothing was measured.
            return new Scores(
                    Compare.worse(0, Math.exp(surprise / positions)),
                    (double) same / positions,
                    Compare.worse(0, kl / positions),
                    phase);
        }
    }

    /** The whole model's logits of the scored positions, with the logarithms of the sums of their exponentials. */
    private record Whole(float[][] rows, double[] logSums) {}

    QualityTest(Model model, SessionOptions options, List<Contender> contenders, Runnable step) {
        this.model = model;
        this.options = options;
        this.contenders = contenders;
        this.step = step;
        sums = new Sums[contenders.size()];
        Arrays.setAll(sums, i -> new Sums());
    }

    /** Steps of both parts, for so many contenders. */
    static int steps(EvalSettings settings, int contenders) {
        return (settings.windows() + settings.continuations()) * contenders;
    }

    /** Scores one window of tokens with every policy. */
    void window(int[] tokens) {
        int half = tokens.length / 2;
        // The last token of a window predicts nothing that is scored.
        int[] first = Arrays.copyOf(tokens, half);
        int[] second = Arrays.copyOfRange(tokens, half, tokens.length - 1);
        int[] targets = Arrays.copyOfRange(tokens, half + 1, tokens.length);
        float[][] rows = read(first, second, SkipPlan.NONE);
        Whole whole = new Whole(
                rows, Arrays.stream(rows).parallel().mapToDouble(Compare::logSum).toArray());
        for (int c = 0; c < contenders.size(); c++) {
            if (contenders.get(c).dense()) {
                sums[c].phase = Phase.PREFILL;
                score(whole, rows, targets, sums[c]);
            } else {
                score(first, second, targets, whole, contenders.get(c), sums[c]);
            }
            step.run();
        }
    }

    private void score(int[] first, int[] second, int[] targets, Whole whole, Contender contender, Sums sum) {
        if (sum.phase != Phase.DECODE) {
            SkipMeter meter = new SkipMeter(contender.policy().plan(model.shape()), model.shape());
            float[][] rows = read(first, second, meter);
            if (sum.phase == null) {
                sum.phase = meter.sublayers(Phase.PREFILL) > 0 ? Phase.PREFILL : Phase.DECODE;
            }
            if (sum.phase == Phase.PREFILL) {
                score(whole, rows, targets, sum);
                return;
            }
        }
        SkipPlan plan = contender.policy().plan(model.shape());
        try (Session session = open(first.length + second.length, plan)) {
            session.prefill(first);
            for (int i = 0; i < second.length; i++) {
                session.decode(second[i]);
                score(whole, i, session.logits(), targets[i], sum);
            }
        }
    }

    private float[][] read(int[] first, int[] second, SkipPlan plan) {
        try (Session session = open(first.length + second.length, plan)) {
            session.prefill(first);
            return session.prefillAllLogits(second);
        }
    }

    private Session open(int context, SkipPlan plan) {
        return model.openSession(options.withContextLength(context).withSkip(shape -> plan));
    }

    private static void score(Whole whole, float[][] rows, int[] targets, Sums sum) {
        // Half of the time of an evaluation would go into these exponentials on one thread.
        double[][] scores = IntStream.range(0, rows.length)
                .parallel()
                .mapToObj(i -> compare(whole, i, rows[i], targets[i]))
                .toArray(double[][]::new);
        // In order, so that a second run gives the same digits.
        for (double[] score : scores) {
            sum.add(score[0], score[1], score[2] != 0);
        }
    }

    private static void score(Whole whole, int position, float[] row, int target, Sums sum) {
        double[] score = compare(whole, position, row, target);
        sum.add(score[0], score[1], score[2] != 0);
    }

    /** Surprise of the target in nats, KL from the whole model, and 1 where the likeliest token is the same. */
    private static double[] compare(Whole whole, int position, float[] row, int target) {
        float[] reference = whole.rows[position];
        double logSum = Compare.logSum(row);
        double kl = row == reference ? 0 : Compare.kl(reference, whole.logSums[position], row, logSum);
        boolean same = Compare.argmax(row) == Compare.argmax(reference);
        return new double[] {logSum - row[target], kl, same ? 1 : 0};
    }

    /** Continues a prompt greedily with every policy. */
    void proceed(int[] prompt, int tokens) {
        List<String> texts = new ArrayList<>();
        for (Contender contender : contenders) {
            try (Session session = open(prompt.length + tokens, contender.policy().plan(model.shape()))) {
                texts.add(session.generate(prompt, tokens, Sampling.GREEDY, piece -> true).text());
            }
            step.run();
        }
        continuations.add(texts);
    }

    Scores scores(int contender) {
        return sums[contender].positions == 0 ? Scores.NONE : sums[contender].scores();
    }

    /** Mean ROUGE-L of the continuations against the first contender's, which is the whole model. */
    double rougeL(int contender) {
        return continuations.stream()
                .mapToDouble(texts -> RougeL.score(texts.getFirst(), texts.get(contender)))
                .average()
                .orElse(Double.NaN);
    }
}
