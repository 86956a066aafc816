package dev.skim.tensor;

import static dev.skim.tensor.Simd.BYTES;
import static dev.skim.tensor.Simd.F;
import static dev.skim.tensor.Simd.HALF_BYTES;
import static dev.skim.tensor.Simd.I;
import static jdk.incubator.vector.VectorOperators.B2F;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.S2I;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_B2I;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * Half-precision numbers, and their products with bytes.
 *
 * <p>All methods are void and go from array to array: as helpers that return vectors, these were not inlined in some runs
 * (C2, JDK 25), boxed, and made a token's product with Q4_K two to seven times slower.
 */
final class Halves {
    private Halves() {}

    /** {@code out[to + i] = factor * } half number i of {@code n}; whole vectors are written; exact where the factor is a power of 2. */
    static void expand(byte[] a, int from, int n, float factor, float[] out, int to) {
        // Exponent and fraction stand 13 bits further left in f32; the biases differ by 112, so a product with 2^112
        // mends the exponent and makes subnormals normal.
        FloatVector bias = FloatVector.broadcast(F, factor * 0x1p112f);
        for (int i = 0; i < n; i += Simd.LANES) {
            IntVector bits = (IntVector) ByteVector.fromArray(HALF_BYTES, a, from + 2 * i)
                    .reinterpretAsShorts()
                    .convertShape(S2I, I, 0);
            bits.lanewise(LSHL, 13).and(0x8fffe000).reinterpretAsFloats().mul(bias).intoArray(out, to + i);
        }
    }

    /**
     * {@code s[to + g * 64 + r] = a[from + g * 32 + r] * s[factors + r]} for {@code groups} groups in order and 32 rows r; the
     * bytes are unsigned. The last group may stand where the factors do.
     */
    static void multiplyUnsigned(byte[] a, int from, int groups, float[] s, int factors, int to) {
        for (int g = 0; g < groups; g++) {
            for (int r = 0; r < PanelLayout.ROWS; r += Simd.LANES) {
                IntVector scale = (IntVector)
                        ByteVector.fromArray(BYTES, a, from + g * PanelLayout.ROWS + r).convertShape(ZERO_EXTEND_B2I, I, 0);
                ((FloatVector) scale.convertShape(I2F, F, 0))
                        .mul(FloatVector.fromArray(F, s, factors + r))
                        .intoArray(s, to + g * 64 + r);
            }
        }
    }

    /** {@code out[to + g * stride + r] = a[from + g * 32 + r] * factors[fo + r]} for signed bytes. */
    static void multiplySigned(
            byte[] a, int from, int groups, float[] factors, int fo, float[] out, int to, int stride) {
        for (int g = 0; g < groups; g++) {
            for (int r = 0; r < PanelLayout.ROWS; r += Simd.LANES) {
                ((FloatVector) ByteVector.fromArray(BYTES, a, from + g * PanelLayout.ROWS + r).convertShape(B2F, F, 0))
                        .mul(FloatVector.fromArray(F, factors, fo + r))
                        .intoArray(out, to + g * stride + r);
            }
        }
    }
}
