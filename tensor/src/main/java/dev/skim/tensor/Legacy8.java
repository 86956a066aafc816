package dev.skim.tensor;

import static dev.skim.tensor.Simd.F;
import static dev.skim.tensor.Simd.HALF_BYTES;
import static dev.skim.tensor.Simd.I;
import static dev.skim.tensor.Simd.WORDS;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.S2I;
import static jdk.incubator.vector.VectorOperators.XOR;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * Q8_0, four columns of a row in one 32-bit number: u = a 2^24 + b 2^16 + c 2^8 + d for the codes a, b, c and d.
 *
 * <p>Unless products are to be exact, the numbers {@code u, u << 8, u << 16} and {@code u << 24} become f32 as they are, so that
 * four codes cost three shifts, and no bytes are spread over lanes, which costs more than all the rest. What then stands below
 * a code, a 256th of the next column's and so on, is taken off the activations: {@code x[k] - x[k - 1] / 256} is multiplied
 * with all columns but each four's first. The sums over four columns are those of the weights; of u f32 keeps 24 bits, which
 * is one rounding more for a quarter of the weights.
 *
 * <p>A block holds its 32 rows' half-precision scales, and then for every four columns 32 numbers.
 */
final class Legacy8 extends PanelLayout {
    /** Columns of a block. */
    private static final int BLOCK = 32;

    /** Columns in a number. */
    private static final int QUAD = 4;

    /** Bytes of the scales. */
    private static final int CODES = 2 * ROWS;

    /** Bytes of a row's block in the file: a scale and the codes. */
    private static final int FILE_BYTES = ElementType.Q8_0.blockBytes();

    /** What a column takes from the activation of the next. */
    private static final float BELOW = -0x1p-8f;

    private static final int SIGNS = 0x80808080;

    /** Those of all codes but the first. */
    private static final int LOWER_SIGNS = 0x00808080;

    /** What mends that a code stands 24 bits too far left. */
    private static final float SHIFT = 0x1p-24f;

    /** That, and {@link Halves#BIAS}. */
    private static final float BIAS = Halves.BIAS * SHIFT;

    Legacy8() {
        super(BLOCK, CODES + ROWS * BLOCK);
    }

    /**
     * For a code of -128 with less than zero below it there is no u: no quantiser writes one, but a file may have it. Where it is a
     * factor that cannot be packed, the substitute cannot either.
     */
    @Override
    PanelLayout substitute(ElementType type) {
        return new Legacy(type, 8);
    }

    @Override
    Rounding rounding() {
        return Rounding.DIFFERENCES;
    }

    /** Makes activations differences: tiles of 32 tokens. */
    static void difference(float[] x, int from, int columns) {
        for (int k = from; k < from + columns * ROWS; k += QUAD * ROWS) {
            for (int i = k; i < k + ROWS; i += Simd.LANES) {
                FloatVector a = FloatVector.fromArray(F, x, i);
                FloatVector b = FloatVector.fromArray(F, x, i + ROWS);
                FloatVector c = FloatVector.fromArray(F, x, i + 2 * ROWS);
                FloatVector d = FloatVector.fromArray(F, x, i + 3 * ROWS);
                FloatVector below = FloatVector.broadcast(F, BELOW);
                a.fma(below, b).intoArray(x, i + ROWS);
                b.fma(below, c).intoArray(x, i + 2 * ROWS);
                c.fma(below, d).intoArray(x, i + 3 * ROWS);
            }
        }
    }

    /** {@link #difference} for a lone token. */
    static void differenceLone(float[] x, int columns) {
        for (int k = 0; k < columns; k += QUAD) {
            float a = x[k];
            float b = x[k + 1];
            float c = x[k + 2];
            x[k + 1] = Math.fma(a, BELOW, b);
            x[k + 2] = Math.fma(b, BELOW, c);
            x[k + 3] = Math.fma(c, BELOW, x[k + 3]);
        }
    }

