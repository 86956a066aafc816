package dev.skim.tensor;

import static dev.skim.tensor.Simd.BYTES;
import static dev.skim.tensor.Simd.I;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LT;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_B2I;

import dev.skim.tensor.block.IQ3_XXS;
import dev.skim.tensor.block.IQ4_NL;
import dev.skim.tensor.block.MXFP4;
import dev.skim.tensor.block.PointCodec;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.IntVector;

/**
 * IQ4_NL, IQ4_XS, IQ3_XXS and MXFP4: codes of 4 bits that stand for sixteen values of a table; {@code w = value * scale}.
 *
 * <p>IQ4_NL has a half-precision scale for 32 columns, IQ4_XS and IQ3_XXS have a half-precision factor and a signed byte for each 32 of
 * a block of 256, MXFP4 a power of two for 32. The codes are the file's but for IQ3_XXS: instead of points of four
 * numbers these themselves, a sign and one of eight sizes each. So a row's block of it takes 138 bytes for the file's 98; those of
 * IQ4_XS take 138 for 136.
 */
final class TableLayout extends QuantLayout {
    // From a block's start in the file of IQ4_XS: the upper bits of the groups' scales, their low four, the codes.

    private static final int HIGH_SCALES = 2;
    private static final int LOW_SCALES = 4;
    private static final int CODES = 8;

    /** Where in the panel's block of IQ4_XS the groups' scales stand, and in working memory the factors. */
    private static final int GROUP_SCALES = 64;
    private static final int FACTORS = WholeProduct.FACTORS;

    /** Bits of a code of IQ3_XXS that tell the size. */
    private static final int SIZE_BITS = 3;

    private final ElementType type;
    private final ValueTable table;

    TableLayout(ElementType type) {
        super(type.blockSize(), 32, 4, scaleBytes(type));
        this.type = type;
        table = switch (type) {
            case MXFP4 -> new ValueTable(MXFP4.doubled());
            case IQ3_XXS -> ValueTable.ofSizes(IQ3_XXS.sizes(), SIZE_BITS);
            default -> new ValueTable(IQ4_NL.values());
        };
    }

    private static int scaleBytes(ElementType type) {
        return switch (type) {
            case IQ4_NL -> 2;
            case IQ4_XS, IQ3_XXS -> 2 + 8;
            default -> 1;
        };
    }

    @Override
    boolean hasMinima() {
        return false;
    }

    @Override
    Rounding rounding() {
        return Rounding.NONE;
    }

    @Override
    int fileBytes() {
        return type.blockBytes();
    }

    @Override
    boolean packBlock(byte[] rows, int from, int stride, byte[] panel, int at, long[] planes) {
        if (type == ElementType.IQ3_XXS) {
            packPoints(rows, from, stride, panel, at);
            return BytePlanes.putFactors(rows, from, stride, panel, at);
        }
        boolean finite = true;
        int rest;
        switch (type) {
            case IQ4_NL -> {
                finite = BytePlanes.putFactors(rows, from, stride, panel, at);
                rest = from + 2;
            }
            case IQ4_XS -> {
                finite = BytePlanes.putFactors(rows, from, stride, panel, at);
                packScales(rows, from, stride, panel, at + GROUP_SCALES);
                rest = from + CODES;
            }
            default -> {
                for (int r = 0; r < ROWS; r++) {
                    panel[at + r] = rows[from + r * stride];
                }
                rest = from + 1;
            }
        }
        for (int g = 0; g < block / group; g++) {
            // Byte i has the codes of columns i and 16 + i.
            int to = at + codes + g * groupBytes();
            BytePlanes.putEights(rows, rest + g * group / 2, stride, 16, panel, to, to + groupBytes() / 2);
        }
        return finite;
    }

    private void packPoints(byte[] rows, int from, int stride, byte[] panel, int at) {
        PointCodec codec = (PointCodec) type.codec();
        for (int r = 0; r < ROWS; r++) {
            int row = from + r * stride;
            for (int g = 0; g < block / group; g++) {
                panel[at + GROUP_SCALES + g * ROWS + r] = (byte) codec.multiple(rows, row, 2 * g);
            }
            for (int k = 0; k < block / 8; k++) {
                // Sizes are 8 apart but for the last, which is in the last eight too.
                long q = BytePlanes.sizesAndSigns(codec.numbers(rows, row, k), 3, SIZE_BITS);
                BytePlanes.putEight(q, panel, at + codes + (k * ROWS + r) * Integer.BYTES);
            }
        }
    }

    /** Eight scales of 6 bits, which mean 32 less. */
    private static void packScales(byte[] rows, int from, int stride, byte[] panel, int at) {
        for (int r = 0; r < ROWS; r++) {
            int low = (int) BytePlanes.INT.get(rows, from + r * stride + LOW_SCALES);
            int high = (short) BytePlanes.SHORT.get(rows, from + r * stride + HIGH_SCALES);
            for (int g = 0; g < 8; g++) {
                panel[at + g * ROWS + r] = (byte) ((low >>> 4 * g & 15 | (high >>> 2 * g & 3) << 4) - 32);
            }
        }
    }

    @Override
    void scales(byte[] panel, int at, float shift, float[] s, int so) {
        switch (type) {
            case IQ4_NL -> Halves.expand(panel, at, ROWS, s, so);
            case IQ4_XS, IQ3_XXS -> {
                Halves.expand(panel, at, ROWS, s, so + FACTORS);
                if (type == ElementType.IQ3_XXS) {
                    VectorMath.scale(s, so + FACTORS, ROWS, 0.25f);
                }
                Halves.multiply(panel, at + GROUP_SCALES, block / group, s, so + FACTORS, s, so, SCALES);
            }
            default -> halfPowers(panel, at, s, so);
        }
    }

    /** {@code s[so + r] = 2^(e - 128)} for exponents e of a byte each: half of what they say, to go with the doubled values. */
    private static void halfPowers(byte[] panel, int at, float[] s, int so) {
        for (int r = 0; r < ROWS; r += Simd.LANES) {
            IntVector e = (IntVector) ByteVector.fromArray(BYTES, panel, at + r).convertShape(ZERO_EXTEND_B2I, I, 0);
            // 2^-128 and 2^-127 are subnormal.
            e.sub(1).lanewise(LSHL, 23).blend(e.add(1).lanewise(LSHL, 21), e.compare(LT, 2)).reinterpretAsFloats().intoArray(s, so + r);
        }
    }

    @Override
    float weight(int q, float scale, float minimum) {
        return table.value(q) * scale;
    }

    @Override
    void expandUnits(byte[] q, int at, int from, int n, float[] s, int so, float[] out, int to) {
        int numbers = codesAt(at, from);
        for (int strip = 0; strip < ROWS; strip += Simd.STRIP) {
            TableCodes.expand(table, q, numbers + 4 * strip, groupStep(), n / group, s, so + strip, out, to + strip);
        }
    }

    @Override
    void dotBlock(byte[] q, int qa, int qb, float[] s, float[] x, int xo, float[] y, int yo) {
        for (int strip = 0; strip < ROWS; strip += Simd.STRIP) {
            TableCodes.dot(
                    table, q, qa + 4 * strip, qb + 4 * strip, block / group, s, strip, strip + ROWS, x, xo, y, yo + strip);
        }
    }
}
