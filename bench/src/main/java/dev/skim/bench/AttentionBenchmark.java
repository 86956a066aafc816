package dev.skim.bench;

import dev.skim.nn.Attention;
import dev.skim.nn.KvCache;
import dev.skim.nn.KvType;
import dev.skim.tensor.Workers;
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

/** Causal attention of the last tokens of a context: one (decode), or a prompt's last 512 (prefill). */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(value = 1, jvmArgsPrepend = "--add-modules=jdk.incubator.vector")
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class AttentionBenchmark {
    @Param({"512", "4096"})
    public int context;

    @Param({"1", "512"})
    public int tokens;

    @Param("32")
    public int heads;

    @Param("8")
    public int kvHeads;

    @Param("64")
    public int headSize;

    @Param("F32")
    public KvType type;

    @Param("1")
    public int threads;

    private Workers workers;
    private Attention attention;
    private KvCache cache;
    private float[] queries;
    private float[] out;

    /** Fills the cache, and checks the last token of every head; that token alone against it in the batch, bit by bit. */
    @Setup(Level.Trial)
    public void setUp() {
        workers = new Workers(threads);
        int width = heads * headSize;
        int kvWidth = kvHeads * headSize;
        double scale = 1 / Math.sqrt(headSize);
        attention = new Attention(heads, kvHeads, headSize, (float) scale, 0, 0);
        cache = new KvCache(type, 1, kvHeads, headSize, context);
        float[] keys = Data.floats(context * kvWidth, 1);
        float[] values = Data.floats(context * kvWidth, 2);
        cache.append(0, keys, 0, kvWidth, values, 0, kvWidth, context);
        queries = Data.floats(tokens * width, 3);
        out = new float[tokens * width];
        apply();
        int last = (tokens - 1) * width;
        float[] alone = new float[width];
        attention.apply(queries, last, width, 1, context - 1, cache, 0, alone, 0, width, workers);
        for (int head = 0; head < heads; head++) {
            int kv = head / (heads / kvHeads) * headSize;
            double[] weights = new double[context];
            double sum = 0;
            for (int t = 0; t < context; t++) {
                double score = 0;
                for (int d = 0; d < headSize; d++) {
                    score += (double) queries[last + head * headSize + d] * keys[t * kvWidth + kv + d];
                }
                weights[t] = Math.exp(score * scale);
                sum += weights[t];
            }
            for (int d = 0; d < headSize; d++) {
                double value = 0;
                for (int t = 0; t < context; t++) {
                    value += weights[t] / sum * values[t * kvWidth + kv + d];
                }
                int at = head * headSize + d;
                // The definition reads keys and values as they were before the cache rounded them.
                double bound = switch (type) {
                    case F32 -> 1e-5;
                    case F16 -> 1e-3;
                    case Q8_0 -> 1e-2;
                };
                Definition.check("attention of head " + head, value, out[last + at], 1, bound);
                Definition.same("attention of head " + head, out[last + at], alone[at]);
            }
        }
    }

    /** Times the tokens. */
    @Benchmark
    public float[] apply() {
        int width = heads * headSize;
        attention.apply(queries, 0, width, tokens, context - tokens, cache, 0, out, 0, width, workers);
        return out;
    }

    /** Ends the workers. */
    @TearDown
    public void tearDown() {
        workers.close();
    }
}
