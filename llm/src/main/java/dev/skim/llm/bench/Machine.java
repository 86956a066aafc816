package dev.skim.llm.bench;

import dev.skim.tensor.Workers;
import java.util.Arrays;
import java.util.function.DoubleSupplier;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * What the machine can do at best, measured: the two limits that a decoder meets.
 *
 * @param threads that measured together
 * @param width of the vectors in bits
 * @param readBandwidth bytes per second read from arrays that no cache holds
 * @param multiplyAdds f32 multiply-adds per second in a register tile
 */
public record Machine(int threads, int width, double readBandwidth, double multiplyAdds) {
    private static final VectorShape SHAPE =
            System.getProperty("skim.width") == null
                    ? VectorShape.preferredShape()
                    : VectorShape.forBitSize(Integer.getInteger("skim.width", 0));
    private static final VectorSpecies<Float> FLOATS = VectorSpecies.of(float.class, SHAPE);
    private static final VectorSpecies<Long> LONGS = VectorSpecies.of(long.class, SHAPE);

    /** Longs in a piece of reading: 1 MiB, long enough that claiming it costs nothing. */
    private static final int PIECE = 1 << 17;
    /** What every thread has to read: more than its share of any cache. */
    private static final long BYTES_PER_THREAD = 256L << 20;
    private static final long MOST_BYTES = 1L << 30;

    /** Columns of the tile's operands: both stay in the first-level cache. */
    private static final int DEPTH = 256;
    private static final int TILE_ROWS = 6;
    private static final int TILES = 2_000;

    /** Where sums go that would otherwise be dropped as useless. */
    private static volatile double sink;

    /** Measures with so many threads; takes about a second. */
    public static Machine measure(int threads) {
        try (Workers workers = new Workers(threads)) {
            return new Machine(threads, SHAPE.vectorBitSize(), bandwidth(workers), multiplyAdds(workers));
        }
    }

    private static double bandwidth(Workers workers) {
        long bytes = Math.min(MOST_BYTES, BYTES_PER_THREAD * workers.threads());
        bytes = Math.min(bytes, Runtime.getRuntime().maxMemory() / 4);
        int pieces = (int) Math.max(1, bytes / (8L * PIECE));
        long[][] data = new long[pieces][];
        // Filled, so that every page is there and is its own.
        workers.run(pieces, 1, (begin, end, worker) -> {
            for (int i = begin; i < end; i++) {
                data[i] = new long[PIECE];
                Arrays.fill(data[i], i);
            }
        });
        return best(() -> {
            long start = System.nanoTime();
            workers.run(pieces, 1, (begin, end, worker) -> {
                long sum = 0;
                for (int i = begin; i < end; i++) {
                    sum += sum(data[i]);
                }
                sink = sum;
            });
            return 8.0 * PIECE * pieces / (System.nanoTime() - start) * 1e9;
        });
    }

    private static double multiplyAdds(Workers workers) {
        int tasks = workers.threads() * 4;
        return best(() -> {
            long start = System.nanoTime();
            workers.run(tasks, 1, (begin, end, worker) -> {
                float[] weights = new float[DEPTH * 2 * FLOATS.length()];
                float[] activations = new float[DEPTH * TILE_ROWS];
                for (int i = begin; i < end; i++) {
                    float sum = 0;
                    for (int t = 0; t < TILES; t++) {
                        sum += tile(weights, activations);
                    }
                    sink = sum;
                }
            });
            double products = (double) tasks * TILES * DEPTH * TILE_ROWS * 2 * FLOATS.length();
            return products / (System.nanoTime() - start) * 1e9;
        });
    }

    /** The best of runs over about half a second, the first ones of which compile: what disturbs only slows down. */
    private static double best(DoubleSupplier run) {
        double best = 0;
        long start = System.nanoTime();
        for (int i = 0; i < 8 || System.nanoTime() - start < 500_000_000; i++) {
            best = Math.max(best, run.getAsDouble());
        }
        return best;
    }

    private static long sum(long[] data) {
        int step = LONGS.length();
        LongVector a = LongVector.zero(LONGS);
        LongVector b = a;
        LongVector c = a;
        LongVector d = a;
        for (int i = 0; i <= data.length - 4 * step; i += 4 * step) {
            a = a.add(LongVector.fromArray(LONGS, data, i));
            b = b.add(LongVector.fromArray(LONGS, data, i + step));
            c = c.add(LongVector.fromArray(LONGS, data, i + 2 * step));
            d = d.add(LongVector.fromArray(LONGS, data, i + 3 * step));
        }
        return a.add(b).add(c.add(d)).reduceLanes(VectorOperators.ADD);
    }

    /** Six rows by two vectors: twelve sums, two weights and one factor fit AVX2's sixteen registers. */
    private static float tile(float[] weights, float[] activations) {
        int step = FLOATS.length();
        FloatVector zero = FloatVector.zero(FLOATS);
        FloatVector a0 = zero, a1 = zero, b0 = zero, b1 = zero, c0 = zero, c1 = zero;
        FloatVector d0 = zero, d1 = zero, e0 = zero, e1 = zero, f0 = zero, f1 = zero;
        for (int i = 0; i < DEPTH; i++) {
            FloatVector w0 = FloatVector.fromArray(FLOATS, weights, i * 2 * step);
            FloatVector w1 = FloatVector.fromArray(FLOATS, weights, i * 2 * step + step);
            FloatVector x = FloatVector.broadcast(FLOATS, activations[i * TILE_ROWS]);
            a0 = x.fma(w0, a0);
            a1 = x.fma(w1, a1);
            x = FloatVector.broadcast(FLOATS, activations[i * TILE_ROWS + 1]);
            b0 = x.fma(w0, b0);
            b1 = x.fma(w1, b1);
            x = FloatVector.broadcast(FLOATS, activations[i * TILE_ROWS + 2]);
            c0 = x.fma(w0, c0);
            c1 = x.fma(w1, c1);
            x = FloatVector.broadcast(FLOATS, activations[i * TILE_ROWS + 3]);
            d0 = x.fma(w0, d0);
            d1 = x.fma(w1, d1);
            x = FloatVector.broadcast(FLOATS, activations[i * TILE_ROWS + 4]);
            e0 = x.fma(w0, e0);
            e1 = x.fma(w1, e1);
            x = FloatVector.broadcast(FLOATS, activations[i * TILE_ROWS + 5]);
            f0 = x.fma(w0, f0);
            f1 = x.fma(w1, f1);
        }
        FloatVector sum = a0.add(a1).add(b0.add(b1)).add(c0.add(c1)).add(d0.add(d1)).add(e0.add(e1)).add(f0.add(f1));
        return sum.reduceLanes(VectorOperators.ADD);
    }
}
