package dev.skim.tensor;

import static dev.skim.tensor.Simd.BYTES;
import static dev.skim.tensor.Simd.F;
import static dev.skim.tensor.Simd.HALF_BYTES;
import static dev.skim.tensor.Simd.I;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.B2F;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.S2I;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_B2I;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * Half-precision numbers, and their products with bytes. Finite ones: infinities and NaNs would become numbers from 65,536 on, and so
 * layouts do not pack them.
 *
 * <p>All methods are void and go from array to array: as helpers that return vectors, these were not inlined in some runs
 * (C2, JDK 25), boxed, and made a token's product with Q4_K two to seven times slower.
 */
final class Halves {
    private static final int ROWS = PanelLayout.ROWS;
    private static final int SCALES = QuantLayout.SCALES;
    private static final int MINIMA = QuantLayout.MINIMA;

    /** What is left of a half-precision number that stands 13 bits further left in f32, as {@link #expand} explains. */
    static final int MASK = 0x8fffe000;

    /** What mends the exponent then. */
    static final float BIAS = 0x1p112f;

    private Halves() {}

    /** {@code out[to + i] = } half-precision number i of {@code n}; whole vectors are written; exact. */
    static void expand(byte[] a, int from, int n, float[] out, int to) {
        for (int i = 0; i < n; i += Simd.LANES) {
            IntVector bits = (IntVector) ByteVector.fromArray(HALF_BYTES, a, from + 2 * i)
                    .reinterpretAsShorts()
                    .convertShape(S2I, I, 0);
            // Exponent and fraction stand 13 bits further left in f32; the biases differ by 112, so a product with 2^112
            // mends the exponent and makes subnormals normal.
            bits.lanewise(LSHL, 13).and(MASK).reinterpretAsFloats().mul(BIAS).intoArray(out, to + i);
        }
    }

    /** A block's scales, for 32 rows: {@code s[to + r] = d}, and {@code shift * d} where minima stand. */
    static void scales(byte[] a, int from, float shift, float[] s, int to) {
        for (int r = 0; r < ROWS; r += Simd.LANES) {
            IntVector bits = (IntVector) ByteVector.fromArray(HALF_BYTES, a, from + 2 * r)
                    .reinterpretAsShorts()
                    .convertShape(S2I, I, 0);
            FloatVector d = bits.lanewise(LSHL, 13).and(MASK).reinterpretAsFloats().mul(BIAS);
            d.intoArray(s, to + r);
            d.mul(shift).intoArray(s, to + MINIMA + r);
        }
    }

    /** A block's scales and minima, for 32 rows: {@code s[to + r] = d}, and {@code m + shift * d} where minima stand. */
    static void scalesAndMinima(byte[] a, int from, float shift, float[] s, int to) {
        for (int r = 0; r < ROWS; r += Simd.LANES) {
            IntVector bits = (IntVector) ByteVector.fromArray(HALF_BYTES, a, from + 2 * r)
                    .reinterpretAsShorts()
                    .convertShape(S2I, I, 0);
            FloatVector d = bits.lanewise(LSHL, 13).and(MASK).reinterpretAsFloats().mul(BIAS);
            bits = (IntVector) ByteVector.fromArray(HALF_BYTES, a, from + 2 * ROWS + 2 * r)
                    .reinterpretAsShorts()
                    .convertShape(S2I, I, 0);
            FloatVector m = bits.lanewise(LSHL, 13).and(MASK).reinterpretAsFloats().mul(BIAS);
            d.intoArray(s, to + r);
            d.fma(FloatVector.broadcast(F, shift), m).intoArray(s, to + MINIMA + r);
        }
    }

