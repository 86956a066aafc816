package dev.skim.bench;

import dev.skim.tensor.Blocks;
import dev.skim.tensor.ElementType;
import dev.skim.tensor.PackedMatrix;
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

/** A row of weights to f32: out of a file's blocks, and out of packed panels (an embedding). Both give the same bits. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(value = 1, jvmArgsPrepend = "--add-modules=jdk.incubator.vector")
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class ExpansionBenchmark {
    private static final int ROWS = 64;

    @Param({"F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "IQ2_XXS", "IQ3_XXS", "IQ3_S", "IQ4_NL",
            "IQ4_XS"})
    public ElementType type;

    @Param("2048")
    public int columns;

    private final Arena arena = Arena.ofShared();
    private MemorySegment weights;
    private PackedMatrix matrix;
    private float[] out;
    private int row;

    /** Packs, and checks that both ways agree. */
    @Setup(Level.Trial)
    public void setUp() {
        weights = Data.weights(type, ROWS, columns, arena);
        try (Workers workers = new Workers(1)) {
            matrix = PackedMatrix.pack(type, weights, ROWS, columns, workers);
        }
        out = new float[columns];
        float[] other = new float[columns];
        for (int r = 0; r < ROWS; r++) {
            matrix.row(r, out, 0);
            Blocks.expand(type, weights, r * type.bytes(columns), other, 0, columns);
            for (int c = 0; c < columns; c++) {
                Definition.same(type + " element " + c + " of row " + r, out[c], other[c]);
            }
        }
    }

    /** Out of the file's blocks. */
    @Benchmark
    public float[] blocks() {
        row = (row + 1) % ROWS;
        Blocks.expand(type, weights, row * type.bytes(columns), out, 0, columns);
        return out;
    }

    /** Out of panels. */
    @Benchmark
    public float[] packedRow() {
        row = (row + 1) % ROWS;
        matrix.row(row, out, 0);
        return out;
    }

    /** Lets go of the weights. */
    @TearDown
    public void tearDown() {
        arena.close();
    }
}
