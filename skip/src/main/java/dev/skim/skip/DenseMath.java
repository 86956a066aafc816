package dev.skim.skip;

import dev.skim.tensor.Workers;

/**
 * The few products of double matrices that a fit needs, as arrays of rows.
 *
 * <p>All inner loops add multiples of whole rows to a row ({@code acc[j] += a * b[j]}), with one index for all arrays:
 * that is the form that C2 vectorises (JDK 25). Four source rows go into two target rows at a time, which balances
 * loads against multiply-adds on 256 bit.
 */
final class DenseMath {
    /** Target rows that are claimed at once. */
    private static final int GRAIN = 16;

    private DenseMath() {}

    /**
     * {@code out += a^T b} over the first {@code count} rows of both.
     *
     * @param a rows of at least {@code out.length}
     * @param triangle whether only the columns from the row's own number on are wanted (b is a)
     */
    static void addTransposeProduct(
            double[][] a, double[][] b, int count, double[][] out, boolean triangle, Workers workers) {
        int pairs = (out.length + 1) / 2;
        workers.run(pairs, GRAIN / 2, (begin, end, worker) -> {
            for (int pair = begin; pair < end; pair++) {
                int i = 2 * pair;
                int from = triangle ? i : 0;
                boolean two = i + 1 < out.length;
                int t = 0;
                for (; two && t + 3 < count; t += 4) {
                    addFour(out[i], out[i + 1], a[t], a[t + 1], a[t + 2], a[t + 3], i,
                            b[t], b[t + 1], b[t + 2], b[t + 3], from);
                }
                for (; t < count; t++) {
                    axpy(out[i], a[t][i], b[t], from, out[i].length);
                    if (two) {
                        axpy(out[i + 1], a[t][i + 1], b[t], from, out[i].length);
                    }
                }
            }
        });
    }

    private static void addFour(
            double[] out0, double[] out1, double[] a0, double[] a1, double[] a2, double[] a3, int i,
            double[] b0, double[] b1, double[] b2, double[] b3, int from) {
        double p0 = a0[i];
        double p1 = a1[i];
        double p2 = a2[i];
        double p3 = a3[i];
        double q0 = a0[i + 1];
        double q1 = a1[i + 1];
        double q2 = a2[i + 1];
        double q3 = a3[i + 1];
        for (int j = from; j < out0.length; j++) {
            double v0 = b0[j];
            double v1 = b1[j];
            double v2 = b2[j];
            double v3 = b3[j];
            out0[j] = Math.fma(p3, v3, Math.fma(p2, v2, Math.fma(p1, v1, Math.fma(p0, v0, out0[j]))));
            out1[j] = Math.fma(q3, v3, Math.fma(q2, v2, Math.fma(q1, v1, Math.fma(q0, v0, out1[j]))));
        }
    }

    /** {@code out[j] += a * b[j]} for {@code from <= j < to}. */
    static void axpy(double[] out, double a, double[] b, int from, int to) {
        for (int j = from; j < to; j++) {
            out[j] = Math.fma(a, b[j], out[j]);
        }
    }

    /** {@code out = a b}, where a has {@code b.length} columns. */
    static double[][] product(double[][] a, double[][] b, Workers workers) {
        double[][] out = new double[a.length][b[0].length];
        workers.run(a.length, GRAIN, (begin, end, worker) -> {
            for (int i = begin; i < end; i++) {
                combine(out[i], a[i], b, 0, b.length, 1);
            }
        });
        return out;
    }

    /** {@code out += sign * sum over k in [from, to) of factors[k] * rows[k]}, four rows at a time. */
    static void combine(double[] out, double[] factors, double[][] rows, int from, int to, double sign) {
        int k = from;
        for (; k + 3 < to; k += 4) {
            combineFour(out, sign * factors[k], rows[k], sign * factors[k + 1], rows[k + 1],
                    sign * factors[k + 2], rows[k + 2], sign * factors[k + 3], rows[k + 3]);
        }
        for (; k < to; k++) {
            axpy(out, sign * factors[k], rows[k], 0, out.length);
        }
    }

    private static void combineFour(
            double[] out, double a0, double[] b0, double a1, double[] b1, double a2, double[] b2, double a3,
            double[] b3) {
        for (int j = 0; j < out.length; j++) {
            out[j] = Math.fma(a3, b3[j], Math.fma(a2, b2[j], Math.fma(a1, b1[j], Math.fma(a0, b0[j], out[j]))));
        }
    }

    static double[][] transpose(double[][] matrix) {
        int columns = matrix.length == 0 ? 0 : matrix[0].length;
        double[][] out = new double[columns][matrix.length];
        for (int i = 0; i < matrix.length; i++) {
            for (int j = 0; j < columns; j++) {
                out[j][i] = matrix[i][j];
            }
        }
        return out;
    }

    /** {@code sum of a[i][j] * b[i][j]}: the trace of {@code a^T b}. */
    static double inner(double[][] a, double[][] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += inner(a[i], b[i]);
        }
        return sum;
    }

    static double inner(double[] a, double[] b) {
        double s0 = 0;
        double s1 = 0;
        int i = 0;
        for (; i + 1 < a.length; i += 2) {
            s0 = Math.fma(a[i], b[i], s0);
            s1 = Math.fma(a[i + 1], b[i + 1], s1);
        }
        return i < a.length ? Math.fma(a[i], b[i], s0) + s1 : s0 + s1;
    }

    /** Copies the upper triangle to the lower one. */
    static void mirror(double[][] square) {
        for (int i = 0; i < square.length; i++) {
            for (int j = 0; j < i; j++) {
                square[i][j] = square[j][i];
            }
        }
    }
}
