package dev.skim.bench;

import dev.skim.tensor.Activations;
import dev.skim.tensor.Blocks;
import dev.skim.tensor.ElementType;
import dev.skim.tensor.PackedMatrix;
import dev.skim.tensor.Products;
import dev.skim.tensor.Workers;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A weight matrix times one token (decode; out of memory, as a model's is: copies larger than the caches take turns) or times
 * a prompt's tokens (prefill).
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(value = 1, jvmArgsPrepend = "--add-modules=jdk.incubator.vector")
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class MatrixBenchmark {
    @Param({"F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "IQ2_XXS", "IQ3_XXS", "IQ3_S", "IQ4_NL",
            "IQ4_XS"})
    public ElementType type;

    @Param({"1", "512"})
    public int tokens;

    /**
     * Whether all types multiply in f32; else those that {@link dev.skim.tensor.Kernels#rounds round} have rounded activations, Q8_0
     * rounded weights.
     */
    @Param({"true", "false"})
    public boolean exact;

    @Param("2048")
    public int rows;

    @Param("2048")
    public int columns;

    @Param("1")
    public int threads;

    /** Bytes that the copies take together where one token is timed. */
    long coldBytes = 256L << 20;

    private Workers workers;
    private PackedMatrix[] copies;
    private final Products products = new Products();
    private Activations x;
    private float[] out;
    private int next;

    /** Packs, and checks both ways to multiply. */
    @Setup(Level.Trial)
    public void setUp() {
        workers = new Workers(threads);
        x = new Activations(exact);
        out = new float[tokens * rows];
        float[] source = Data.floats(tokens * columns, 3);
        try (Arena arena = Arena.ofShared()) {
            MemorySegment weights = Data.weights(type, rows, columns, arena);
            long bytes = type.bytes((long) rows * columns);
            int count = tokens > 1 ? 1 : (int) Math.max(1, coldBytes / bytes);
            copies = new PackedMatrix[count];
            for (int i = 0; i < count; i++) {
                copies[i] = PackedMatrix.pack(type, weights, rows, columns, workers);
            }
            check(weights, source);
        }
        x.set(source, 0, columns, tokens, columns);
    }

    /** Every row for the last token against the definition; that token alone against it in the batch, bit by bit. */
    private void check(MemorySegment weights, float[] source) {
        int last = tokens - 1;
        x.set(source, 0, columns, tokens, columns);
        copies[0].multiply(x, out, 0, rows, false, workers);
        float[] alone = new float[rows];
        x.set(source, last * columns, columns, 1, columns);
        copies[0].multiply(x, alone, 0, rows, false, workers);
        float[] row = new float[columns];
        for (int r = 0; r < rows; r++) {
            Blocks.expand(type, weights, r * type.bytes(columns), row, 0, columns);
            double sum = 0;
            double size = 0;
            for (int c = 0; c < columns; c++) {
                double product = (double) row[c] * source[last * columns + c];
                sum += product;
                size += Math.abs(product);
            }
            // Rounding moves an activation by at most half of 1/4078 of its group's sum of sizes, 0.4 % of the mean size;
            // with 5 bits, of 1/2030; with Q6_K, of 1/1014 of the largest sum of sizes of four groups of 16: 0.8 % of the mean
            // size in that one; with IQ3_XXS and IQ4_XS, of 1/256 of that of sixteen groups of four.
            double tolerance = exact || type == ElementType.Q8_0 ? columns * 0x1p-24 : switch (type) {
                case Q6_K -> 0.012;
                case IQ3_XXS, IQ4_XS -> 0.016;
                case Q5_0, Q5_1, Q5_K -> 0.008;
                default -> 0.004;
            };
            Definition.check(type + " row " + r, sum, out[last * rows + r], size, tolerance);
            Definition.same(type + " row " + r, out[last * rows + r], alone[r]);
        }
    }

    /** Times all tokens. */
    @Benchmark
    public float[] multiply() {
        next = next + 1 < copies.length ? next + 1 : 0;
        products.add(copies[next], out, 0, rows, false).run(x, workers);
        return out;
    }

    /** Ends the workers. */
    @TearDown
    public void tearDown() {
        workers.close();
    }
}
