package dev.skim.skip;

import dev.skim.tensor.Workers;
import java.util.Arrays;
import java.util.Random;

/** Leading eigenvectors of a symmetric positive semidefinite matrix: subspace iteration, then Jacobi in the subspace. */
final class Eigen {
    /** Directions carried beside the wanted ones; they speed up the convergence of the last wanted ones. */
    private static final int SPARE = 8;

    private static final int ITERATIONS = 12;

    private static final int SWEEPS = 30;

    private Eigen() {}

    /**
     * The leading eigenvectors as rows, orthonormal, the largest eigenvalue first.
     *
     * @param count how many; fewer come back only where the matrix is smaller
     */
    static double[][] leading(double[][] matrix, int count, Workers workers) {
        int n = matrix.length;
        int wanted = Math.min(count, n);
        int carried = Math.min(n, wanted + SPARE);
        double[][] basis = new double[carried][n];
        // A fixed seed: the same statistics give the same map.
        Random random = new Random(20240711);
        for (double[] row : basis) {
            for (int j = 0; j < n; j++) {
                row[j] = random.nextGaussian();
            }
        }
        orthonormalise(basis);
        // A basis of everything needs no iteration.
        for (int i = 0; i < ITERATIONS && carried < n; i++) {
            basis = DenseMath.product(basis, matrix, workers);
            orthonormalise(basis);
        }
        double[][] small = new double[carried][carried];
        double[][] image = DenseMath.transpose(DenseMath.product(basis, matrix, workers));
        double[][] projected = DenseMath.product(basis, image, workers);
        for (int i = 0; i < carried; i++) {
            for (int j = 0; j < carried; j++) {
                small[i][j] = (projected[i][j] + projected[j][i]) / 2;
            }
        }
        double[][] rotation = jacobi(small);
        double[][] top = new double[wanted][];
        for (int i = 0; i < wanted; i++) {
            top[i] = rotation[i];
        }
        return DenseMath.product(top, basis, workers);
    }

    /** Modified Gram-Schmidt, twice over each row for orthogonality to rounding; a row of no length is replaced. */
    private static void orthonormalise(double[][] rows) {
        for (int i = 0; i < rows.length; i++) {
            double before = Math.sqrt(DenseMath.inner(rows[i], rows[i]));
            for (int pass = 0; pass < 2; pass++) {
                for (int k = 0; k < i; k++) {
                    DenseMath.axpy(rows[i], -DenseMath.inner(rows[i], rows[k]), rows[k], 0, rows[i].length);
                }
            }
            double length = Math.sqrt(DenseMath.inner(rows[i], rows[i]));
            if (!(length > 1e-12 * before) || length == 0) {
                replace(rows, i);
                continue;
            }
            for (int j = 0; j < rows[i].length; j++) {
                rows[i][j] /= length;
            }
        }
    }

    /** Puts the unit vector there that the rows before cover least: the matrix has no more directions to offer. */
    private static void replace(double[][] rows, int i) {
        int best = 0;
        double least = Double.MAX_VALUE;
        for (int j = 0; j < rows[i].length; j++) {
            double covered = 0;
            for (int k = 0; k < i; k++) {
                covered += rows[k][j] * rows[k][j];
            }
            if (covered < least) {
                least = covered;
                best = j;
            }
        }
        Arrays.fill(rows[i], 0);
        rows[i][best] = 1;
        for (int pass = 0; pass < 2; pass++) {
            for (int k = 0; k < i; k++) {
                DenseMath.axpy(rows[i], -DenseMath.inner(rows[i], rows[k]), rows[k], 0, rows[i].length);
            }
        }
        double length = Math.sqrt(DenseMath.inner(rows[i], rows[i]));
        for (int j = 0; j < rows[i].length; j++) {
            rows[i][j] /= length;
        }
    }

    /** Eigenvectors of a symmetric matrix as rows, the largest eigenvalue first; cyclic Jacobi. Changes the matrix. */
    static double[][] jacobi(double[][] a) {
        int n = a.length;
        double[][] vectors = new double[n][n];
        for (int i = 0; i < n; i++) {
            vectors[i][i] = 1;
        }
        for (int sweep = 0; sweep < SWEEPS; sweep++) {
            double off = 0;
            double diagonal = 0;
            for (int i = 0; i < n; i++) {
                diagonal += a[i][i] * a[i][i];
                for (int j = i + 1; j < n; j++) {
                    off += a[i][j] * a[i][j];
                }
            }
            if (off <= 1e-26 * diagonal) {
                break;
            }
            for (int p = 0; p < n; p++) {
                for (int q = p + 1; q < n; q++) {
                    if (a[p][q] != 0) {
                        rotate(a, vectors, p, q);
                    }
                }
            }
        }
        Integer[] order = new Integer[n];
        Arrays.setAll(order, i -> i);
        Arrays.sort(order, (x, y) -> Double.compare(a[y][y], a[x][x]));
        double[][] sorted = new double[n][];
        for (int i = 0; i < n; i++) {
            sorted[i] = vectors[order[i]];
        }
        return sorted;
    }

    private static void rotate(double[][] a, double[][] vectors, int p, int q) {
        int n = a.length;
        double theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
        double t = Math.copySign(1, theta) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
        double c = 1 / Math.sqrt(t * t + 1);
        double s = t * c;
        double[] rowP = a[p];
        double[] rowQ = a[q];
        turn(rowP, rowQ, c, s);
        for (int k = 0; k < n; k++) {
            double x = a[k][p];
            double y = a[k][q];
            a[k][p] = c * x - s * y;
            a[k][q] = s * x + c * y;
        }
        turn(vectors[p], vectors[q], c, s);
    }

    private static void turn(double[] x, double[] y, double c, double s) {
        for (int k = 0; k < x.length; k++) {
            double u = x[k];
            double v = y[k];
            x[k] = c * u - s * v;
            y[k] = s * u + c * v;
        }
    }
}
