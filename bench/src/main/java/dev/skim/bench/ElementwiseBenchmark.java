package dev.skim.bench;

import dev.skim.nn.RmsNorm;
import dev.skim.tensor.VectorMath;
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
import org.openjdk.jmh.annotations.Warmup;

/** Norm, gate and exponential of one token. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(value = 1, jvmArgsPrepend = "--add-modules=jdk.incubator.vector")
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class ElementwiseBenchmark {
    private static final float EPSILON = 1e-5f;

    @Param({"576", "2048", "8192"})
    public int width;

    private float[] input;
    private float[] other;
    private float[] out;
    private RmsNorm norm;

    /** Checks each against its definition. */
    @Setup(Level.Trial)
    public void setUp() {
        input = Data.floats(width, 1);
        other = Data.floats(width, 2);
        out = new float[width];
        norm = new RmsNorm("attn_norm", Data.floats(width, 3), EPSILON);
        double sum = 0;
        for (float x : input) {
            sum += (double) x * x;
        }
        double factor = 1 / Math.sqrt(sum / width + EPSILON);
        rmsNorm();
        for (int i = 0; i < width; i++) {
            double defined = input[i] * factor * norm.weight()[i];
            Definition.check("the norm of element " + i, defined, out[i], Math.abs(defined), 1e-5);
        }
        swiGlu();
        for (int i = 0; i < width; i++) {
            double defined = input[i] / (1 + Math.exp(-input[i])) * other[i];
            Definition.check("the gate of element " + i, defined, out[i], Math.abs(defined), 1e-5);
        }
        exp();
        for (int i = 0; i < width; i++) {
            double defined = Math.exp(input[i]);
            Definition.check("the exponential of element " + i, defined, out[i], defined, 1e-6);
        }
    }

    /** Root-mean-square norm. */
    @Benchmark
    public float[] rmsNorm() {
        norm.apply(input, 0, out, 0);
        return out;
    }

    /** The gate of a feed-forward sublayer, and a copy, as it works in place. */
    @Benchmark
    public float[] swiGlu() {
        System.arraycopy(input, 0, out, 0, width);
        VectorMath.swiGlu(out, 0, other, 0, width);
        return out;
    }

    /** The exponential, and a copy, as it works in place. */
    @Benchmark
    public float[] exp() {
        System.arraycopy(input, 0, out, 0, width);
        VectorMath.exp(out, 0, width);
        return out;
    }
}
