package dev.skim.skip;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.skim.tensor.ElementType;
import dev.skim.tensor.Workers;
import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.lifecycle.AfterContainer;

/** The mathematics of stand-ins against its definitions. */
class FitTest {
    private static final float EPSILON = 1e-5f;
    private static final Workers WORKERS = new Workers(2);

    @AfterContainer
    static void close() {
        WORKERS.close();
    }

    private static double[][] random(Random random, int rows, int columns) {
        double[][] matrix = new double[rows][columns];
        for (double[] row : matrix) {
            for (int j = 0; j < columns; j++) {
                row[j] = random.nextGaussian();
            }
        }
        return matrix;
    }

    /** {@code a b}, the plain loop. */
    private static double[][] times(double[][] a, double[][] b) {
        double[][] out = new double[a.length][b[0].length];
        for (int i = 0; i < a.length; i++) {
            for (int j = 0; j < b[0].length; j++) {
                for (int k = 0; k < b.length; k++) {
                    out[i][j] += a[i][k] * b[k][j];
                }
            }
        }
        return out;
    }

    /** Symmetric and positive semidefinite, of at most this rank. */
    private static double[][] gram(Random random, int n, int rank) {
        double[][] a = random(random, n, rank);
        return times(a, DenseMath.transpose(a));
    }

    @Property(tries = 40)
    void choleskySolves(
            @ForAll @LongRange(max = 1000) long seed, @ForAll @IntRange(min = 1, max = 80) int n,
            @ForAll @IntRange(min = 1, max = 20) int columns) {
        Random random = new Random(seed);
        double[][] a = gram(random, n, n);
        for (int i = 0; i < n; i++) {
            a[i][i] += 1;
        }
        double[][] expected = random(random, n, columns);
        double[][] b = times(a, expected);
        Cholesky.of(a, WORKERS).solve(b, WORKERS);
        for (int i = 0; i < n; i++) {
            assertArrayEquals(expected[i], b[i], 1e-8);
        }
    }

    @Example
    void choleskyRefusesWhatIsNotPositiveDefinite() {
        double[][] indefinite = {{1, 2}, {2, 1}};
        assertThrows(ArithmeticException.class, () -> Cholesky.of(indefinite, WORKERS));
    }

    /** Orthonormal, {@code A v = lambda v}, descending, and no direction beside them has a larger eigenvalue. */
    @Property(tries = 30)
    void jacobiFindsAllEigenvectors(@ForAll @LongRange(max = 1000) long seed, @ForAll @IntRange(min = 1, max = 20) int n) {
        double[][] a = gram(new Random(seed), n, n);
        double[][] copy = new double[n][];
        for (int i = 0; i < n; i++) {
            copy[i] = a[i].clone();
        }
        eigenvectors(a, Eigen.jacobi(copy), n, 1e-9);
    }

    /** Where the matrix is of the wanted rank, the subspace is found exactly; also for more than the rank. */
    @Property(tries = 30)
    void leadingEigenvectors(
            @ForAll @LongRange(max = 1000) long seed, @ForAll @IntRange(min = 2, max = 40) int n,
            @ForAll @IntRange(min = 1, max = 6) int rank, @ForAll @IntRange(min = 1, max = 8) int count) {
        double[][] a = gram(new Random(seed), n, Math.min(rank, n));
        double[][] found = Eigen.leading(a, count, WORKERS);
        eigenvectors(a, found, Math.min(count, n), 1e-8);
        if (count >= rank) {
            double trace = 0;
            double sum = 0;
            for (int i = 0; i < n; i++) {
                trace += a[i][i];
            }
            for (double[] vector : found) {
                sum += DenseMath.inner(vector, times(new double[][] {vector}, a)[0]);
            }
            assertEquals(trace, sum, 1e-8 * trace);
        }
    }

    private static void eigenvectors(double[][] a, double[][] vectors, int count, double tolerance) {
        assertEquals(count, vectors.length);
        double[][] products = times(vectors, a);
        double largest = DenseMath.inner(vectors[0], products[0]);
        double before = Double.POSITIVE_INFINITY;
        for (int i = 0; i < count; i++) {
            for (int k = 0; k <= i; k++) {
                assertEquals(i == k ? 1 : 0, DenseMath.inner(vectors[i], vectors[k]), 1e-9);
            }
            double lambda = DenseMath.inner(vectors[i], products[i]);
            assertTrue(lambda <= before + tolerance * largest);
            before = lambda;
            for (int j = 0; j < a.length; j++) {
                assertEquals(lambda * vectors[i][j], products[i][j], tolerance * largest);
            }
        }
    }

