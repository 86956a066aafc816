package dev.skim.skip;

import dev.skim.tensor.Workers;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * Measures, in one pass of the whole model over a text, how well a linear stand-in could take the place of each short
 * run: the error that the best affine map of the normed stream leaves, over the size of the stream.
 *
 * <p>The input side is whole (Gram matrices in double); of the output side a random projection is regressed, whose
 * error has the same mean. Tokens are weighed by one over the square of their norm before the run. The error on the
 * fitted text is corrected for the number of parameters, {@code n / (n - width - 1)}.
 *
 * <p>Memory: (width + 1)^2 doubles for each start, and (width + 1) x projection for each run.
 */
public final class RunScan implements SkipPlan {
    /** Dimensions of the projection: the error's own error is about {@code sqrt(2 / 64)} where one direction rules. */
    public static final int PROJECTION = 64;

    /** The ridge, as in {@link StandInFitter#fit}. */
    private static final double RIDGE = 1e-4;

    private final ModelShape shape;
    private final int grain;
    private final int longest;
    private final float epsilon;
    private final Workers workers;
    private final double[][] projection;
    private final double[][][] gram;
    private final double[][][][] cross;
    private final double[][] change;
    private final double[][] target;
    private final Boundary[] ring;
    private long tokens;

    /** The stream of a batch at one boundary. */
    private static final class Boundary {
        double[][] inputs = {};
        double[][] projected = {};
        double[] root = {};
    }

    /**
     * Scans.
     *
     * @param epsilon of the norm
     * @param longest longest run, in units of {@code grain}
     * @param grain 2: runs of whole layers; 1: runs that start and end at any sublayer
     * @param workers for the products
     */
    public RunScan(ModelShape shape, float epsilon, int longest, int grain, Workers workers) {
        if (grain != 1 && grain != 2 || longest < 1) {
            throw new IllegalArgumentException("runs are scanned by sublayers (1) or layers (2), at least one long");
        }
        this.shape = shape;
        this.epsilon = epsilon;
        this.grain = grain;
        this.longest = Math.min(longest, units());
        this.workers = workers;
        int width = shape.width();
        int columns = Math.min(PROJECTION, width);
        Random random = new Random(20240711);
        projection = new double[width][columns];
        for (double[] row : projection) {
            for (int j = 0; j < columns; j++) {
                row[j] = random.nextGaussian() / Math.sqrt(columns);
            }
        }
        gram = new double[units()][width + 1][width + 1];
        cross = new double[units()][][][];
        change = new double[units()][];
        target = new double[units()][];
        for (int start = 0; start < units(); start++) {
            int runs = Math.min(this.longest, units() - start);
            cross[start] = new double[runs][width + 1][columns];
            change[start] = new double[runs];
            target[start] = new double[runs];
        }
        ring = new Boundary[this.longest + 1];
        for (int i = 0; i < ring.length; i++) {
            ring[i] = new Boundary();
        }
    }

    private int units() {
        return shape.sublayers() / grain;
    }

    /** Tokens that were scanned. */
    public long tokens() {
        return tokens;
    }

    @Override
    public Decision decide(int sublayer, Phase phase, int tokens) {
        return Decision.RUN;
    }

    @Override
    public boolean observes(int sublayer, Phase phase) {
        int step = shape.step(sublayer);
        return step % grain == 0 || step == shape.sublayers() - 1;
    }

    @Override
    public void observe(int sublayer, Phase phase, float[] input, float[] output, int tokens, int width) {
        int step = shape.step(sublayer);
        if (step % grain == 0) {
            boundary(step / grain, input, tokens);
        }
        if (step == shape.sublayers() - 1) {
            boundary(units(), output, tokens);
            this.tokens += tokens;
        }
    }

