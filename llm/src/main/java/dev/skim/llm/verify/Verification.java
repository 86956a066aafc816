package dev.skim.llm.verify;

import dev.skim.llm.Model;
import dev.skim.llm.Session;
import dev.skim.llm.SessionOptions;
import dev.skim.llm.SkimException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * Runs a model against recorded outputs and says how far it is from them.
 *
 * <p>The greedy tokens of the reference are fed whatever the model would choose, so that every recorded row can be
 * compared; how many the model would have chosen itself is counted to the first that differs.
 */
public final class Verification {
    /**
     * What is accepted.
     *
     * @param cosine at least, at every recorded row
     * @param topError at most, between the five largest recorded logits and the model's
     * @param top1 share of prompt positions with the same largest logit, at least, over all cases
     * @param meanLogProbability error at most, on average over a case
     * @param worstLogProbability error at most
     * @param probability error at most, where probabilities are recorded
     * @param margin greedy tokens must agree up to the first step where the two largest logits are nearer than this
     * @param kl the mean over all recorded rows of all cases, in nats, at most
     */
    public record Limits(
            double cosine,
            double topError,
            double top1,
            double meanLogProbability,
            double worstLogProbability,
            double probability,
            double margin,
            double kl) {
        /** For a real model, computed in f32. */
        public static final Limits EXACT = new Limits(0.99999, 0.02, 0.998, 0.01, 0.05, 1e-4, 0.01, 1e-5);

        /** For small random models, whose logits are of any size. */
        public static final Limits SMALL =
                new Limits(0.9999, Double.POSITIVE_INFINITY, 0.998, 0.01, 0.05, 1e-4, 0.01, Double.POSITIVE_INFINITY);

        /** For a real model whose activations are rounded. */
        public static final Limits ROUNDED = new Limits(
                0.999,
                Double.POSITIVE_INFINITY,
                0.985,
                Double.POSITIVE_INFINITY,
                Double.POSITIVE_INFINITY,
                Double.POSITIVE_INFINITY,
                Double.POSITIVE_INFINITY,
                5e-4);
    }

    /**
     * How one case went. A figure whose counterpart is not recorded is NaN.
     *
     * @param rows recorded rows that were compared
     * @param cosine the least
     * @param kl the mean Kullback-Leibler divergence of the recorded rows from the model's, in nats
     * @param topError the largest error among each row's five largest logits
     * @param probabilityError the largest error of a probability
     * @param positions prompt positions whose largest logit was compared
     * @param sameArgmax those of them with the same largest logit
     * @param meanLogProbabilityError the mean absolute error of the next tokens' log-probabilities
     * @param worstLogProbabilityError the largest
     * @param greedy greedy tokens that agree before the first that does not
     * @param greedyDue those that must agree
     * @param greedyRecorded those that are recorded
     * @param faults what falls short, in words; empty where all is well
     */
    public record Result(
            String name,
            int rows,
            double cosine,
            double kl,
            double topError,
            double probabilityError,
            int positions,
            int sameArgmax,
            double meanLogProbabilityError,
            double worstLogProbabilityError,
            int greedy,
            int greedyDue,
            int greedyRecorded,
            List<String> faults) {}

    /** Prompt tokens whose logits are held at a time. */
    private static final int PIECE = 128;

    private final Limits limits;
    private final List<ReferenceCase> cases;

    private Verification(Limits limits, List<ReferenceCase> cases) {
        this.limits = limits;
        this.cases = cases;
    }

    /**
     * Reads a reference: a folder with {@code cases.json}, or the JSON file of one small model.
     *
     * @throws SkimException when it is neither
     */
    public static Verification of(Path reference) {
        List<ReferenceCase> cases = ReferenceCase.read(reference);
        boolean small = cases.stream().allMatch(one -> one.argmax().length == 0);
        return new Verification(small ? Limits.SMALL : Limits.EXACT, cases);
    }

    /** The same with other limits. */
    public Verification within(Limits limits) {
        return new Verification(limits, cases);
    }