    /**
     * The scales and minima of a K-quant's groups, for 32 rows: of group g d is an unsigned byte times the row's factor for
     * scales, -m one times its factor for minima, and {@code m + shift * d} is written where minima stand.
     *
     * @param from where the first group's bytes start, 32 for its scales and 32 for its minima; those of the next are {@code step} further
     * @param factors where in {@code s} the factors stand, as a group's scales and minima would; it may be the last group's place
     */
    static void groups(byte[] a, int from, int step, int groups, float[] s, int factors, float shift, int to) {
        for (int g = 0; g < groups; g++) {
            for (int r = 0; r < ROWS; r += Simd.LANES) {
                int at = from + g * step + r;
                FloatVector d = ((FloatVector) ((IntVector) ByteVector.fromArray(BYTES, a, at)
                                .convertShape(ZERO_EXTEND_B2I, I, 0))
                        .convertShape(I2F, F, 0))
                        .mul(FloatVector.fromArray(F, s, factors + r));
                FloatVector m = ((FloatVector) ((IntVector) ByteVector.fromArray(BYTES, a, at + ROWS)
                                .convertShape(ZERO_EXTEND_B2I, I, 0))
                        .convertShape(I2F, F, 0))
                        .mul(FloatVector.fromArray(F, s, factors + MINIMA + r));
                d.intoArray(s, to + g * SCALES + r);
                d.mul(shift).sub(m).intoArray(s, to + g * SCALES + MINIMA + r);
            }
        }
    }

    /**
     * Adds a lone token's group for a panel's 32 rows: {@code y[yo + r] += n * (d * scale)}, where n is the sum of the halves of
     * {@code t[from + r]}, modulo 2^16, and where there are minima {@code + (m + shift * d) * sum}. The block at {@code at} starts with
     * its scales d and minima m. The bits are those of {@link #scales} or {@link #scalesAndMinima} and {@link ShortTile#multiply}.
     */
    static void add(
            byte[] q, int at, boolean minima, float shift, int[] t, int from, float scale, float sum, float[] y, int yo) {
        for (int r = 0; r < ROWS; r += Simd.LANES) {
            FloatVector d = ((IntVector) ByteVector.fromArray(HALF_BYTES, q, at + 2 * r).reinterpretAsShorts().convertShape(S2I, I, 0))
                    .lanewise(LSHL, 13).and(MASK).reinterpretAsFloats().mul(BIAS);
            IntVector sums = IntVector.fromArray(I, t, from + r);
            FloatVector out = ((FloatVector) sums.add(sums.lanewise(LSHL, 16)).lanewise(ASHR, 16).convertShape(I2F, F, 0))
                    .fma(d.mul(scale), FloatVector.fromArray(F, y, yo + r));
            if (minima) {
                FloatVector m = ((IntVector) ByteVector.fromArray(HALF_BYTES, q, at + 2 * ROWS + 2 * r).reinterpretAsShorts().convertShape(S2I, I, 0))
                        .lanewise(LSHL, 13).and(MASK).reinterpretAsFloats().mul(BIAS);
                out = d.fma(FloatVector.broadcast(F, shift), m).fma(FloatVector.broadcast(F, sum), out);
            }
            out.intoArray(y, yo + r);
        }
    }

    /**
     * Adds a lone token's group of a K-quant for a panel's 32 rows, as {@link #add}: d is the unsigned byte {@code q[at + r]} times the
     * factor {@code s[so + r]}, and -m the one 32 behind it times {@code s[so + 32 + r]}. The bits are those of
     * {@link #groups} and {@link ShortTile#multiply}.
     *
     * @param minima whether there are any, else m is 0
     */
    static void addGroup(
            byte[] q, int at, boolean minima, float[] s, int so, float shift, int[] t, int from, float scale, float sum,
            float[] y, int yo) {
        for (int r = 0; r < ROWS; r += Simd.LANES) {
            FloatVector d = ((FloatVector) ((IntVector) ByteVector.fromArray(BYTES, q, at + r)
                            .convertShape(ZERO_EXTEND_B2I, I, 0))
                    .convertShape(I2F, F, 0))
                    .mul(FloatVector.fromArray(F, s, so + r));
            IntVector sums = IntVector.fromArray(I, t, from + r);
            FloatVector out = ((FloatVector) sums.add(sums.lanewise(LSHL, 16)).lanewise(ASHR, 16).convertShape(I2F, F, 0))
                    .fma(d.mul(scale), FloatVector.fromArray(F, y, yo + r));
            FloatVector more = d.mul(shift);
            if (minima) {
                more = more.sub(((FloatVector) ((IntVector) ByteVector.fromArray(BYTES, q, at + ROWS + r)
                                .convertShape(ZERO_EXTEND_B2I, I, 0))
                        .convertShape(I2F, F, 0))
                        .mul(FloatVector.fromArray(F, s, so + ROWS + r)));
            }
            more.fma(FloatVector.broadcast(F, sum), out).intoArray(y, yo + r);
        }
    }

