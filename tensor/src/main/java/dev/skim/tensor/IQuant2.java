package dev.skim.tensor;

import static dev.skim.tensor.Simd.BYTES;
import static dev.skim.tensor.Simd.F;
import static dev.skim.tensor.Simd.I;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_B2I;

import dev.skim.tensor.block.IQ2_XXS;
import dev.skim.tensor.block.PointCodec;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * IQ2_XXS, IQ2_XS and IQ2_S: blocks of 256 columns with a half-precision factor and a scale of 4 bits for every 16 of them;
 * {@code w = d * (2 * scale + 1) / 8 * number}.
 *
 * <p>In the panel stand the numbers instead of points of eight of them: codes of 3 bits, a sign and one of three sizes. That takes 106
 * bytes a row's block for the file's 66 to 82, and is some seven times as fast as looking the points up in every product.
 */
final class IQuant2 extends QuantLayout {
    private static final int GROUPS = 16;

    /** A byte for each two groups. */
    private static final int NIBBLES = 64;

    private static final int FACTORS = WholeProduct.FACTORS;

    /** Bits of a code that tell the size. */
    private static final int SIZE_BITS = 2;

    private final ElementType type;
    private final PointCodec codec;
    private final ValueTable table = ValueTable.ofSizes(IQ2_XXS.sizes(), SIZE_BITS);

    IQuant2(ElementType type) {
        super(256, 16, 3, 2 + GROUPS / 2);
        this.type = type;
        codec = (PointCodec) type.codec();
    }

    @Override
    boolean hasMinima() {
        return false;
    }

    @Override
    int fileBytes() {
        return type.blockBytes();
    }

    @Override
    boolean packBlock(byte[] rows, int from, int stride, byte[] panel, int at, long[] planes) {
        for (int r = 0; r < ROWS; r++) {
            int row = from + r * stride;
            for (int g = 0; g < GROUPS; g += 2) {
                int both = codec.multiple(rows, row, g) / 2 | codec.multiple(rows, row, g + 1) / 2 << 4;
                panel[at + NIBBLES + g / 2 * ROWS + r] = (byte) both;
            }
            for (int c = 0; c < block; c += UNIT) {
                BytePlanes.putTens(
                        codes(rows, row, c / 8), codes(rows, row, c / 8 + 1), codes(rows, row, c / 8 + 2), codes(rows, row, c / 8 + 3),
                        panel, at + codes + c / UNIT * unitBytes() + r * Integer.BYTES);
            }
        }
        return BytePlanes.putFactors(rows, from, stride, panel, at);
    }

    /** Eight codes, a byte each. */
    private long codes(byte[] rows, int row, int k) {
        // Sizes of 8, 25 and 43.
        return BytePlanes.sizesAndSigns(codec.numbers(rows, row, k), 4, SIZE_BITS);
    }

    @Override
    float weight(int q, float scale, float minimum) {
        return table.value(q) * scale;
    }

    @Override
    void scales(byte[] panel, int at, float shift, float[] s, int so) {
        Halves.expand(panel, at, ROWS, s, so + FACTORS);
        for (int g = 0; g < GROUPS; g += 2) {
            for (int r = 0; r < ROWS; r += Simd.LANES) {
                // s / 4 + 1 / 8 times d, exact.
                FloatVector d = FloatVector.fromArray(F, s, so + FACTORS + r);
                FloatVector quarter = d.mul(0.25f);
                FloatVector eighth = d.mul(0.125f);
                IntVector b = (IntVector) ByteVector.fromArray(BYTES, panel, at + NIBBLES + g / 2 * ROWS + r)
                        .convertShape(ZERO_EXTEND_B2I, I, 0);
                ((FloatVector) b.and(15).convertShape(I2F, F, 0)).fma(quarter, eighth).intoArray(s, so + g * SCALES + r);
                ((FloatVector) b.lanewise(LSHR, 4).convertShape(I2F, F, 0)).fma(quarter, eighth).intoArray(s, so + (g + 1) * SCALES + r);
            }
        }
    }

    @Override
    void expandUnits(byte[] q, int at, int from, int n, float[] s, int so, float[] out, int to) {
        int numbers = codesAt(at, from);
        for (int strip = 0; strip < ROWS; strip += Simd.STRIP) {
            TableCodes3.expand(table, q, numbers + 4 * strip, n / UNIT, s, so + strip, out, to + strip);
        }
    }

    @Override
    void dot(byte[] panel, int[] at, int pairs, int columns, float[] x, float[] y, int yo, Scratch scratch) {
        if (TableCodes3.DOTS) {
            super.dot(panel, at, pairs, columns, x, y, yo, scratch);
        } else {
            dotUnits(panel, at, pairs, columns, x, y, yo, scratch);
        }
    }

    @Override
    void dotBlock(byte[] q, int qa, int qb, float[] s, float[] x, int xo, float[] y, int yo) {
        for (int strip = 0; strip < ROWS; strip += Simd.STRIP) {
            TableCodes3.dot(table, q, qa + 4 * strip, qb + 4 * strip, block / UNIT, s, strip, strip + ROWS, x, xo, y, yo + strip);
        }
    }
}