    /** The names of the cases. */
    public List<String> names() {
        return cases.stream().map(ReferenceCase::name).toList();
    }

    /**
     * Runs all cases.
     *
     * @param options how the sessions are opened, but for the context length
     * @param listener told each result as it is there
     * @throws SkimException when the reference does not belong to the model
     */
    public List<Result> run(Model model, SessionOptions options, Consumer<Result> listener) {
        List<Result> results = new ArrayList<>();
        for (ReferenceCase one : cases) {
            if (one.vocabulary() != model.tokenizer().vocabularySize()) {
                throw new SkimException("The reference is of a vocabulary of " + one.vocabulary() + " tokens, but "
                        + model.name() + " has " + model.tokenizer().vocabularySize() + ".");
            }
            Result result = run(model, options, one);
            results.add(result);
            listener.accept(result);
        }
        return results;
    }

    /** What falls short over all cases together, in words; empty where all is well. */
    public List<String> faults(List<Result> results) {
        int positions = results.stream().mapToInt(Result::positions).sum();
        int same = results.stream().mapToInt(Result::sameArgmax).sum();
        List<String> faults = new ArrayList<>();
        hold(faults, same >= limits.top1 * positions,
                "the largest logit agrees at %d of %d prompt positions, and %.2f %% are needed",
                same, positions, 100 * limits.top1);
        double kl = meanKl(results);
        hold(faults, !(kl > limits.kl), "the mean KL is %.2e, over %.2e", kl, limits.kl);
        return faults;
    }

    /** The mean KL of all recorded rows of logits, in nats; NaN where there are none. */
    public static double meanKl(List<Result> results) {
        double sum = 0;
        int rows = 0;
        for (Result result : results) {
            if (!Double.isNaN(result.kl())) {
                sum += result.kl() * result.rows();
                rows += result.rows();
            }
        }
        return sum / rows;
    }

    private Result run(Model model, SessionOptions options, ReferenceCase one) {
        Tally tally = new Tally(one);
        int[] all = one.all();
        int prompt = one.tokens().length;
        try (Session session = model.openSession(options.withContextLength(all.length))) {
            for (int begin = 0; begin < prompt; begin += PIECE) {
                int end = Math.min(prompt, begin + PIECE);
                float[][] logits = session.prefillAllLogits(Arrays.copyOfRange(all, begin, end));
                tally.positions(begin, logits);
            }
            tally.greedy(0, session.logits());
            for (int step = 1; step < one.greedy().length; step++) {
                session.decode(all[prompt + step - 1]);
                tally.positions(prompt + step - 1, session.logits());
                tally.greedy(step, session.logits());
            }
        }
        return tally.result(limits);
    }

    /** Whether a position has the recorded largest logit, and by how much its log-probability of the next token is off. */
    private record Agreement(boolean argmax, double logProbabilityError) {}

    /** Compares as the positions come by. */
    private static final class Tally {
        private final ReferenceCase one;
        private final float[][] recorded;
        private int row;
        private double cosine = 1;
        private double kl;
        private double topError;
        private double probabilityError;
        private int sameArgmax;
        private double logProbabilityErrors;
        private double worstLogProbabilityError;
        private int greedy;
        private boolean parted;

        Tally(ReferenceCase one) {
            this.one = one;
            recorded = one.readRows();
        }

        /**
         * Compares rows that follow each other. A row of exponentials for every prompt position takes long beside
         * a small model: on all processors, and added in order, so that a second run gives the same digits.
         */
        void positions(int begin, float[]... logits) {
            List<Agreement> agreements = IntStream.range(0, logits.length)
                    .parallel()
                    .mapToObj(i -> agreement(begin + i, logits[i]))
                    .toList();
            for (int i = 0; i < logits.length; i++) {
                Agreement agreement = agreements.get(i);
                sameArgmax += agreement.argmax ? 1 : 0;
                logProbabilityErrors += agreement.logProbabilityError;
                worstLogProbabilityError = Compare.worse(worstLogProbabilityError, agreement.logProbabilityError);
                compareRow(begin + i, logits[i]);
            }
        }

