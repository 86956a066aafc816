package dev.skim.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SoftmaxTest {
    private static float exp(float x) {
        float[] a = new float[16];
        Arrays.fill(a, x);
        Softmax.powers(a, 0, 0, 1, new float[16], 0);
        return a[0];
    }

    @Test
    void powersAreWithinTheirBound() {
        for (float x = 0; x > -87.3f; x -= 0.0001f + Math.ulp(x)) {
            double exact = Math.exp(x);
            double off = Math.abs(exp(x) - exact) / Math.ulp((float) exact);
            assertTrue(off <= 1 - x / 4, () -> "off by " + off + " ulp");
        }
        assertEquals(1, exp(0));
        assertEquals(0, exp(-87.4f));
        assertEquals(0, exp(Softmax.LOWEST));
        assertEquals(0, exp(Float.NEGATIVE_INFINITY));
    }

    /** Whatever their payload, which must not end in the exponent. */
    @ParameterizedTest
    @ValueSource(ints = {0x7fc00000, 0x7fffffff, 0x7fc00001, 0xffc00001, 0x7fc000ff, 0xffffffff})
    void notANumberStays(int bits) {
        float nan = Float.intBitsToFloat(bits);
        assertTrue(Float.isNaN(exp(nan)), "power");
        float[] row = new float[64];
        row[40] = nan;
        assertTrue(Float.isNaN(Softmax.weights(row, 0, Softmax.max(row, 0))), "sum");
    }

    /** 32 queries side by side give the bits that each query's own row gives, page after page. */
    @Property(tries = 50)
    void isTheSameBothWays(
            @ForAll long seed, @ForAll @IntRange(min = 1, max = 5) int pages, @ForAll boolean half) {
        Random random = new Random(seed);
        float[] m = new float[32];
        float[] l = new float[32];
        Arrays.fill(m, Softmax.LOWEST);
        float[] o = new float[3 + 2 * 32];
        Arrays.fill(o, 1f);
        float[] ownO = new float[32];
        Arrays.fill(ownO, 1f);
        float[] ownM = m.clone();
        float[] ownL = l.clone();
        double[] exact = new double[32];
        float[][] all = new float[32][pages * 64];
        for (int page = 0; page < pages; page++) {
            int keys = half && page == pages - 1 ? 32 : 64;
            float[] s = new float[64 * 32];
            Arrays.fill(s, Float.NEGATIVE_INFINITY);
            for (int i = 0; i < keys * 32; i++) {
                s[i] = random.nextInt(9) == 0 ? Float.NEGATIVE_INFINITY : (float) random.nextGaussian() * 5;
            }
            for (int i = 0; i < s.length; i++) {
                all[i % 32][page * 64 + i / 32] = s[i];
            }
            float[][] own = new float[32][64];
            for (int q = 0; q < 32; q++) {
                for (int k = 0; k < 64; k++) {
                    own[q][k] = s[k * 32 + q];
                }
                float top = Math.max(ownM[q], Softmax.max(own[q], 0));
                float correction = Softmax.correction(ownM[q], top);
                ownL[q] = Math.fma(ownL[q], correction, Softmax.weights(own[q], 0, top));
                ownM[q] = top;
                ownO[q] *= correction;
            }
            Softmax.page(s, keys, m, l, o, 3, 2);
            for (int q = 0; q < 32; q++) {
                assertEquals(ownM[q], m[q]);
                assertEquals(ownL[q], l[q]);
                assertEquals(ownO[q], o[3 + q]);
                assertEquals(ownO[q], o[3 + 32 + q]);
                for (int k = 0; k < keys; k++) {
                    assertEquals(own[q][k], s[k * 32 + q]);
                }
            }
        }
        for (int q = 0; q < 32; q++) {
            for (float score : all[q]) {
                exact[q] += Math.exp((double) score - m[q]);
            }
            assertEquals(exact[q], l[q], 1e-6 * exact[q]);
        }
        Softmax.divide(o, 3, 2, l);
        for (int q = 0; q < 32; q++) {
            assertEquals(ownO[q] / l[q], o[3 + 32 + q]);
        }
    }
}
