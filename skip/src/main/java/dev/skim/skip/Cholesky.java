package dev.skim.skip;

import dev.skim.tensor.Workers;

/** {@code A = U^T U} of a symmetric positive definite matrix, U upper triangular; blocked by rows, in double. */
final class Cholesky {
    /** Rows eliminated together: enough to use each trailing row many times while it is in the cache. */
    private static final int BLOCK = 32;

    private final double[][] upper;

    private Cholesky(double[][] upper) {
        this.upper = upper;
    }

    /**
     * Factors.
     *
     * @param matrix only its upper triangle is read; not changed
     * @throws ArithmeticException when the matrix is not positive definite in double
     */
    static Cholesky of(double[][] matrix, Workers workers) {
        int n = matrix.length;
        // Row i starts at column 0 for one index in all loops; what stands left of the diagonal is never read.
        double[][] u = new double[n][];
        for (int i = 0; i < n; i++) {
            u[i] = matrix[i].clone();
        }
        for (int block = 0; block < n; block += BLOCK) {
            int end = Math.min(n, block + BLOCK);
            for (int k = block; k < end; k++) {
                double pivot = u[k][k];
                if (!(pivot > 0)) {
                    throw new ArithmeticException("the matrix is not positive definite (pivot " + k + " is " + pivot
                            + "): more tokens or a larger ridge are needed");
                }
                double inverse = 1 / Math.sqrt(pivot);
                for (int j = k; j < n; j++) {
                    u[k][j] *= inverse;
                }
                for (int i = k + 1; i < end; i++) {
                    DenseMath.axpy(u[i], -u[k][i], u[k], i, n);
                }
            }
            int from = block;
            workers.run(n - end, 8, (begin, stop, worker) -> {
                double[] factors = new double[end];
                for (int i = end + begin; i < end + stop; i++) {
                    for (int k = from; k < end; k++) {
                        factors[k] = u[k][i];
                    }
                    subtract(u[i], factors, u, from, end, i);
                }
            });
        }
        return new Cholesky(u);
    }

    /** {@code out[j] -= sum over k in [from, to) of factors[k] * rows[k][j]} for {@code j >= left}. */
    private static void subtract(double[] out, double[] factors, double[][] rows, int from, int to, int left) {
        int k = from;
        for (; k + 3 < to; k += 4) {
            subtractFour(out, factors[k], rows[k], factors[k + 1], rows[k + 1], factors[k + 2], rows[k + 2],
                    factors[k + 3], rows[k + 3], left);
        }
        for (; k < to; k++) {
            DenseMath.axpy(out, -factors[k], rows[k], left, out.length);
        }
    }

    private static void subtractFour(
            double[] out, double a0, double[] b0, double a1, double[] b1, double a2, double[] b2, double a3,
            double[] b3, int left) {
        for (int j = left; j < out.length; j++) {
            out[j] = Math.fma(-a3, b3[j], Math.fma(-a2, b2[j], Math.fma(-a1, b1[j], Math.fma(-a0, b0[j], out[j]))));
        }
    }

    /**
     * Solves {@code A X = B} in place.
     *
     * @param b n rows; becomes X
     */
    void solve(double[][] b, Workers workers) {
        int n = upper.length;
        int columns = b[0].length;
        // Columns of B are independent: each thread takes a slice of them through both substitutions.
        int slice = Math.max(8, Math.min(64, (columns + workers.threads() - 1) / workers.threads()));
        int slices = (columns + slice - 1) / slice;
        workers.run(slices, 1, (begin, end, worker) -> {
            for (int s = begin; s < end; s++) {
                int from = s * slice;
                int width = Math.min(slice, columns - from);
                double[][] part = new double[n][width];
                for (int i = 0; i < n; i++) {
                    System.arraycopy(b[i], from, part[i], 0, width);
                }
                substitute(part);
                for (int i = 0; i < n; i++) {
                    System.arraycopy(part[i], 0, b[i], from, width);
                }
            }
        });
    }

    private void substitute(double[][] x) {
        int n = upper.length;
        double[] column = new double[n];
        for (int i = 0; i < n; i++) {
            for (int k = 0; k < i; k++) {
                column[k] = upper[k][i];
            }
            DenseMath.combine(x[i], column, x, 0, i, -1);
            scale(x[i], 1 / upper[i][i]);
        }
        for (int i = n - 1; i >= 0; i--) {
            DenseMath.combine(x[i], upper[i], x, i + 1, n, -1);
            scale(x[i], 1 / upper[i][i]);
        }
    }

    private static void scale(double[] row, double factor) {
        for (int j = 0; j < row.length; j++) {
            row[j] *= factor;
        }
    }
}
