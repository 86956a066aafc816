package dev.skim.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.FloatRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The elementwise kernels against their definitions in double. */
class VectorMathTest {
    private static float exp(float x) {
        float[] a = {x};
        VectorMath.exp(a, 0, 1);
        return a[0];
    }

    @Test
    void exponentialIsWithinTwoUlp() {
        double worst = 0;
        for (int i = -8_730_000; i <= 8_830_000; i += 7) {
            float x = i * 1e-5f;
            if (x < -87.3f || x > 88.3f) {
                continue;
            }
            double exact = Math.exp(x);
            worst = Math.max(worst, Math.abs(exp(x) - exact) / Math.ulp((float) exact));
        }
        assertTrue(worst <= 2, "the worst error is " + worst + " ulp");
    }

    @Test
    void exponentialAtTheEnds() {
        assertEquals(1f, exp(0f));
        assertEquals(1f, exp(-0f));
        assertEquals(0f, exp(Float.NEGATIVE_INFINITY));
        assertEquals(0f, exp(-1e30f));
        assertEquals(0f, exp(-87.4f));
        assertTrue(Float.isFinite(exp(Float.POSITIVE_INFINITY)));
    }

    /** Whatever their payload, which must not end in the exponent. */
    @ParameterizedTest
    @ValueSource(ints = {0x7fc00000, 0x7fffffff, 0x7fc00001, 0xffc00001, 0x7fc000ff, 0xffffffff})
    void notANumberStays(int bits) {
        float nan = Float.intBitsToFloat(bits);
        assertTrue(Float.isNaN(exp(nan)), "exponential");
        float[] gate = {1, nan, 2};
        VectorMath.swiGlu(gate, 0, new float[] {1, 1, 1}, 0, 3);
        assertTrue(Float.isNaN(gate[1]), "gate");
        float[] capped = {1, nan, 2};
        VectorMath.softCap(capped, 0, 3, 30);
        assertTrue(Float.isNaN(capped[1]), "cap");
        assertTrue(Float.isFinite(gate[0] + gate[2] + capped[0] + capped[2]), "those beside it");
    }

    @Property
    void gates(@ForAll @IntRange(min = 1, max = 70) int n, @ForAll long seed) {
        Random random = new Random(seed);
        float[] gate = new float[n + 2];
        float[] up = new float[n + 1];
        for (int i = 0; i < n; i++) {
            gate[i + 2] = (float) (random.nextGaussian() * 10);
            up[i + 1] = (float) random.nextGaussian();
        }
        float[] silu = gate.clone();
        VectorMath.swiGlu(silu, 2, up, 1, n);
        for (int i = 0; i < n; i++) {
            double g = gate[i + 2];
            double s = g / (1 + Math.exp(-g)) * up[i + 1];
            assertEquals(s, silu[i + 2], 1e-6 * Math.abs(s) + 1e-12);
        }
    }

    @Property
    void softCap(@ForAll @FloatRange(min = -1000, max = 1000) float x, @ForAll @FloatRange(min = 1, max = 100) float cap) {
        float[] a = new float[32];
        a[5] = x;
        VectorMath.softCap(a, 0, 32, cap);
        double exact = cap * Math.tanh((double) x / cap);
        assertEquals(exact, a[5], 1e-6 * Math.abs(exact));
        assertEquals(0f, a[4]);
    }

    @Property
    void sumOfSquares(@ForAll @IntRange(min = 0, max = 100) int n, @ForAll long seed) {
        Random random = new Random(seed);
        float[] a = new float[n + 1];
        double exact = 0;
        for (int i = 1; i <= n; i++) {
            a[i] = (float) random.nextGaussian();
            exact += (double) a[i] * a[i];
        }
        assertEquals(exact, VectorMath.sumOfSquares(a, 1, n), 1e-14 * exact);
    }

    /** Bit for bit, at every width: pairs rotate, and nothing else changes. */
    @Property
    void rotatesPairs(
            @ForAll @IntRange(min = 0, max = 70) int n,
            @ForAll @IntRange(min = 0, max = 3) int heads,
            @ForAll boolean halves,
            @ForAll long seed) {
        Random random = new Random(seed);
        int stride = 2 * n + 3;
        float[] x = TileTest.numbers(random, heads * stride + 1);
        float[] cosines = TileTest.numbers(random, 2 * n + 2);
        float[] expected = x.clone();
        for (int i = 0; i < heads * n; i++) {
            int start = 1 + i / n * stride;
            int pair = i % n;
            int first = start + (halves ? pair : 2 * pair);
            int second = halves ? first + n : first + 1;
            float cos = cosines[2 + pair];
            float sin = cosines[2 + n + pair];
            expected[first] = x[first] * cos - x[second] * sin;
            expected[second] = x[first] * sin + x[second] * cos;
        }
        if (halves) {
            VectorMath.rotateHalves(x, 1, heads, stride, cosines, 2, n);
        } else {
            VectorMath.rotateAdjacent(x, 1, heads, stride, cosines, 2, n);
        }
        assertArrayEquals(expected, x);
    }
}
