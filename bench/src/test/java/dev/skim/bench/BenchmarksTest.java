package dev.skim.bench;

import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.skim.nn.KvType;
import dev.skim.tensor.ElementType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Runs what the benchmarks run before they time, on small operands: a check that fails would stop them. */
class BenchmarksTest {
    @ParameterizedTest
    @EnumSource(
            names = {"F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "IQ2_XXS",
                "IQ3_XXS", "IQ3_S", "IQ4_NL", "IQ4_XS"})
    void productsAgree(ElementType type) {
        productsAgree(type, true);
        productsAgree(type, false);
    }

    private static void productsAgree(ElementType type, boolean exact) {
        for (int tokens : new int[] {1, 45}) {
            MatrixBenchmark benchmark = new MatrixBenchmark();
            benchmark.type = type;
            benchmark.tokens = tokens;
            benchmark.exact = exact;
            benchmark.rows = 97;
            benchmark.columns = 512;
            benchmark.coldBytes = 1 << 18;
            benchmark.threads = 2;
            benchmark.setUp();
            benchmark.multiply();
            benchmark.tearDown();
        }
    }

    @ParameterizedTest
    @EnumSource(
            names = {"F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "IQ2_XXS", "IQ3_XXS",
                "IQ3_S", "IQ4_NL", "IQ4_XS"})
    void expansionsAgree(ElementType type) {
        ExpansionBenchmark benchmark = new ExpansionBenchmark();
        benchmark.type = type;
        benchmark.columns = 512;
        benchmark.setUp();
        benchmark.blocks();
        benchmark.packedRow();
        benchmark.tearDown();
    }

    @ParameterizedTest
    @CsvSource({"1, 300, 9, 3, 64, F32", "70, 300, 9, 3, 64, Q8_0", "40, 40, 4, 4, 80, F16"})
    void attentionAgrees(int tokens, int context, int heads, int kvHeads, int headSize, KvType type) {
        AttentionBenchmark benchmark = new AttentionBenchmark();
        benchmark.tokens = tokens;
        benchmark.context = context;
        benchmark.heads = heads;
        benchmark.kvHeads = kvHeads;
        benchmark.headSize = headSize;
        benchmark.type = type;
        benchmark.threads = 2;
        benchmark.setUp();
        benchmark.tearDown();
    }

    @Test
    void elementwiseAgrees() {
        ElementwiseBenchmark benchmark = new ElementwiseBenchmark();
        benchmark.width = 579;
        benchmark.setUp();
    }

    @Test
    void regionsDoEachItemOnce() {
        WorkersBenchmark benchmark = new WorkersBenchmark();
        benchmark.threads = 3;
        benchmark.setUp();
        benchmark.region();
        benchmark.tearDown();
    }

    @Test
    void checksFindWhatIsWrong() {
        assertThrows(IllegalStateException.class, () -> Definition.check("a sum", 1, 1.01f, 1, 1e-3));
        assertThrows(IllegalStateException.class, () -> Definition.check("a sum", 1, Float.NaN, 1, 1e-3));
        assertThrows(IllegalStateException.class, () -> Definition.same("a sum", 1f, Math.nextUp(1f)));
    }
}
