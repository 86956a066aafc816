package dev.skim.tensor.block;

import java.util.Arrays;

/**
 * Fits {@code x = d * (code - levels)} to blocks of 32 by weighted least squares, for {@link Q4_0} and {@link Q5_0}.
 *
 * <p>The scale that takes the largest magnitude to the end of the code range is a start. From it and from 18 inverse
 * scales near it come 19 roundings; each has its own best scale, sum(w x l) / sum(w l l), and the one that leaves least
 * error wins. An element weighs sqrt(mean square of the row + x²), which is why a row must come in one piece. This is
 * the reference quantiser with an importance of one for every column, sums in f32 and in element order.
 */
final class SymmetricFit {
    private static final int SIZE = 32;
    /** Blocks smaller than this are zero to the reference. */
    private static final float NOTHING = 1e-15f;

    private final int levels;
    private final float[] row;
    private final float meanSquare;
    private final float[] weights = new float[SIZE];
    private int[] codes = new int[SIZE];
    private int[] candidate = new int[SIZE];
    private float sumXl;
    private float sumLl;
    private float scale;

    /**
     * @param levels codes run from 0 to 2 * levels - 1
     * @throws IllegalArgumentException when the row holds a NaN, an infinity, or values whose squares overflow
     */
    SymmetricFit(String type, int levels, float[] row, int from, int count) {
        this.levels = levels;
        this.row = row;
        this.meanSquare = RowWeights.meanSquare(type, row, from, count);
    }

    /** Fits the block of the row's elements from index {@code at} on. */
    void fit(int at) {
        float extreme = 0;
        for (int i = 0; i < SIZE; i++) {
            float x = row[at + i];
            if (Math.abs(x) > Math.abs(extreme)) {
                extreme = x;
            }
        }
        if (Math.abs(extreme) < NOTHING) {
            Arrays.fill(codes, 0);
            scale = 0;
            return;
        }
        RowWeights.fill(weights, row, at, meanSquare);
        round(at, -levels / extreme);
        float best = accept();
        for (int step = -9; step <= 9; step++) {
            if (step == 0) {
                continue;
            }
            round(at, -(levels + 0.1f * step) / extreme);
            if (sumLl > 0 && sumXl * sumXl > best * sumLl) {
                best = accept();
            }
        }
    }

    float scale() {
        return scale;
    }

    int code(int i) {
        return codes[i];
    }

    /** Rounds the block to the candidate's codes and sums what its best scale needs. */
    private void round(int at, float inverse) {
        float xl = 0;
        float ll = 0;
        for (int i = 0; i < SIZE; i++) {
            float x = row[at + i];
            int level = Math.clamp((long) Math.rint(inverse * x), -levels, levels - 1);
            candidate[i] = level + levels;
            xl += weights[i] * x * level;
            ll += weights[i] * level * level;
        }
        sumXl = xl;
        sumLl = ll;
    }

    /** Takes the candidate; returns how much of the weighted square sum it explains. */
    private float accept() {
        int[] previous = codes;
        codes = candidate;
        candidate = previous;
        scale = sumLl == 0 ? 0 : sumXl / sumLl;
        return scale * sumXl;
    }
}
