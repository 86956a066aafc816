package dev.skim.bench;

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

/** What a parallel region costs: one in which there is nothing to do, a range for each thread. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(value = 1, jvmArgsPrepend = "--add-modules=jdk.incubator.vector")
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class WorkersBenchmark {
    private static final Workers.Task NOTHING = (begin, end, worker) -> {};

    @Param({"2", "4"})
    public int threads;

    private Workers workers;

    /** Starts the workers, and checks that a region does each item once. */
    @Setup(Level.Trial)
    public void setUp() {
        workers = new Workers(threads);
        int[] done = new int[1000];
        workers.run(done.length, 7, (begin, end, worker) -> {
            for (int i = begin; i < end; i++) {
                done[i]++;
            }
        });
        for (int times : done) {
            if (times != 1) {
                throw new IllegalStateException("an item was done " + times + " times");
            }
        }
    }

    /** One region. */
    @Benchmark
    public void region() {
        workers.run(threads, 1, NOTHING);
    }

    /** Ends the workers. */
    @TearDown
    public void tearDown() {
        workers.close();
    }
}
