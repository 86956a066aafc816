package dev.skim.tensor;

import dev.skim.tensor.block.IQ3_XXS;
import dev.skim.tensor.block.IQ4_NL;
import dev.skim.tensor.block.PointCodec;

/**
 * IQ4_XS and IQ3_XXS: codes of 4 bits that stand for sixteen values of a table, in blocks of 256 columns with a half-precision factor
 * and a signed byte as scale for each 32 of them; {@code w = d * scale * value}.
 *
 * <p>The codes are the file's but for IQ3_XXS: instead of points of four numbers these themselves, a sign and one of eight sizes each.
 * So a row's block of it takes 138 bytes for the file's 98; those of IQ4_XS take 138 for 136.
 */
final class WholeTableLayout extends WholeLayout {
    // From a block's start in the file of IQ4_XS: the upper bits of the groups' scales, their low four, the codes.

    private static final int HIGH_SCALES = 2;
    private static final int LOW_SCALES = 4;
    private static final int CODES = 8;

    private static final int GROUPS = 8;

    /** Where in the panel's block the groups' scales stand. */
    private static final int GROUP_SCALES = 64;

    /** Bits of a code of IQ3_XXS that tell the size. */
    private static final int SIZE_BITS = 3;

    private final ElementType type;
    private final ValueTable table;

    WholeTableLayout(ElementType type) {
        super(GROUPS, 4, 2 + GROUPS);
        this.type = type;
        table = type == ElementType.IQ4_XS ? new ValueTable(IQ4_NL.values()) : ValueTable.ofSizes(IQ3_XXS.sizes(), SIZE_BITS);
    }

    @Override
    boolean hasMinima() {
        return false;
    }

    @Override
    Rounding rounding() {
        return Rounding.WHOLE_OF_8;
    }

    @Override
    int fileBytes() {
        return type.blockBytes();
    }

    @Override
    boolean packBlock(byte[] rows, int from, int stride, byte[] panel, int at, long[] planes) {
        if (type == ElementType.IQ3_XXS) {
            packPoints(rows, from, stride, panel, at);
        } else {
            packScales(rows, from, stride, panel, at + GROUP_SCALES);
            for (int g = 0; g < GROUPS; g++) {
                BytePlanes.putPairs(rows, from + CODES + g * group / 2, stride, panel, at + codes + g * groupBytes(), planes);
            }
        }
        return BytePlanes.putFactors(rows, from, stride, panel, at);
    }

    private void packPoints(byte[] rows, int from, int stride, byte[] panel, int at) {
        PointCodec codec = (PointCodec) type.codec();
        for (int r = 0; r < ROWS; r++) {
            int row = from + r * stride;
            for (int g = 0; g < GROUPS; g++) {
                panel[at + GROUP_SCALES + g * ROWS + r] = (byte) codec.multiple(rows, row, 2 * g);
            }
            for (int k = 0; k < block / 8; k++) {
                // Sizes are 8 apart but for the last, which is in the last eight too.
                long q = BytePlanes.sizesAndSigns(codec.numbers(rows, row, k), 3, SIZE_BITS);
                for (int i = 0; i < 4; i++) {
                    panel[at + codes + (4 * k + i) * ROWS + BytePlanes.place(r)] = (byte) (q >>> 16 * i | q >>> 16 * i + 4);
                }
            }
        }
    }

    /** Eight scales of 6 bits, which mean 32 less. */
    private static void packScales(byte[] rows, int from, int stride, byte[] panel, int at) {
        for (int r = 0; r < ROWS; r++) {
            int low = (int) BytePlanes.INT.get(rows, from + r * stride + LOW_SCALES);
            int high = (short) BytePlanes.SHORT.get(rows, from + r * stride + HIGH_SCALES);
            for (int g = 0; g < GROUPS; g++) {
                panel[at + g * ROWS + r] = (byte) ((low >>> 4 * g & 15 | (high >>> 2 * g & 3) << 4) - 32);
            }
        }
    }

    private void factors(byte[] panel, int at, float[] s, int so) {
        Halves.expand(panel, at, ROWS, s, so + FACTORS);
        if (type == ElementType.IQ3_XXS) {
            VectorMath.scale(s, so + FACTORS, ROWS, 0.25f);
        }
    }

    @Override
    void scales(byte[] panel, int at, float shift, float[] s, int so) {
        factors(panel, at, s, so);
        Halves.multiply(panel, at + GROUP_SCALES, GROUPS, s, so + FACTORS, s, so, SCALES);
    }

    @Override
    void wholeScales(byte[] panel, int at, float[] s, int so) {
        factors(panel, at, s, so);
        Halves.bytes(panel, at + GROUP_SCALES, GROUPS, s, so, SCALES);
    }

    @Override
    int code(byte[] panel, int at, int c, int lane) {
        return TableCodes.code(panel, at, c, lane);
    }

    @Override
    float weight(int q, float scale, float minimum) {
        return table.value(q) * scale;
    }

    @Override
    void expandUnits(byte[] q, int at, int from, int n, float[] s, int so, float[] out, int to) {
        TableCodes.expand(table, q, codesAt(at, from), groupStep(), n / group, s, so, out, to);
    }

    @Override
    void wholeDot(byte[] q, int first, int second, int column, WholeActivations x, int from, float[] s, float[] y, int yo) {
        TableProduct.dot(table, q, first, second, column, x, from, s, y, yo);
    }

    @Override
    void dotBlock(byte[] q, int qa, int qb, float[] s, float[] x, int xo, float[] y, int yo) {
        TableCodes.dot(table, q, qa, qb, GROUPS, s, x, xo, y, yo);
    }
}