        private Agreement agreement(int p, float[] logits) {
            boolean argmax = p < one.argmax().length && Compare.argmax(logits) == one.argmax()[p];
            double error = p < one.logProbabilities().length
                    ? Compare.worse(0, Math.abs(Compare.logProbability(logits, one.tokens()[p + 1]) - one.logProbabilities()[p]))
                    : 0;
            return new Agreement(argmax, error);
        }

        private void compareRow(int p, float[] logits) {
            if (row < recorded.length && one.positions()[row] == p) {
                if (one.probabilities()) {
                    probabilityError = Compare.worse(probabilityError, Compare.probabilityError(recorded[row], logits));
                } else {
                    double similarity = Compare.cosine(recorded[row], logits);
                    // As far as can be, and not NaN: that would be forgotten, or taken for not recorded.
                    cosine = Double.isNaN(similarity) ? Double.NEGATIVE_INFINITY : Math.min(cosine, similarity);
                    kl += Compare.worse(0, Compare.kl(recorded[row], logits));
                    topError = Compare.worse(topError, Compare.topError(recorded[row], logits, 5));
                }
                row++;
            }
        }

        void greedy(int step, float[] logits) {
            parted |= Compare.argmax(logits) != one.greedy()[step];
            greedy += parted ? 0 : 1;
        }

        Result result(Limits limits) {
            boolean logits = !one.probabilities() && row > 0;
            int next = one.logProbabilities().length;
            double meanError = next == 0 ? Double.NaN : logProbabilityErrors / next;
            List<String> faults = new ArrayList<>();
            hold(faults, row == recorded.length, "%d of %d recorded positions were reached", row, recorded.length);
            hold(faults, cosine >= limits.cosine, "cosine %.7f is under %.7f", cosine, limits.cosine);
            hold(faults, topError <= limits.topError, "a top-5 logit is off by %.5f, over %.5f", topError, limits.topError);
            hold(faults, probabilityError <= limits.probability,
                    "a probability is off by %.6f, over %.6f", probabilityError, limits.probability);
            hold(faults, next == 0 || meanError <= limits.meanLogProbability,
                    "log-probabilities are off by %.5f on average, over %.5f", meanError, limits.meanLogProbability);
            hold(faults, worstLogProbabilityError <= limits.worstLogProbability,
                    "a log-probability is off by %.5f, over %.5f", worstLogProbabilityError, limits.worstLogProbability);
            int due = greedyDue(limits);
            hold(faults, greedy >= due, "greedy tokens agree up to %d, and %d are needed", greedy, due);
            return new Result(
                    one.name(),
                    row,
                    logits ? cosine : Double.NaN,
                    logits ? kl / row : Double.NaN,
                    logits ? topError : Double.NaN,
                    one.probabilities() ? probabilityError : Double.NaN,
                    one.argmax().length,
                    sameArgmax,
                    meanError,
                    next == 0 ? Double.NaN : worstLogProbabilityError,
                    greedy,
                    due,
                    one.greedy().length,
                    List.copyOf(faults));
        }

        /** Steps up to the first whose two largest logits are so near that rounding decides between them. */
        private int greedyDue(Limits limits) {
            int due = 0;
            while (due < one.greedy().length && margin(due) >= limits.margin) {
                due++;
            }
            return due;
        }

        private double margin(int step) {
            if (one.margins().length > 0) {
                return one.margins()[step];
            }
            int at = Arrays.binarySearch(one.positions(), one.tokens().length - 1 + step);
            return at < 0 ? Double.POSITIVE_INFINITY : Compare.margin(recorded[at], one.probabilities());
        }
    }

    private static void hold(List<String> faults, boolean holds, String format, Object... arguments) {
        if (!holds) {
            faults.add(String.format(Locale.ROOT, format, arguments));
        }
    }
}
