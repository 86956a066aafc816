package dev.skim.tensor;

import static dev.skim.tensor.Simd.BYTES;
import static dev.skim.tensor.Simd.F;
import static jdk.incubator.vector.VectorOperators.B2F;

import dev.skim.tensor.block.Q8_0;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;

/**
 * Panels of 32 lanes whose numbers are held in fewer bits: as f16, or as signed bytes with an f16 scale for every 32 of
 * them (Q8_0). What a panel expands to is what it stands for; products are taken of that.
 */
public final class CodedPanel {
    private static final int SIZE = Tile.SIZE;

    private CodedPanel() {}

    /** Writes a number, not a NaN, as f16, rounded to the nearest, ties to even; what is too large becomes the largest. */
    public static void putHalf(byte[] target, int at, float value) {
        short bits = Float.floatToFloat16(Math.clamp(value, -65504f, 65504f));
        target[at] = (byte) bits;
        target[at + 1] = (byte) (bits >> 8);
    }

    /** Expands {@code n} f16 numbers, a multiple of 32. */
    public static void expandHalves(byte[] source, int at, float[] target, int to, int n) {
        Halves.expand(source, at, n, target, to);
    }

    /**
     * Writes up to 32 finite numbers as a Q8_0 block: the scale brings the largest magnitude to 127, codes are rounded half away
     * from zero. The bits are those of {@link Blocks#quantise}; a scale beyond f16 becomes its largest number.
     *
     * @param at where the first code goes; the next go {@code step} bytes further each
     * @param scaleAt where the scale goes
     */
    public static void putBlock(
            float[] source, int from, int n, byte[] target, int at, int step, int scaleAt) {
        float largest = 0;
        for (int i = 0; i < n; i++) {
            largest = Math.max(largest, Math.abs(source[from + i]));
        }
        float d = Math.min(largest / 127, 65504f);
        float inverse = d == 0 ? 0 : 1 / d;
        putHalf(target, scaleAt, d);
        for (int i = 0; i < n; i++) {
            target[at + i * step] = (byte) Q8_0.code(source[from + i], inverse);
        }
    }

    /** Expands {@code rows} rows of 32 codes, where every lane has its scale; the codes' array has 4 bytes or more behind them. */
    public static void expandByLane(byte[] codes, int at, int rows, byte[] scales, int scaleAt, float[] target, int to) {
        float[] work = Scratch.get().sums;
        Halves.expand(scales, scaleAt, SIZE, work, 0);
        Halves.multiply(codes, at, rows, work, 0, target, to, SIZE);
    }

    /**
     * Expands {@code rows} rows of 32 codes, where every row has its scale; at most 64 rows. The codes' array has 4 bytes or more
     * behind them, and that of the scales as many as if the rows were a multiple of 16.
     */
    public static void expandByRow(byte[] codes, int at, int rows, byte[] scales, int scaleAt, float[] target, int to) {
        float[] work = Scratch.get().sums;
        Halves.expand(scales, scaleAt, rows, work, 0);
        for (int row = 0; row < rows; row++) {
            FloatVector scale = FloatVector.broadcast(F, work[row]);
            for (int i = row * SIZE; i < (row + 1) * SIZE; i += Simd.LANES) {
                ((FloatVector) ByteVector.fromArray(BYTES, codes, at + i).convertShape(B2F, F, 0))
                        .mul(scale)
                        .intoArray(target, to + i);
            }
        }
    }
}