    /** {@code x + P z + b} for each token, the plain loop in double. */
    private static float[] apply(double[][] p, double[] b, float[] x, int tokens) {
        int width = b.length;
        float[] y = x.clone();
        for (int t = 0; t < tokens; t++) {
            double squares = 0;
            for (int i = 0; i < width; i++) {
                squares += (double) x[t * width + i] * x[t * width + i];
            }
            double norm = 1 / Math.sqrt(squares / width + EPSILON);
            for (int i = 0; i < width; i++) {
                double sum = b[i];
                for (int j = 0; j < width; j++) {
                    sum += p[i][j] * norm * x[t * width + j];
                }
                y[t * width + i] = (float) (x[t * width + i] + sum);
            }
        }
        return y;
    }

    /** A planted affine map is found again from its tokens, and at its rank nothing is lost by reducing. */
    @Property(tries = 20)
    void aPlantedMapIsRecovered(
            @ForAll @LongRange(max = 1000) long seed, @ForAll @IntRange(min = 4, max = 12) int width,
            @ForAll @IntRange(min = 1, max = 3) int rank) {
        Random random = new Random(seed);
        double[][] p = times(random(random, width, rank), random(random, rank, width));
        double[] b = random(random, 1, width)[0];
        int tokens = 20 * width;
        float[] x = ToyModel.embeddings(tokens, width, seed);
        StandInFitter fitter = new StandInFitter(width, EPSILON);
        fitter.add(x, 0, apply(p, b, x, tokens), 0, tokens, WORKERS);
        assertEquals(tokens, fitter.tokens());

        AffineFit full = fitter.fit(0, WORKERS);
        AffineFit reduced = fitter.reduce(full, rank, WORKERS);
        assertEquals(rank, reduced.rank());
        for (AffineFit fit : new AffineFit[] {full, reduced}) {
            assertArrayEquals(b, fit.bias(), 1e-3);
            double[][] product = fit.product();
            for (int i = 0; i < width; i++) {
                assertArrayEquals(p[i], product[i], 1e-3);
            }
            assertEquals(0, fitter.quality(fit, WORKERS).unexplained(), 1e-8);
        }
        AffineFit nothing = new AffineFit(0, 0, new double[width][width], new double[0][], new double[width]);
        assertTrue(fitter.quality(nothing, WORKERS).unexplained() > 0.5);
    }

    /** A run that changes nothing, or all tokens by the same, leaves nothing unexplained. */
    @Property(tries = 20)
    void whatDoesNotVaryIsExplained(@ForAll @LongRange(max = 1000) long seed, @ForAll @IntRange(min = 1, max = 12) int width) {
        int tokens = 20 * width;
        float[] x = ToyModel.embeddings(tokens, width, seed);
        float[] shifted = x.clone();
        for (int i = 0; i < shifted.length; i++) {
            shifted[i] = Math.round(1024 * x[i]) / 1024f;
            x[i] = shifted[i] - 3;
        }
        for (float[] y : new float[][] {x, shifted}) {
            StandInFitter fitter = new StandInFitter(width, EPSILON);
            fitter.add(x, 0, y, 0, tokens, WORKERS);
            StandInFitter.Quality quality = fitter.quality(fitter.fit(1e-3, WORKERS), WORKERS);
            assertEquals(0, quality.unexplained());
            assertEquals(0, quality.noise(), 1e-9);
        }
    }

    /** The packed form against the plain loop, at full and low rank, for batches at any offset. */
    @Property(tries = 30)
    void standInsComputeWhatTheySay(
            @ForAll @LongRange(max = 1000) long seed, @ForAll @IntRange(max = 7) int rank,
            @ForAll @IntRange(min = 1, max = 5) int tokens, @ForAll @IntRange(max = 9) int offset) {
        int width = 32;
        Random random = new Random(seed);
        double[][] map = random(random, width, rank == 0 ? width : rank);
        double[][] down = random(random, rank, width);
        double[] bias = random(random, 1, width)[0];
        StandInWeights weights =
                new AffineFit(0, rank, map, down, bias).weights(Run.ofLayers(0, 1), EPSILON, ElementType.BF16);
        AffineFit kept = new AffineFit(
                0, rank, values(weights.map(), map[0].length), values(weights.down(), width), bias);

        float[] x = ToyModel.embeddings(tokens, width, seed);
        float[] expected = apply(kept.product(), bias, x, tokens);
        float[] stream = new float[offset + x.length + 3];
        Arrays.fill(stream, 7);
        System.arraycopy(x, 0, stream, offset, x.length);
        new LinearStandIn(weights, WORKERS).apply(stream, offset, tokens, WORKERS);
        for (int i = 0; i < stream.length; i++) {
            boolean within = i >= offset && i < offset + x.length;
            assertEquals(within ? expected[i - offset] : 7, stream[i], within ? 1e-3 : 0);
        }
    }

    private static double[][] values(short[] bits, int columns) {
        double[][] values = new double[bits.length / columns][columns];
        for (int i = 0; i < bits.length; i++) {
            values[i / columns][i % columns] = StandInWeights.ofBits(ElementType.BF16, bits[i]);
        }
        return values;
    }
}