    @Override
    boolean pack(byte[] rows, int from, int rowBytes, int columns, byte[] panel, int at, long[] planes) {
        int lost = 0;
        int exponents = 0;
        for (int b = 0; b < columns / BLOCK; b++) {
            for (int lane = 0; lane < ROWS; lane++) {
                int fileBlock = from + lane * rowBytes + b * FILE_BYTES;
                int to = at + b * blockBytes;
                short factor = (short) BytePlanes.SHORT.get(rows, fileBlock);
                BytePlanes.SHORT.set(panel, to + 2 * lane, factor);
                exponents |= BytePlanes.exponent(factor);
                lost |= packRow(rows, fileBlock + 2, panel, to + CODES + QUAD * lane);
            }
        }
        return (lost & SIGNS | exponents & BytePlanes.NOT_FINITE) == 0;
    }

    /** Returns bytes of which one has its sign bit set if a code cannot be had. */
    private static int packRow(byte[] rows, int from, byte[] panel, int to) {
        int lost = 0;
        for (int p = 0; p < BLOCK / QUAD; p++) {
            int bytes = Integer.reverseBytes((int) BytePlanes.INT.get(rows, from + p * QUAD));
            // A byte less than zero counts 256 too many as part of u: one too many of the column in front.
            int u = bytes - ((bytes & SIGNS) << 1);
            BytePlanes.INT.set(panel, to + p * QUAD * ROWS, u);
            // -128 less one is 127.
            lost |= bytes & ~u;
        }
        return lost;
    }

    @Override
    void expand(byte[] panel, int at, int from, int n, float[] out, int to, Scratch scratch) {
        for (int k = 0; k < n; k += BLOCK) {
            expandCodes(panel, at + (from + k) / BLOCK * blockBytes, out, to + k * ROWS, scratch.scales);
        }
    }

    private static void expandCodes(byte[] panel, int block, float[] out, int to, float[] scales) {
        Halves.expand(panel, block, ROWS, scales, 0);
        for (int r = 0; r < ROWS; r += Simd.LANES) {
            FloatVector d = FloatVector.fromArray(F, scales, r);
            for (int p = 0; p < BLOCK / QUAD; p++) {
                // The codes' bytes again: 128 more of each but the first, and then 128 less without a carry.
                IntVector u = ByteVector.fromArray(WORDS, panel, block + CODES + QUAD * (p * ROWS + r)).reinterpretAsInts()
                        .add(LOWER_SIGNS).lanewise(XOR, LOWER_SIGNS);
                int at = to + p * QUAD * ROWS + r;
                ((FloatVector) u.lanewise(ASHR, 24).convertShape(I2F, F, 0)).mul(d).intoArray(out, at);
                ((FloatVector) u.lanewise(LSHL, 8).lanewise(ASHR, 24).convertShape(I2F, F, 0)).mul(d).intoArray(out, at + ROWS);
                ((FloatVector) u.lanewise(LSHL, 16).lanewise(ASHR, 24).convertShape(I2F, F, 0)).mul(d).intoArray(out, at + 2 * ROWS);
                ((FloatVector) u.lanewise(LSHL, 24).lanewise(ASHR, 24).convertShape(I2F, F, 0)).mul(d).intoArray(out, at + 3 * ROWS);
            }
        }
    }

    @Override
    void dot(byte[] panel, int[] at, int pairs, int columns, float[] x, float[] y, int yo, Scratch scratch) {
        dot(panel, at, pairs, columns, x, false, y, yo);
    }

    private void dot(byte[] panel, int[] at, int pairs, int columns, float[] x, boolean rounded, float[] y, int yo) {
        for (int block = 0; block < columns / BLOCK; block++) {
            for (int pair = 0; pair < pairs; pair++) {
                int first = at[2 * pair] + block * blockBytes;
                int second = at[2 * pair + 1] + block * blockBytes;
                int to = yo + 2 * pair * ROWS;
                if (rounded) {
                    roundedDot(panel, first, second, x, block * BLOCK, y, to);
                } else {
                    dot(panel, first, second, x, block * BLOCK, y, to);
                }
            }
        }
    }

