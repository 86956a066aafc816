package dev.skim.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.skim.tensor.Workers;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LayersTest {
    @Property(tries = 50)
    void aStackOfMatricesIsOneMatrixWithABias(
            @ForAll @IntRange(min = 1, max = 70) int upper,
            @ForAll @IntRange(min = 1, max = 70) int lower,
            @ForAll @IntRange(min = 1, max = 40) int columns,
            @ForAll @IntRange(min = 1, max = 9) int tokens,
            @ForAll long seed) {
        Random random = new Random(seed);
        int rows = upper + lower;
        float[] weights = Plain.random(random, rows * columns);
        float[] bias = Plain.random(random, rows);
        float[] x = Plain.random(random, tokens * columns);
        try (Workers workers = new Workers(1)) {
            Linear linear = new Linear(
                    List.of("a", "b"),
                    List.of(
                            Plain.pack(Arrays.copyOf(weights, upper * columns), columns, workers),
                            Plain.pack(Arrays.copyOfRange(weights, upper * columns, rows * columns), columns, workers)),
                    bias);
            assertEquals(rows, linear.rows());
            assertEquals((long) rows * columns, linear.multiplyAdds());
            Workspace space = new Workspace();
            space.activations().set(x, 0, columns, tokens, columns);
            float[] out = new float[1 + tokens * (rows + 2)];
            linear.apply(space.activations(), space.products(), out, 1, rows + 2, workers);
            for (int t = 0; t < tokens; t++) {
                double[] exact = Plain.multiply(weights, Plain.doubles(x, t * columns, columns), bias);
                for (int r = 0; r < rows; r++) {
                    assertEquals(exact[r], out[1 + t * (rows + 2) + r], 1e-4);
                }
            }
            float[] row = new float[columns];
            linear.row(upper, row, 0);
            assertArrayEquals(Arrays.copyOfRange(weights, upper * columns, (upper + 1) * columns), row);
        }
    }

    @Property(tries = 100)
    void rmsNormIsItsDefinition(@ForAll @IntRange(min = 1, max = 100) int size, @ForAll long seed) {
        Random random = new Random(seed);
        float[] x = Plain.random(random, size + 1);
        float[] weight = Plain.random(random, size);
        double sum = 0;
        for (int i = 1; i <= size; i++) {
            sum += (double) x[i] * x[i];
        }
        double scale = 1 / Math.sqrt(sum / size + 1e-5);
        float[] out = new float[size + 2];
        new RmsNorm("n", weight, 1e-5f).apply(x, 1, out, 2);
        for (int i = 0; i < size; i++) {
            double exact = x[i + 1] * scale * weight[i];
            assertEquals(exact, out[i + 2], 1e-6 * Math.abs(exact) + 1e-12);
        }
    }

    @Property(tries = 100)
    void gatesAreTheirFunctions(@ForAll @IntRange(min = 1, max = 70) int count, @ForAll long seed) {
        Random random = new Random(seed);
        float[] x = Plain.random(random, 3 + 2 * count);
        for (int i = 0; i < x.length; i++) {
            x[i] *= 8;
        }
        float[] silu = x.clone();
        float[] gelu = x.clone();
        Activation.SILU.gate(silu, 3, count);
        Activation.GELU_TANH.gate(gelu, 3, count);
        for (int i = 3; i < 3 + count; i++) {
            double g = x[i];
            double up = x[i + count];
            double sigmoid = 1 / (1 + Math.exp(-g));
            assertEquals(g * sigmoid * up, silu[i], 1e-6 * Math.abs(g * up));
            double tanh = Math.tanh(Math.sqrt(2 / Math.PI) * (g + 0.044715 * g * g * g));
            // Argument and result pass through half precision: 2^-11 of each.
            assertEquals(0.5 * g * (1 + tanh) * up, gelu[i], 0x1.2p-10 * Math.abs(g * up) + 1e-6);
            assertEquals(x[i + count], gelu[i + count]);
        }
    }

    @Property(tries = 30)
    void feedForwardIsItsDefinition(
            @ForAll @IntRange(min = 1, max = 20) int width,
            @ForAll @IntRange(min = 1, max = 40) int inner,
            @ForAll @IntRange(min = 1, max = 20) int tokens,
            @ForAll long seed) {
        Random random = new Random(seed);
        float[] gateUp = Plain.random(random, 2 * inner * width);
        float[] down = Plain.random(random, inner * width);
        float[] x = Plain.random(random, tokens * width);
        try (Workers workers = new Workers(2)) {
            GatedFeedForward network = new GatedFeedForward(
                    Plain.linear("gate_up", gateUp, width, null, workers),
                    Plain.linear("down", down, inner, null, workers),
                    Activation.SILU);
            float[] out = new float[tokens * width];
            network.apply(x, tokens, new Workspace(), out, workers);
            for (int t = 0; t < tokens; t++) {
                double[] hidden = Plain.multiply(gateUp, Plain.doubles(x, t * width, width), null);
                double[] gated = new double[inner];
                for (int i = 0; i < inner; i++) {
                    gated[i] = hidden[i] / (1 + Math.exp(-hidden[i])) * hidden[inner + i];
                }
                double[] exact = Plain.multiply(down, gated, null);
                for (int i = 0; i < width; i++) {
                    assertEquals(exact[i], out[t * width + i], 1e-3);
                }
            }
        }
    }

    /** Whichever tokens are computed, each gives the bits that it gives among all, and all are in the cache. */
    @Property(tries = 40)
    void selfAttentionOfSomeTokens(@ForAll @IntRange(min = 1, max = 90) int tokens, @ForAll long seed) {
        Random random = new Random(seed);
        int width = 24;
        int headSize = 8;
        try (Workers workers = new Workers(2)) {
            SelfAttention attention = new SelfAttention(
                    0,
                    Plain.linear("q", Plain.random(random, 32 * width), width, Plain.random(random, 32), workers),
                    Plain.linear("kv", Plain.random(random, 32 * width), width, null, workers),
                    Plain.linear("o", Plain.random(random, width * 32), 32, null, workers),
                    new RmsNorm("qn", Plain.random(random, headSize), 1e-5f),
                    new RmsNorm("kn", Plain.random(random, headSize), 1e-5f),
                    headSize,
                    new Attention(4, 2, headSize, 0.35f, 0, 0));
            Rope rope = new Rope(Rope.Pairing.HALVES, headSize, 100, null, Rope.Scaling.NONE);
            float[] x = Plain.random(random, tokens * width);
            float[] whole = new float[tokens * width];
            KvCache cache = new KvCache(KvType.F32, 1, 2, headSize, 200);
            Workspace space = new Workspace();
            attention.apply(x, tokens, 0, null, rope, cache, space, whole, workers);

            int[] rows = IntStream.range(0, tokens).filter(t -> random.nextBoolean()).toArray();
            KvCache other = new KvCache(KvType.F32, 1, 2, headSize, 200);
            float[] some = new float[tokens * width];
            attention.apply(x, tokens, 0, rows, rope, other, space, some, workers);
            assertEquals(tokens, other.length(0));
            for (int i = 0; i < rows.length; i++) {
                assertArrayEquals(
                        Arrays.copyOfRange(whole, rows[i] * width, (rows[i] + 1) * width),
                        Arrays.copyOfRange(some, i * width, (i + 1) * width));
            }
            // What comes after reads the same rows.
            float[] next = Plain.random(random, width);
            float[] after = new float[width];
            float[] afterSome = new float[width];
            attention.apply(next, 1, tokens, null, rope, cache, space, after, workers);
            attention.apply(next, 1, tokens, null, rope, other, space, afterSome, workers);
            assertArrayEquals(after, afterSome);
            // Neither over a hole nor over rows that are there already.
            for (int position : new int[] {0, tokens, tokens + 2}) {
                var refused = assertThrows(
                        IllegalStateException.class,
                        () -> attention.apply(next, 1, position, null, rope, cache, space, after, workers));
                assertTrue(refused.getMessage().contains(" " + (tokens + 1) + " ")
                        && refused.getMessage().endsWith(" " + position), refused.getMessage());
            }
            assertEquals(tokens + 1, cache.length(0));
        }
    }

    @Test
    void shapesThatDoNotFitAreRefused() {
        try (Workers workers = new Workers(1)) {
            Linear six = Plain.linear("six", new float[6], 3, null, workers);
            assertThrows(IllegalArgumentException.class, () -> new GatedFeedForward(six, six, Activation.SILU));
            assertThrows(IllegalArgumentException.class, () -> Plain.linear("b", new float[6], 3, new float[3], workers));
        }
    }

    @ParameterizedTest
    @CsvSource({"3, 2, 4, 0", "0, 2, 4, 0", "2, 0, 4, 0", "2, 2, 0, 0", "2, 2, 4, -1"})
    void attentionThatCannotBeIsRefused(int heads, int kvHeads, int headSize, int window) {
        assertThrows(IllegalArgumentException.class, () -> new Attention(heads, kvHeads, headSize, 1, 0, window));
    }

    /** The first row fits, and each of the others parts from it. */
    @ParameterizedTest
    @CsvSource({
        "true, 16, 16, 16, 6, 6, 16, 4, 4",
        "false, 12, 16, 16, 6, 6, 12, 4, 4",
        "false, 16, 8, 16, 6, 6, 16, 4, 4",
        "false, 16, 16, 16, 7, 6, 16, 4, 4",
        "false, 16, 16, 16, 6, 7, 16, 4, 4",
        "false, 16, 16, 16, 6, 6, 12, 4, 4",
        "false, 16, 16, 16, 6, 6, 16, 8, 4",
        "false, 16, 16, 16, 6, 6, 16, 4, 3",
    })
    void selfAttentionWhoseShapesDoNotFitIsRefused(
            boolean fits, int queryRows, int keyValueRows, int size, int width, int outRows, int outColumns, int headSize, int norm) {
        try (Workers workers = new Workers(1)) {
            Executable make = () -> new SelfAttention(
                    0,
                    Plain.linear("q", new float[queryRows * 6], 6, null, workers),
                    Plain.linear("kv", new float[keyValueRows * width], width, null, workers),
                    Plain.linear("o", new float[outRows * outColumns], outColumns, null, workers),
                    null,
                    new RmsNorm("k_norm", new float[norm], 1e-5f),
                    headSize,
                    new Attention(size / 4, 2, 4, 1, 0, 0));
            if (fits) {
                assertDoesNotThrow(make);
            } else {
                assertThrows(IllegalArgumentException.class, make);
            }
        }
    }
}
