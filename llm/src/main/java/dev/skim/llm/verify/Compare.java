package dev.skim.llm.verify;

import java.util.stream.IntStream;

/** Distances between rows of logits, in double precision. Whatever is not a number is as far as can be. */
public final class Compare {
    private Compare() {}

    /** The larger, where not a number is larger than all. */
    public static double worse(double a, double b) {
        return Double.isNaN(b) ? Double.POSITIVE_INFINITY : Math.max(a, b);
    }

    /** The first of the largest elements. */
    public static int argmax(float[] logits) {
        int best = 0;
        for (int i = 1; i < logits.length; i++) {
            best = logits[i] > logits[best] ? i : best;
        }
        return best;
    }

    static double cosine(float[] a, float[] b) {
        double product = 0;
        double squareA = 0;
        double squareB = 0;
        for (int i = 0; i < a.length; i++) {
            product += (double) a[i] * b[i];
            squareA += (double) a[i] * a[i];
            squareB += (double) b[i] * b[i];
        }
        return product / Math.sqrt(squareA * squareB);
    }

    /** The natural logarithm of the sum of all exponentials. */
    public static double logSum(float[] logits) {
        double max = logits[argmax(logits)];
        double sum = 0;
        for (float logit : logits) {
            sum += Math.exp(logit - max);
        }
        return max + Math.log(sum);
    }

    /** The natural logarithm of a token's probability. */
    public static double logProbability(float[] logits, int token) {
        return logits[token] - logSum(logits);
    }

    /**
     * The sum of {@code -}{@link #logProbability} of each row's token, in nats: on all processors, since exponentials take as
     * long as a small model, and added in order, so that a second run gives the same digits.
     */
    public static double surprise(float[][] logits, int[] tokens) {
        double[] each = IntStream.range(0, logits.length)
                .parallel()
                .mapToDouble(i -> -logProbability(logits[i], tokens[i]))
                .toArray();
        double sum = 0;
        for (double one : each) {
            sum += one;
        }
        return sum;
    }

    /** KL(recorded || own) of the two rows' softmax. */
    public static double kl(float[] recorded, float[] own) {
        return kl(recorded, logSum(recorded), own, logSum(own));
    }

    /** The same where the rows' {@link #logSum} are known. */
    public static double kl(float[] recorded, double logSumRecorded, float[] own, double logSumOwn) {
        double sum = 0;
        for (int i = 0; i < own.length; i++) {
            double log = recorded[i] - logSumRecorded;
            sum += Math.exp(log) * (log - (own[i] - logSumOwn));
        }
        return sum;
    }

    /** The largest error among the {@code count} largest recorded logits. */
    static double topError(float[] recorded, float[] own, int count) {
        return IntStream.range(0, recorded.length)
                .boxed()
                .sorted((i, j) -> Float.compare(recorded[j], recorded[i]))
                .limit(count)
                .mapToDouble(i -> worse(0, Math.abs((double) recorded[i] - own[i])))
                .max()
                .orElse(0);
    }

    /** The first minus the second logit. */
    static double margin(float[] row, boolean probabilities) {
        int first = argmax(row);
        float second = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < row.length; i++) {
            second = i == first ? second : Math.max(second, row[i]);
        }
        return probabilities ? Math.log((double) row[first] / second) : (double) row[first] - second;
    }

    /** The largest error of a probability. */
    static double probabilityError(float[] recorded, float[] logits) {
        double logSum = logSum(logits);
        double worst = 0;
        for (int i = 0; i < logits.length; i++) {
            worst = worse(worst, Math.abs(recorded[i] - Math.exp(logits[i] - logSum)));
        }
        return worst;
    }
}
