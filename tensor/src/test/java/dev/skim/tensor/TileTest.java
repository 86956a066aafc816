package dev.skim.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** The tile kernel is, bit for bit, one chain of fused multiply-adds an element. */
class TileTest {
    @Property(tries = 200)
    void isAChainOfMultiplyAdds(
            @ForAll @IntRange(min = 1, max = 32) int columns,
            @ForAll @IntRange(min = 0, max = 90) int n,
            @ForAll @IntRange(min = 0, max = 9) int spare,
            @ForAll boolean add,
            @ForAll long seed) {
        Random random = new Random(seed);
        float[] x = numbers(random, spare + n * 32 + 32);
        float[] w = numbers(random, spare + n * 32 + 32);
        int stride = 32 + spare;
        float[] y = numbers(random, spare + columns * stride);
        float[] before = y.clone();
        Tile.multiply(x, spare, w, spare, n, columns, y, spare, stride, add);
        float[] expected = before.clone();
        for (int j = 0; j < columns; j++) {
            for (int r = 0; r < 32; r++) {
                int at = spare + j * stride + r;
                float sum = add ? before[at] : 0;
                for (int k = 0; k < n; k++) {
                    sum = Math.fma(w[spare + k * 32 + r], x[spare + k * 32 + j], sum);
                }
                expected[at] = sum;
            }
        }
        for (int i = 0; i < y.length; i++) {
            assertEquals(Float.floatToIntBits(expected[i]), Float.floatToIntBits(y[i]), "element " + i);
        }
    }

    @Property(tries = 200)
    void rowsGiveTheSameChains(
            @ForAll @IntRange(min = 1, max = 32) int columns,
            @ForAll @IntRange(min = 0, max = 90) int n,
            @ForAll @IntRange(min = 0, max = 9) int spare,
            @ForAll boolean add,
            @ForAll long seed) {
        Random random = new Random(seed);
        int xs = n + spare;
        float[] x = numbers(random, spare + columns * xs);
        float[] w = numbers(random, spare + n * 32 + 32);
        float[] interleaved = new float[n * 32];
        for (int i = 0; i < columns * n; i++) {
            interleaved[i % n * 32 + i / n] = x[spare + i / n * xs + i % n];
        }
        int stride = 32 + spare;
        float[] y = numbers(random, spare + columns * stride);
        float[] expected = y.clone();
        Tile.multiply(interleaved, 0, w, spare, n, columns, expected, spare, stride, add);
        RowTile.multiply(x, spare, xs, w, spare, n, columns, y, spare, stride, add);
        for (int i = 0; i < y.length; i++) {
            assertEquals(Float.floatToIntBits(expected[i]), Float.floatToIntBits(y[i]), "element " + i);
        }
    }

    @Property(tries = 200)
    void interleavesAndBack(
            @ForAll @IntRange(min = 1, max = 32) int n,
            @ForAll @IntRange(min = 1, max = 70) int columns,
            @ForAll @IntRange(min = 0, max = 5) int spare,
            @ForAll long seed) {
        int stride = columns + spare;
        float[] source = numbers(new Random(seed), spare + n * stride);
        int lane = 32 - n;
        float[] target = new float[spare + columns * 32 + lane];
        Tile.interleave(source, spare, stride, n, columns, target, spare + lane);
        for (int c = 0; c < columns; c++) {
            for (int t = 0; t < n; t++) {
                assertEquals(source[spare + t * stride + c], target[spare + lane + c * 32 + t]);
            }
        }
        float[] back = source.clone();
        for (int t = 0; t < n; t++) {
            Arrays.fill(back, spare + t * stride, spare + t * stride + columns, 7);
        }
        Tile.separate(target, spare + lane, n, columns, back, spare, stride);
        for (int i = 0; i < source.length; i++) {
            assertEquals(source[i], back[i], "element " + i);
        }
    }

    static float[] numbers(Random random, int count) {
        float[] numbers = new float[count];
        for (int i = 0; i < count; i++) {
            numbers[i] = (float) random.nextGaussian();
        }
        return numbers;
    }
}