    /** Puts {@code shift * d} where the minima of groups stand whose scales are d, of a panel's 32 rows; nothing where it is 0. */
    static void shift(int groups, float shift, float[] s, int so) {
        for (int g = 0; g < groups && shift != 0; g++) {
            for (int r = so + g * SCALES; r < so + g * SCALES + ROWS; r += Simd.LANES) {
                FloatVector.fromArray(F, s, r).mul(shift).intoArray(s, r + MINIMA);
            }
        }
    }

    /** {@code out[to + g * stride + r] = a[from + g * 32 + r] * factors[fo + r]} for signed bytes. */
    static void multiply(byte[] a, int from, int groups, float[] factors, int fo, float[] out, int to, int stride) {
        for (int g = 0; g < groups; g++) {
            for (int r = 0; r < ROWS; r += Simd.LANES) {
                ((FloatVector) ByteVector.fromArray(BYTES, a, from + g * ROWS + r).convertShape(B2F, F, 0))
                        .mul(FloatVector.fromArray(F, factors, fo + r))
                        .intoArray(out, to + g * stride + r);
            }
        }
    }

    /** {@code out[to + g * stride + r] = factors[fo + r] * } the low four bits of {@code a[from + g * 32 + r]}. */
    static void lowNibbles(byte[] a, int from, int groups, float[] factors, int fo, float[] out, int to, int stride) {
        for (int g = 0; g < groups; g++) {
            for (int r = 0; r < ROWS; r += Simd.LANES) {
                IntVector b = (IntVector) ByteVector.fromArray(BYTES, a, from + g * ROWS + r).convertShape(ZERO_EXTEND_B2I, I, 0);
                ((FloatVector) b.and(15).convertShape(I2F, F, 0))
                        .mul(FloatVector.fromArray(F, factors, fo + r))
                        .intoArray(out, to + g * stride + r);
            }
        }
    }

    /** {@code out[to + g * stride + r] = -factors[fo + r] * } the high four bits of {@code a[from + g * 32 + r]}. */
    static void highNibbles(byte[] a, int from, int groups, float[] factors, int fo, float[] out, int to, int stride) {
        for (int g = 0; g < groups; g++) {
            for (int r = 0; r < ROWS; r += Simd.LANES) {
                IntVector b = (IntVector) ByteVector.fromArray(BYTES, a, from + g * ROWS + r).convertShape(ZERO_EXTEND_B2I, I, 0);
                ((FloatVector) b.lanewise(LSHR, 4).convertShape(I2F, F, 0))
                        .mul(FloatVector.fromArray(F, factors, fo + r))
                        .neg()
                        .intoArray(out, to + g * stride + r);
            }
        }
    }

    /** {@code out[to + g * stride + r] = a[from + g * 32 + r]} for signed bytes. */
    static void bytes(byte[] a, int from, int groups, float[] out, int to, int stride) {
        for (int g = 0; g < groups; g++) {
            for (int r = 0; r < ROWS; r += Simd.LANES) {
                ((FloatVector) ByteVector.fromArray(BYTES, a, from + g * ROWS + r).convertShape(B2F, F, 0))
                        .intoArray(out, to + g * stride + r);
            }
        }
    }
}