    private void boundary(int at, float[] stream, int count) {
        Boundary here = ring[at % ring.length];
        take(here, stream, count);
        for (int n = 1; n <= longest && n <= at; n++) {
            int start = at - n;
            Boundary there = ring[start % ring.length];
            double[][] difference = new double[count][];
            for (int t = 0; t < count; t++) {
                double root = there.root[t];
                double[] from = there.projected[t];
                double[] to = here.projected[t];
                double[] row = new double[to.length];
                double squares = 0;
                double size = 0;
                for (int j = 0; j < row.length; j++) {
                    row[j] = root * (to[j] - from[j]);
                    squares += row[j] * row[j];
                    size += root * root * to[j] * to[j];
                }
                difference[t] = row;
                change[start][n - 1] += squares;
                target[start][n - 1] += size;
            }
            DenseMath.addTransposeProduct(there.inputs, difference, count, cross[start][n - 1], false, workers);
        }
        if (at < units()) {
            DenseMath.addTransposeProduct(here.inputs, here.inputs, count, gram[at], true, workers);
        }
    }

    private void take(Boundary here, float[] stream, int count) {
        int width = shape.width();
        if (here.inputs.length < count) {
            here.inputs = new double[count][width + 1];
            here.projected = new double[count][projection[0].length];
            here.root = new double[count];
        }
        workers.run(count, 16, (begin, end, worker) -> {
            double[] x = new double[width];
            for (int t = begin; t < end; t++) {
                double squares = Similarity.dot(stream, t * width, stream, t * width, width);
                double root = 1 / Math.sqrt(squares / width + epsilon);
                for (int i = 0; i < width; i++) {
                    x[i] = stream[t * width + i];
                    here.inputs[t][i] = root * root * x[i];
                }
                here.inputs[t][width] = root;
                here.root[t] = root;
                double[] out = here.projected[t];
                Arrays.fill(out, 0);
                DenseMath.combine(out, x, projection, 0, width, 1);
            }
        });
    }

    /**
     * The runs as candidates for {@link RunSelector}: harm is the share of the stream that a fitted stand-in gets
     * wrong, saved cost is in multiply-adds with the stand-in counted. Runs that would save nothing are left out.
     *
     * @param standInCost multiply-adds of one stand-in for one token: {@code width^2}, or {@code 2 * rank * width}
     * @throws IllegalStateException when fewer tokens were scanned than twice the parameters of a row
     */
    public List<RunSelector.Candidate> candidates(long standInCost) {
        int parameters = shape.width() + 1;
        if (tokens < 2L * parameters) {
            throw new IllegalStateException("choosing runs needs at least " + 2 * parameters + " tokens of text, not "
                    + tokens);
        }
        List<RunSelector.Candidate> candidates = new ArrayList<>();
        double correction = (double) tokens / (tokens - parameters);
        for (int start = 0; start < units(); start++) {
            double[][] system = new double[parameters][];
            double trace = 0;
            for (int i = 0; i < parameters; i++) {
                system[i] = gram[start][i].clone();
                trace += i < parameters - 1 ? system[i][i] : 0;
            }
            double penalty = RIDGE * trace / shape.width();
            for (int i = 0; i < parameters - 1; i++) {
                system[i][i] += penalty;
            }
            Cholesky factor = Cholesky.of(system, workers);
            for (int n = 1; n <= cross[start].length; n++) {
                Run run = new Run(start * grain, n * grain);
                long saved = run.cost(shape) - standInCost;
                if (saved > 0) {
                    double left = residual(factor, penalty, start, n);
                    candidates.add(new RunSelector.Candidate(
                            run, saved, Math.max(0, left * correction) / target[start][n - 1]));
                }
            }
        }
        return candidates;
    }

    /** {@code |change - W z|^2} from the normal equations: {@code (G + D) W = C}, so {@code G W = C - D W}. */
    private double residual(Cholesky factor, double penalty, int start, int n) {
        double[][] c = cross[start][n - 1];
        double[][] w = new double[c.length][];
        for (int i = 0; i < c.length; i++) {
            w[i] = c[i].clone();
        }
        factor.solve(w, workers);
        double penalised = 0;
        for (int i = 0; i < c.length - 1; i++) {
            penalised += DenseMath.inner(w[i], w[i]);
        }
        return change[start][n - 1] - DenseMath.inner(w, c) - penalty * penalised;
    }
}
