package dev.skim.skip;

import dev.skim.tensor.Workers;

/**
 * Ridge regression of {@code y - x} on {@code z = x / sqrt(mean(x^2) + eps)} and a constant, in closed form from
 * streamed Gram matrices in double: {@code W = (Z^T Z + ridge * D)^-1 Z^T (y - x)}, the constant without penalty. Tokens
 * are weighed by one over the mean square of y: the relative error counts, which is what the next norm sees, and tokens
 * with a huge norm speak no louder than others.
 *
 * <p>Takes (width + 1)^2 + width * (width + 1) doubles, whatever the number of tokens. Not for several threads at once;
 * the work inside is parallel.
 */
public final class StandInFitter {
    /** Rows that are multiplied at once: few enough to stay in a second-level cache, many enough to share a region. */
    private static final int BATCH = 64;

    /** A variance below this share of the squares that it is left over from is none: the sums round to about 1e-15. */
    private static final double ROUNDING = 1e-12;

    /**
     * How good a map is on some data.
     *
     * @param unexplained the share of the variance of {@code y - x} that is left; 0 where there is none, but for rounding
     * @param noise mean square of the error over that of y, both weighed alike
     */
    public record Quality(double unexplained, double noise) {}

    private final int width;
    private final float epsilon;
    private final double[][] gram;
    private final double[][] cross;
    private final double[][] inputs;
    private final double[][] changes;
    private long tokens;
    private double changeSquares;
    private double targetSquares;

    /**
     * Starts with no tokens.
     *
     * @param width elements of the residual stream
     * @param epsilon of the norm, that of the model
     */
    public StandInFitter(int width, float epsilon) {
        if (width < 1 || !(epsilon >= 0)) {
            throw new IllegalArgumentException("a fit needs a width of at least 1 and an epsilon that is not negative");
        }
        this.width = width;
        this.epsilon = epsilon;
        gram = new double[width + 1][width + 1];
        cross = new double[width + 1][width];
        inputs = new double[BATCH][width + 1];
        changes = new double[BATCH][width];
    }

    /** Tokens that were added. */
    public long tokens() {
        return tokens;
    }

    /**
     * Adds tokens: the stream before the run and the stream that should come out.
     *
     * @param x count x width, row-major from {@code xOffset} on
     * @param y count x width, row-major from {@code yOffset} on
     */
    public void add(float[] x, int xOffset, float[] y, int yOffset, int count, Workers workers) {
        for (int done = 0; done < count; done += BATCH) {
            int part = Math.min(BATCH, count - done);
            for (int t = 0; t < part; t++) {
                set(t, x, xOffset + (done + t) * width, y, yOffset + (done + t) * width);
            }
            DenseMath.addTransposeProduct(inputs, inputs, part, gram, true, workers);
            DenseMath.addTransposeProduct(inputs, changes, part, cross, false, workers);
        }
        tokens += count;
    }

    private void set(int row, float[] x, int xAt, float[] y, int yAt) {
        double xSquares = Similarity.dot(x, xAt, x, xAt, width);
        double ySquares = Similarity.dot(y, yAt, y, yAt, width);
        double root = 1 / Math.sqrt(ySquares / width + epsilon);
        double norm = root / Math.sqrt(xSquares / width + epsilon);
        double[] z = inputs[row];
        double[] change = changes[row];
        double sum = 0;
        for (int i = 0; i < width; i++) {
            z[i] = norm * x[xAt + i];
            double d = root * ((double) y[yAt + i] - x[xAt + i]);
            change[i] = d;
            sum += d * d;
        }
        z[width] = root;
        changeSquares += sum;
        targetSquares += root * root * ySquares;
    }

    /**
     * Adds what another fitter of the same form was given.
     *
     * @throws IllegalArgumentException when width or epsilon differ
     */
    public void merge(StandInFitter other) {
        if (other.width != width || other.epsilon != epsilon) {
            throw new IllegalArgumentException("fits of different widths or epsilons do not merge");
        }
        for (int i = 0; i <= width; i++) {
            DenseMath.axpy(gram[i], 1, other.gram[i], 0, width + 1);
            DenseMath.axpy(cross[i], 1, other.cross[i], 0, width);
        }
        tokens += other.tokens;
        changeSquares += other.changeSquares;
        targetSquares += other.targetSquares;
    }