    /**
     * Two vectors of rows at a time, twice: four accumulators hide the latency of the multiply-adds. At 256 bits these are a
     * panel's rows. Panels take turns, since two streams of memory are faster than one.
     */
    private static void dot(byte[] panel, int first, int second, float[] x, int xo, float[] y, int yo) {
        int l = Simd.LANES;
        int xg = Simd.index(xo);
        for (int r = 0; r < 2 * ROWS; r += 2 * Simd.STRIP) {
            int t = r + Simd.STRIP;
            int sa = r < ROWS ? first : second;
            int sb = t < ROWS ? first : second;
            int ga = Simd.index(sa + CODES + QUAD * (r % ROWS));
            int gb = Simd.index(sb + CODES + QUAD * (t % ROWS));
            sa += 2 * (r % ROWS);
            sb += 2 * (t % ROWS);
            FloatVector da0 = ((IntVector) ByteVector.fromArray(HALF_BYTES, panel, sa).reinterpretAsShorts().convertShape(S2I, I, 0))
                    .lanewise(LSHL, 13).and(Halves.MASK).reinterpretAsFloats().mul(Halves.BIAS);
            FloatVector da1 = ((IntVector) ByteVector.fromArray(HALF_BYTES, panel, sa + 2 * l).reinterpretAsShorts().convertShape(S2I, I, 0))
                    .lanewise(LSHL, 13).and(Halves.MASK).reinterpretAsFloats().mul(Halves.BIAS);
            FloatVector db0 = ((IntVector) ByteVector.fromArray(HALF_BYTES, panel, sb).reinterpretAsShorts().convertShape(S2I, I, 0))
                    .lanewise(LSHL, 13).and(Halves.MASK).reinterpretAsFloats().mul(Halves.BIAS);
            FloatVector db1 = ((IntVector) ByteVector.fromArray(HALF_BYTES, panel, sb + 2 * l).reinterpretAsShorts().convertShape(S2I, I, 0))
                    .lanewise(LSHL, 13).and(Halves.MASK).reinterpretAsFloats().mul(Halves.BIAS);
            FloatVector a0 = FloatVector.fromArray(F, y, yo + r), a1 = FloatVector.fromArray(F, y, yo + r + l);
            FloatVector b0 = FloatVector.fromArray(F, y, yo + t), b1 = FloatVector.fromArray(F, y, yo + t + l);
            for (int p = 0; p < BLOCK / QUAD; p++) {
                Simd.keepLoads();
                int at = p * QUAD * ROWS;
                IntVector u0 = ByteVector.fromArray(WORDS, panel, ga + at).reinterpretAsInts().add(LOWER_SIGNS).lanewise(XOR, LOWER_SIGNS);
                IntVector u1 = ByteVector.fromArray(WORDS, panel, ga + at + QUAD * l).reinterpretAsInts().add(LOWER_SIGNS).lanewise(XOR, LOWER_SIGNS);
                IntVector v0 = ByteVector.fromArray(WORDS, panel, gb + at).reinterpretAsInts().add(LOWER_SIGNS).lanewise(XOR, LOWER_SIGNS);
                IntVector v1 = ByteVector.fromArray(WORDS, panel, gb + at + QUAD * l).reinterpretAsInts().add(LOWER_SIGNS).lanewise(XOR, LOWER_SIGNS);
                FloatVector xk = FloatVector.broadcast(F, x[xg + QUAD * p]);
                a0 = ((FloatVector) u0.lanewise(ASHR, 24).convertShape(I2F, F, 0)).mul(da0).fma(xk, a0);
                a1 = ((FloatVector) u1.lanewise(ASHR, 24).convertShape(I2F, F, 0)).mul(da1).fma(xk, a1);
                b0 = ((FloatVector) v0.lanewise(ASHR, 24).convertShape(I2F, F, 0)).mul(db0).fma(xk, b0);
                b1 = ((FloatVector) v1.lanewise(ASHR, 24).convertShape(I2F, F, 0)).mul(db1).fma(xk, b1);
                u0 = u0.lanewise(LSHL, 8);
                u1 = u1.lanewise(LSHL, 8);
                v0 = v0.lanewise(LSHL, 8);
                v1 = v1.lanewise(LSHL, 8);
                xk = FloatVector.broadcast(F, x[xg + QUAD * p + 1]);
                a0 = ((FloatVector) u0.lanewise(ASHR, 24).convertShape(I2F, F, 0)).mul(da0).fma(xk, a0);
                a1 = ((FloatVector) u1.lanewise(ASHR, 24).convertShape(I2F, F, 0)).mul(da1).fma(xk, a1);
                b0 = ((FloatVector) v0.lanewise(ASHR, 24).convertShape(I2F, F, 0)).mul(db0).fma(xk, b0);
                b1 = ((FloatVector) v1.lanewise(ASHR, 24).convertShape(I2F, F, 0)).mul(db1).fma(xk, b1);
                u0 = u0.lanewise(LSHL, 8);
                u1 = u1.lanewise(LSHL, 8);
                v0 = v0.lanewise(LSHL, 8);
                v1 = v1.lanewise(LSHL, 8);
                xk = FloatVector.broadcast(F, x[xg + QUAD * p + 2]);
                a0 = ((FloatVector) u0.lanewise(ASHR, 24).convertShape(I2F, F, 0)).mul(da0).fma(xk, a0);
                a1 = ((FloatVector) u1.lanewise(ASHR, 24).convertShape(I2F, F, 0)).mul(da1).fma(xk, a1);
                b0 = ((FloatVector) v0.lanewise(ASHR, 24).convertShape(I2F, F, 0)).mul(db0).fma(xk, b0);
                b1 = ((FloatVector) v1.lanewise(ASHR, 24).convertShape(I2F, F, 0)).mul(db1).fma(xk, b1);
                u0 = u0.lanewise(LSHL, 8);
                u1 = u1.lanewise(LSHL, 8);
                v0 = v0.lanewise(LSHL, 8);
                v1 = v1.lanewise(LSHL, 8);
                xk = FloatVector.broadcast(F, x[xg + QUAD * p + 3]);
                a0 = ((FloatVector) u0.lanewise(ASHR, 24).convertShape(I2F, F, 0)).mul(da0).fma(xk, a0);
                a1 = ((FloatVector) u1.lanewise(ASHR, 24).convertShape(I2F, F, 0)).mul(da1).fma(xk, a1);
                b0 = ((FloatVector) v0.lanewise(ASHR, 24).convertShape(I2F, F, 0)).mul(db0).fma(xk, b0);
                b1 = ((FloatVector) v1.lanewise(ASHR, 24).convertShape(I2F, F, 0)).mul(db1).fma(xk, b1);
            }
            a0.intoArray(y, yo + r);
            a1.intoArray(y, yo + r + l);
            b0.intoArray(y, yo + t);
            b1.intoArray(y, yo + t + l);
        }
    }

