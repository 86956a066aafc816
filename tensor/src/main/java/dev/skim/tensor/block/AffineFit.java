package dev.skim.tensor.block;

import java.util.Arrays;

/**
 * Fits {@code x = d * code + m}, {@code m <= 0}, to blocks of 32 by weighted least squares, for {@link Q4_1} and
 * {@link Q5_1}.
 *
 * <p>The scale that spreads the codes from the least to the largest element (or zero) is a start. 37 inverse scales
 * near it give as many roundings; each has its own best scale and minimum by linear regression, and the one that
 * leaves least error wins. An element weighs sqrt(mean square of the row + x²), which is why a row must come in one
 * piece. This is the reference quantiser with an importance of one for every column, sums in f32 and in element
 * order; as there, a better minimum is what the following candidates are counted from.
 */
final class AffineFit {
    private static final int SIZE = 32;
    private static final int STEPS = 37;

    private final int top;
    private final float[] row;
    private final float meanSquare;
    private final float[] weights = new float[SIZE];
    private int[] codes = new int[SIZE];
    private int[] candidate = new int[SIZE];
    private float scale;
    private float minimum;

    /**
     * @param top the largest code
     * @throws IllegalArgumentException when the row holds a NaN, an infinity, or values whose squares overflow
     */
    AffineFit(String type, int top, float[] row, int from, int count) {
        this.top = top;
        this.row = row;
        this.meanSquare = RowWeights.meanSquare(type, row, from, count);
    }

    /** Fits the block of the row's elements from index {@code at} on. */
    void fit(int at) {
        minimum = row[at];
        float maximum = row[at];
        for (int i = 1; i < SIZE; i++) {
            // Comparisons and not Math.min: of 0 and -0 the first stays, as in the reference.
            float x = row[at + i];
            minimum = x < minimum ? x : minimum;
            maximum = x > maximum ? x : maximum;
        }
        minimum = minimum > 0 ? 0 : minimum;
        if (maximum <= minimum) {
            Arrays.fill(codes, 0);
            scale = 0;
            return;
        }
        RowWeights.fill(weights, row, at, meanSquare);
        float sumW = 0;
        float sumX = 0;
        for (int i = 0; i < SIZE; i++) {
            sumW += weights[i];
            sumX += weights[i] * row[at + i];
        }
        float inverse = top / (maximum - minimum);
        round(at, inverse);
        scale = 1 / inverse;
        float least = error(at, scale, minimum);
        swap();
        for (int step = 0; step < STEPS; step++) {
            round(at, (-0.9f + 0.05f * step + top) / (maximum - minimum));
            float sumL = 0;
            float sumLl = 0;
            float sumXl = 0;
            for (int i = 0; i < SIZE; i++) {
                float weighted = weights[i] * candidate[i];
                sumL += weighted;
                sumLl += weighted * candidate[i];
                sumXl += weighted * row[at + i];
            }
            float determinant = sumW * sumLl - sumL * sumL;
            if (!(determinant > 0)) {
                continue;
            }
            float newScale = (sumW * sumXl - sumX * sumL) / determinant;
            float newMinimum = (sumLl * sumX - sumL * sumXl) / determinant;
            if (newMinimum > 0) {
                newMinimum = 0;
                newScale = sumXl / sumLl;
            }
            float error = error(at, newScale, newMinimum);
            if (error < least) {
                least = error;
                scale = newScale;
                minimum = newMinimum;
                swap();
            }
        }
    }

    float scale() {
        return scale;
    }

    float minimum() {
        return minimum;
    }

    int code(int i) {
        return codes[i];
    }

    private void round(int at, float inverse) {
        for (int i = 0; i < SIZE; i++) {
            candidate[i] = Math.clamp((long) Math.rint(inverse * (row[at + i] - minimum)), 0, top);
        }
    }

    /** The weighted square error of the candidate's codes. */
    private float error(int at, float d, float m) {
        float sum = 0;
        for (int i = 0; i < SIZE; i++) {
            float difference = d * candidate[i] + m - row[at + i];
            sum += weights[i] * (difference * difference);
        }
        return sum;
    }

    private void swap() {
        int[] previous = codes;
        codes = candidate;
        candidate = previous;
    }
}
