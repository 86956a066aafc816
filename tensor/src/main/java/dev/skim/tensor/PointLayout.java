package dev.skim.tensor;

import static dev.skim.tensor.Simd.F;
import static dev.skim.tensor.Simd.I;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;

import dev.skim.tensor.block.PointCodec;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * IQ1: the file's own blocks, as {@link RawLayout} has them, since their codes of points are half as long as the numbers would be that
 * they stand for. They are expanded in two steps: each row's points are looked up, eight numbers at once, and put beside those of the other
 * rows, and then all rows' numbers become f32 together.
 */
final class PointLayout extends RawLayout {
    private static final int GROUP = 16;

    /** Columns of a number of 32 bits. */
    private static final int FOUR = 4;

    /** The numbers and the scales of a panel's block. */
    private static final int NUMBERS = LONGEST / FOUR * ROWS;
    private static final int SCALES = LONGEST / GROUP * ROWS;

    private final PointCodec codec;
    private final int bytes;

    PointLayout(ElementType type) {
        super(type);
        codec = (PointCodec) type.codec();
        bytes = type.blockBytes();
    }

    /** Whole blocks. */
    @Override
    void expand(byte[] panel, int at, int from, int n, float[] out, int to, Scratch scratch) {
        for (int k = 0; k < n; k += block) {
            interleave(panel, at + (from + k) / block * blockBytes, scratch, 0);
            expand(scratch.numbers, scratch.scales, block, out, to + k * ROWS);
        }
    }

    /** The numbers and scales of a panel's block, for the first panel of two or the second. */
    private void interleave(byte[] panel, int at, Scratch scratch, int second) {
        for (int r = 0; r < ROWS; r++) {
            codec.interleave(
                    panel, at + r * bytes, scratch.numbers, second * NUMBERS + r, scratch.scales, second * SCALES + r);
        }
    }

    /** {@code out[oo + k * 32 + row] = } signed byte {@code k % 4} of {@code numbers[k / 4 * 32 + row]} times {@code scales[k / 16 * 32 + row]}. */
    private static void expand(int[] numbers, float[] scales, int columns, float[] out, int oo) {
        for (int k = 0; k < columns; k += FOUR) {
            for (int r = 0; r < ROWS; r += Simd.LANES) {
                IntVector u = IntVector.fromArray(I, numbers, k / FOUR * ROWS + r);
                FloatVector d = FloatVector.fromArray(F, scales, k / GROUP * ROWS + r);
                int to = oo + k * ROWS + r;
                ((FloatVector) u.lanewise(LSHL, 24).lanewise(ASHR, 24).convertShape(I2F, F, 0)).mul(d).intoArray(out, to);
                ((FloatVector) u.lanewise(LSHL, 16).lanewise(ASHR, 24).convertShape(I2F, F, 0)).mul(d).intoArray(out, to + ROWS);
                ((FloatVector) u.lanewise(LSHL, 8).lanewise(ASHR, 24).convertShape(I2F, F, 0)).mul(d).intoArray(out, to + 2 * ROWS);
                ((FloatVector) u.lanewise(ASHR, 24).convertShape(I2F, F, 0)).mul(d).intoArray(out, to + 3 * ROWS);
            }
        }
    }

    @Override
    void dot(byte[] panel, int[] at, int pairs, int columns, float[] x, float[] y, int yo, Scratch scratch) {
        for (int from = 0; from < columns; from += block) {
            for (int pair = 0; pair < pairs; pair++) {
                interleave(panel, at[2 * pair] + from / block * blockBytes, scratch, 0);
                interleave(panel, at[2 * pair + 1] + from / block * blockBytes, scratch, 1);
                for (int r = 0; r < ROWS; r += Simd.LANES) {
                    dot(scratch.numbers, scratch.scales, r, block, x, from, y, yo + 2 * pair * ROWS + r);
                }
            }
        }
    }

    /** A vector of each panel at a time. */
    private static void dot(int[] numbers, float[] scales, int r, int columns, float[] x, int xo, float[] y, int yo) {
        int n = Simd.steps(columns / FOUR), xi = Simd.index(xo), ri = Simd.index(r);
        FloatVector a = FloatVector.fromArray(F, y, yo), b = FloatVector.fromArray(F, y, yo + ROWS);
        for (int p = 0; p < n; p++) {
            Simd.keepLoads();
            FloatVector da = FloatVector.fromArray(F, scales, ri + p / FOUR * ROWS);
            FloatVector db = FloatVector.fromArray(F, scales, ri + p / FOUR * ROWS + SCALES);
            IntVector u = IntVector.fromArray(I, numbers, ri + p * ROWS);
            IntVector v = IntVector.fromArray(I, numbers, ri + p * ROWS + NUMBERS);
            FloatVector xk = FloatVector.broadcast(F, x[xi + FOUR * p]);
            a = ((FloatVector) u.lanewise(LSHL, 24).lanewise(ASHR, 24).convertShape(I2F, F, 0)).mul(da).fma(xk, a);
            b = ((FloatVector) v.lanewise(LSHL, 24).lanewise(ASHR, 24).convertShape(I2F, F, 0)).mul(db).fma(xk, b);
            xk = FloatVector.broadcast(F, x[xi + FOUR * p + 1]);
            a = ((FloatVector) u.lanewise(LSHL, 16).lanewise(ASHR, 24).convertShape(I2F, F, 0)).mul(da).fma(xk, a);
            b = ((FloatVector) v.lanewise(LSHL, 16).lanewise(ASHR, 24).convertShape(I2F, F, 0)).mul(db).fma(xk, b);
            xk = FloatVector.broadcast(F, x[xi + FOUR * p + 2]);
            a = ((FloatVector) u.lanewise(LSHL, 8).lanewise(ASHR, 24).convertShape(I2F, F, 0)).mul(da).fma(xk, a);
            b = ((FloatVector) v.lanewise(LSHL, 8).lanewise(ASHR, 24).convertShape(I2F, F, 0)).mul(db).fma(xk, b);
            xk = FloatVector.broadcast(F, x[xi + FOUR * p + 3]);
            a = ((FloatVector) u.lanewise(ASHR, 24).convertShape(I2F, F, 0)).mul(da).fma(xk, a);
            b = ((FloatVector) v.lanewise(ASHR, 24).convertShape(I2F, F, 0)).mul(db).fma(xk, b);
        }
        a.intoArray(y, yo);
        b.intoArray(y, yo + ROWS);
    }
}