    @Override
    void roundedExpand(byte[] panel, int first, int second, int from, int n, Expansion to, Scratch scratch) {
        for (int k = 0; k < n; k += BLOCK) {
            int block = (from + k) / BLOCK * blockBytes;
            expandNumbers(panel, first + block, to.weights, k * ROWS, scratch.scales);
            expandNumbers(panel, second + block, to.weights, (n + k) * ROWS, scratch.scales);
        }
    }

    private static void expandNumbers(byte[] panel, int block, float[] out, int to, float[] scales) {
        Halves.expand(panel, block, ROWS, scales, 0);
        for (int r = 0; r < ROWS; r += Simd.LANES) {
            FloatVector d = FloatVector.fromArray(F, scales, r).mul(SHIFT);
            for (int p = 0; p < BLOCK / QUAD; p++) {
                IntVector u = ByteVector.fromArray(WORDS, panel, block + CODES + QUAD * (p * ROWS + r)).reinterpretAsInts();
                int at = to + p * QUAD * ROWS + r;
                ((FloatVector) u.convertShape(I2F, F, 0)).mul(d).intoArray(out, at);
                ((FloatVector) u.lanewise(LSHL, 8).convertShape(I2F, F, 0)).mul(d).intoArray(out, at + ROWS);
                ((FloatVector) u.lanewise(LSHL, 16).convertShape(I2F, F, 0)).mul(d).intoArray(out, at + 2 * ROWS);
                ((FloatVector) u.lanewise(LSHL, 24).convertShape(I2F, F, 0)).mul(d).intoArray(out, at + 3 * ROWS);
            }
        }
    }