    /**
     * Fits a full map.
     *
     * @param ridge penalty as a share of the mean square of z's elements, such as 1e-3
     * @throws IllegalArgumentException when no tokens were added or the ridge is negative
     * @throws ArithmeticException when the equations are singular: too few tokens for so small a ridge
     */
    public AffineFit fit(double ridge, Workers workers) {
        if (tokens == 0 || !(ridge >= 0)) {
            throw new IllegalArgumentException("a fit needs tokens and a ridge that is not negative");
        }
        double trace = 0;
        for (int i = 0; i < width; i++) {
            trace += gram[i][i];
        }
        double penalty = ridge * trace / width;
        double[][] system = new double[width + 1][];
        double[][] solution = new double[width + 1][];
        for (int i = 0; i <= width; i++) {
            system[i] = gram[i].clone();
            system[i][i] += i < width ? penalty : 0;
            solution[i] = cross[i].clone();
        }
        Cholesky.of(system, workers).solve(solution, workers);
        double[] bias = solution[width];
        double[][] inner = new double[width][];
        System.arraycopy(solution, 0, inner, 0, width);
        return new AffineFit(ridge, 0, DenseMath.transpose(inner), new double[0][], bias);
    }

    /**
     * The fit whose ridge does best on other data.
     *
     * @param heldOut tokens that were not added to this fitter
     * @param ridges candidates, at least one
     */
    public AffineFit fit(double[] ridges, StandInFitter heldOut, Workers workers) {
        AffineFit best = null;
        double least = Double.POSITIVE_INFINITY;
        for (double ridge : ridges) {
            AffineFit fit = fit(ridge, workers);
            double noise = heldOut.quality(fit, workers).noise();
            if (best == null || noise < least) {
                best = fit;
                least = noise;
            }
        }
        if (best == null) {
            throw new IllegalArgumentException("a fit needs at least one ridge to try");
        }
        return best;
    }

    /**
     * Lowers a full map to a rank: reduced-rank regression, {@code U U^T P} with U the leading eigenvectors of the
     * covariance of what P predicts on the data of this fitter, so that what is lost is the least of the output's
     * variance and not merely of the weights. The bias takes up the change of the mean.
     *
     * @param rank 1 to below the width
     */
    public AffineFit reduce(AffineFit full, int rank, Workers workers) {
        if (full.rank() != 0 || rank < 1 || rank >= width) {
            throw new IllegalArgumentException("a full map of width " + width + " is reduced to rank 1 to " + (width - 1)
                    + ", not " + rank);
        }
        double weight = gram[width][width];
        double[][] covariance = new double[width][width];
        double[] mean = new double[width];
        for (int i = 0; i < width; i++) {
            mean[i] = gram[i][width] / weight;
        }
        for (int i = 0; i < width; i++) {
            for (int j = i; j < width; j++) {
                covariance[i][j] = gram[i][j] / weight - mean[i] * mean[j];
            }
        }
        DenseMath.mirror(covariance);
        double[][] p = full.map();
        double[][] half = DenseMath.product(p, covariance, workers);
        double[][] predicted = DenseMath.product(half, DenseMath.transpose(p), workers);
        double[][] leading = Eigen.leading(predicted, rank, workers);
        double[][] down = DenseMath.product(leading, p, workers);
        double[][] up = DenseMath.transpose(leading);
        double[] bias = full.bias().clone();
        double[] reduced = new double[rank];
        for (int k = 0; k < rank; k++) {
            reduced[k] = DenseMath.inner(down[k], mean);
        }
        for (int i = 0; i < width; i++) {
            bias[i] += DenseMath.inner(p[i], mean) - DenseMath.inner(up[i], reduced);
        }
        return new AffineFit(full.ridge(), rank, up, down, bias);
    }

    /** How good a map is on the tokens of this fitter, which need not be those that it was fitted on. */
    public Quality quality(AffineFit fit, Workers workers) {
        double[][] p = fit.product();
        double[][] w = new double[width + 1][];
        System.arraycopy(DenseMath.transpose(p), 0, w, 0, width);
        w[width] = fit.bias();
        double[][] symmetric = new double[width + 1][];
        for (int i = 0; i <= width; i++) {
            symmetric[i] = gram[i].clone();
        }
        DenseMath.mirror(symmetric);
        double squares = DenseMath.inner(w, DenseMath.product(symmetric, w, workers));
        double left = Math.max(0, changeSquares - 2 * DenseMath.inner(w, cross) + squares);
        double ofMean = DenseMath.inner(cross[width], cross[width]) / gram[width][width];
        double variance = changeSquares - ofMean;
        // A run that changes nothing, or all tokens by the same, leaves nothing to explain; rounding would be 0 / 0 or worse.
        return new Quality(variance > ROUNDING * changeSquares ? left / variance : 0, left / targetSquares);
    }
}
