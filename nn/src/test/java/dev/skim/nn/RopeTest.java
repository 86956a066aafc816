package dev.skim.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.skim.nn.Rope.Pairing;
import dev.skim.nn.Rope.Scaling;
import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class RopeTest {
    private static final double BASE = 10_000;

    /** Every pair is a complex number that is multiplied by e^(i angle); the rest stays. */
    @Property(tries = 200)
    void turnsEachPair(
            @ForAll Pairing pairing,
            @ForAll @IntRange(min = 1, max = 16) int pairs,
            @ForAll @IntRange(min = 0, max = 5) int beyond,
            @ForAll @IntRange(min = 1, max = 3) int heads,
            @ForAll @IntRange(min = 0, max = 5000) int position,
            @ForAll long seed) {
        Random random = new Random(seed);
        int headSize = 2 * pairs + beyond;
        int stride = heads * headSize + 3;
        int tokens = 3;
        float[] divisors = new float[pairs];
        for (int i = 0; i < pairs; i++) {
            divisors[i] = 1 + random.nextInt(8);
        }
        float[] x = Plain.random(random, 2 + tokens * stride);
        float[] expected = x.clone();
        for (int t = 0; t < tokens; t++) {
            for (int head = 0; head < heads; head++) {
                for (int i = 0; i < pairs; i++) {
                    int at = 2 + t * stride + head * headSize;
                    int p = at + (pairing == Pairing.ADJACENT ? 2 * i : i);
                    int q = at + (pairing == Pairing.ADJACENT ? 2 * i + 1 : i + pairs);
                    double angle = (position + t) * Math.pow(BASE, -(double) i / pairs) / divisors[i];
                    expected[p] = (float) (x[p] * Math.cos(angle) - x[q] * Math.sin(angle));
                    expected[q] = (float) (x[p] * Math.sin(angle) + x[q] * Math.cos(angle));
                }
            }
        }
        new Rope(pairing, 2 * pairs, BASE, divisors, Scaling.NONE).apply(x, 2, stride, heads, headSize, tokens, position);
        assertArrayEquals(expected, x, 1e-6f);
    }

    @Property(tries = 50)
    void linearScalingIsASmallerPosition(@ForAll @IntRange(min = 0, max = 1000) int position) {
        float[] scaled = rotated(Scaling.linear(4, 1), null, 4 * position);
        assertArrayEquals(rotated(Scaling.NONE, null, position), scaled, 1e-6f);
    }

    @Test
    void magnitudeStretches() {
        float[] plain = rotated(Scaling.NONE, null, 17);
        float[] stretched = rotated(Scaling.linear(1, 1.5), null, 17);
        for (int i = 0; i < plain.length; i++) {
            assertEquals(1.5f * plain[i], stretched[i], 1e-6f);
        }
    }

    /** YaRN as its paper writes it: a ramp over wave counts, section 3.2, with the pair as a real number rounded outward. */
    @Test
    void yarnKeepsFastPairsAndSlowsSlowOnes() {
        int dimensions = 64;
        int original = 4096;
        double factor = 16;
        int position = 777;
        Scaling yarn = Scaling.yarn(factor, original, 32, 1, 1);
        float[] x = new float[dimensions];
        Arrays.fill(x, 0, dimensions / 2, 1f);
        new Rope(Pairing.HALVES, dimensions, BASE, null, yarn).apply(x, 0, dimensions, 1, dimensions, 1, position);
        double magnitude = 0.1 * Math.log(factor) + 1;
        double low = Math.floor(pair(32, original, dimensions));
        double high = Math.ceil(pair(1, original, dimensions));
        assertTrue(low > 0 && low < high && high < dimensions / 2 - 1, low + " to " + high);
        for (int i = 0; i < dimensions / 2; i++) {
            double frequency = Math.pow(BASE, -2.0 * i / dimensions);
            double slowed = i <= low ? 0 : i >= high ? 1 : (i - low) / (high - low);
            double angle = position * ((1 - slowed) * frequency + slowed * frequency / factor);
            assertEquals(magnitude * Math.cos(angle), x[i], 1e-6, "pair " + i);
            assertEquals(magnitude * Math.sin(angle), x[i + dimensions / 2], 1e-6, "pair " + i);
        }
    }

    private static double pair(double turns, int original, int dimensions) {
        // The pair whose wave has turned `turns` times after `original` positions.
        return dimensions / 2.0 * Math.log(original / (2 * Math.PI * turns)) / Math.log(BASE);
    }

    /** By wave lengths, as the model's authors wrote it. */
    @Test
    void llama3DivisorsByWaveLength() {
        int dimensions = 128;
        double base = 500_000;
        float[] divisors = Rope.llama3Divisors(dimensions, base, 8, 1, 4, 8192);
        int blended = 0;
        for (int i = 0; i < divisors.length; i++) {
            double wave = 2 * Math.PI * Math.pow(base, 2.0 * i / dimensions);
            double expected;
            if (wave < 8192 / 4.0) {
                expected = 1;
            } else if (wave > 8192) {
                expected = 8;
            } else {
                double smooth = (8192 / wave - 1) / (4 - 1);
                expected = 1 / ((1 - smooth) / 8 + smooth);
                blended++;
            }
            assertEquals(expected, divisors[i], 1e-5);
        }
        assertTrue(blended > 2 && divisors[0] == 1 && divisors[63] == 8);
    }

    @Test
    void refusesWhatMakesNoSense() {
        assertThrows(IllegalArgumentException.class, () -> new Rope(Pairing.HALVES, 3, BASE, null, Scaling.NONE));
        assertThrows(IllegalArgumentException.class, () -> new Rope(Pairing.HALVES, 4, 0, null, Scaling.NONE));
        assertThrows(
                IllegalArgumentException.class, () -> new Rope(Pairing.HALVES, 4, BASE, new float[3], Scaling.NONE));
        assertThrows(IllegalArgumentException.class, () -> Scaling.linear(0, 1));
        assertThrows(IllegalArgumentException.class, () -> Scaling.yarn(2, 100, 1, 32, 1));
    }

    private static float[] rotated(Scaling scaling, float[] divisors, int position) {
        float[] x = Plain.random(new Random(5), 8);
        new Rope(Pairing.ADJACENT, 8, BASE, divisors, scaling).apply(x, 0, 8, 1, 8, 1, position);
        return x;
    }
}