    @Override
    void roundedMultiply(
            Activations x, int token, int tokens, int from, int n, Expansion w, float[] y, int yo, Scratch scratch) {
        int at = token * x.columns + from * Tile.SIZE;
        for (int row = 0; row < 2 * ROWS; row += ROWS) {
            Tile.multiply(x.differences, at, w.weights, row * n, n, tokens, y, yo + row, 2 * ROWS, true);
        }
    }

    @Override
    void roundedDot(
            byte[] panel, int[] at, int pairs, int columns, Activations x, float[] y, int yo, Scratch scratch) {
        dot(panel, at, pairs, columns, x.differences, true, y, yo);
    }

    /** {@link #dot} with the numbers as they stand and differences; one loop for both, with shifts as arguments, is slower. */
    private static void roundedDot(byte[] panel, int first, int second, float[] x, int xo, float[] y, int yo) {
        int l = Simd.LANES;
        int xg = Simd.index(xo);
        for (int r = 0; r < 2 * ROWS; r += 2 * Simd.STRIP) {
            int t = r + Simd.STRIP;
            int sa = r < ROWS ? first : second;
            int sb = t < ROWS ? first : second;
            int ga = Simd.index(sa + CODES + QUAD * (r % ROWS));
            int gb = Simd.index(sb + CODES + QUAD * (t % ROWS));
            sa += 2 * (r % ROWS);
            sb += 2 * (t % ROWS);
            FloatVector da0 = ((IntVector) ByteVector.fromArray(HALF_BYTES, panel, sa).reinterpretAsShorts().convertShape(S2I, I, 0))
                    .lanewise(LSHL, 13).and(Halves.MASK).reinterpretAsFloats().mul(BIAS);
            FloatVector da1 = ((IntVector) ByteVector.fromArray(HALF_BYTES, panel, sa + 2 * l).reinterpretAsShorts().convertShape(S2I, I, 0))
                    .lanewise(LSHL, 13).and(Halves.MASK).reinterpretAsFloats().mul(BIAS);
            FloatVector db0 = ((IntVector) ByteVector.fromArray(HALF_BYTES, panel, sb).reinterpretAsShorts().convertShape(S2I, I, 0))
                    .lanewise(LSHL, 13).and(Halves.MASK).reinterpretAsFloats().mul(BIAS);
            FloatVector db1 = ((IntVector) ByteVector.fromArray(HALF_BYTES, panel, sb + 2 * l).reinterpretAsShorts().convertShape(S2I, I, 0))
                    .lanewise(LSHL, 13).and(Halves.MASK).reinterpretAsFloats().mul(BIAS);
            FloatVector a0 = FloatVector.fromArray(F, y, yo + r), a1 = FloatVector.fromArray(F, y, yo + r + l);
            FloatVector b0 = FloatVector.fromArray(F, y, yo + t), b1 = FloatVector.fromArray(F, y, yo + t + l);
            for (int p = 0; p < BLOCK / QUAD; p++) {
                Simd.keepLoads();
                int at = p * QUAD * ROWS;
                IntVector u0 = ByteVector.fromArray(WORDS, panel, ga + at).reinterpretAsInts();
                IntVector u1 = ByteVector.fromArray(WORDS, panel, ga + at + QUAD * l).reinterpretAsInts();
                IntVector v0 = ByteVector.fromArray(WORDS, panel, gb + at).reinterpretAsInts();
                IntVector v1 = ByteVector.fromArray(WORDS, panel, gb + at + QUAD * l).reinterpretAsInts();
                FloatVector xk = FloatVector.broadcast(F, x[xg + QUAD * p]);
                a0 = ((FloatVector) u0.convertShape(I2F, F, 0)).mul(da0).fma(xk, a0);
                a1 = ((FloatVector) u1.convertShape(I2F, F, 0)).mul(da1).fma(xk, a1);
                b0 = ((FloatVector) v0.convertShape(I2F, F, 0)).mul(db0).fma(xk, b0);
                b1 = ((FloatVector) v1.convertShape(I2F, F, 0)).mul(db1).fma(xk, b1);
                u0 = u0.lanewise(LSHL, 8);
                u1 = u1.lanewise(LSHL, 8);
                v0 = v0.lanewise(LSHL, 8);
                v1 = v1.lanewise(LSHL, 8);
                xk = FloatVector.broadcast(F, x[xg + QUAD * p + 1]);
                a0 = ((FloatVector) u0.convertShape(I2F, F, 0)).mul(da0).fma(xk, a0);
                a1 = ((FloatVector) u1.convertShape(I2F, F, 0)).mul(da1).fma(xk, a1);
                b0 = ((FloatVector) v0.convertShape(I2F, F, 0)).mul(db0).fma(xk, b0);
                b1 = ((FloatVector) v1.convertShape(I2F, F, 0)).mul(db1).fma(xk, b1);
                u0 = u0.lanewise(LSHL, 8);
                u1 = u1.lanewise(LSHL, 8);
                v0 = v0.lanewise(LSHL, 8);
                v1 = v1.lanewise(LSHL, 8);
                xk = FloatVector.broadcast(F, x[xg + QUAD * p + 2]);
                a0 = ((FloatVector) u0.convertShape(I2F, F, 0)).mul(da0).fma(xk, a0);
                a1 = ((FloatVector) u1.convertShape(I2F, F, 0)).mul(da1).fma(xk, a1);
                b0 = ((FloatVector) v0.convertShape(I2F, F, 0)).mul(db0).fma(xk, b0);
                b1 = ((FloatVector) v1.convertShape(I2F, F, 0)).mul(db1).fma(xk, b1);
                u0 = u0.lanewise(LSHL, 8);
                u1 = u1.lanewise(LSHL, 8);
                v0 = v0.lanewise(LSHL, 8);
                v1 = v1.lanewise(LSHL, 8);
                xk = FloatVector.broadcast(F, x[xg + QUAD * p + 3]);
                a0 = ((FloatVector) u0.convertShape(I2F, F, 0)).mul(da0).fma(xk, a0);
                a1 = ((FloatVector) u1.convertShape(I2F, F, 0)).mul(da1).fma(xk, a1);
                b0 = ((FloatVector) v0.convertShape(I2F, F, 0)).mul(db0).fma(xk, b0);
                b1 = ((FloatVector) v1.convertShape(I2F, F, 0)).mul(db1).fma(xk, b1);
            }
            a0.intoArray(y, yo + r);
            a1.intoArray(y, yo + r + l);
            b0.intoArray(y, yo + t);
            b1.intoArray(y, yo + t + l);
        }
    }

    @Override
    void row(byte[] panel, int at, int columns, int lane, float[] out, int offset) {
        for (int b = 0; b < columns / BLOCK; b++) {
            int block = at + b * blockBytes;
            float d = Float.float16ToFloat((short) BytePlanes.SHORT.get(panel, block + 2 * lane));
            for (int p = 0; p < BLOCK / QUAD; p++) {
                int u = (int) BytePlanes.INT.get(panel, block + CODES + QUAD * (p * ROWS + lane));
                for (int k = QUAD - 1; k >= 0; k--) {
                    int code = (byte) u;
                    out[offset + b * BLOCK + p * QUAD + k] = code * d;
                    u = u - code >> 8;
                }
            }
        }
    }
}
