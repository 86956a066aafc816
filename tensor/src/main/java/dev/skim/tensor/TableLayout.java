package dev.skim.tensor;

import static dev.skim.tensor.Simd.BYTES;
import static dev.skim.tensor.Simd.I;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LT;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_B2I;

import dev.skim.tensor.block.IQ4_NL;
import dev.skim.tensor.block.MXFP4;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.IntVector;

/**
 * IQ4_NL and MXFP4: codes of 4 bits that stand for sixteen values of a table; {@code w = value * scale}, with a scale for 32 columns:
 * a half-precision number, or a power of two.
 */
final class TableLayout extends QuantLayout {
    private final ElementType type;
    private final ValueTable table;

    TableLayout(ElementType type) {
        super(32, 32, 4, type == ElementType.IQ4_NL ? 2 : 1);
        this.type = type;
        table = new ValueTable(type == ElementType.IQ4_NL ? IQ4_NL.values() : MXFP4.doubled());
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
        boolean finite = true;
        int rest = from + fileBytes() - group / 2;
        if (type == ElementType.IQ4_NL) {
            finite = BytePlanes.putFactors(rows, from, stride, panel, at);
        } else {
            for (int r = 0; r < ROWS; r++) {
                panel[at + r] = rows[from + r * stride];
            }
        }
        BytePlanes.putPairs(rows, rest, stride, panel, at + codes, planes);
        return finite;
    }

    @Override
    void scales(byte[] panel, int at, float shift, float[] s, int so) {
        if (type == ElementType.IQ4_NL) {
            Halves.expand(panel, at, ROWS, s, so);
        } else {
            halfPowers(panel, at, s, so);
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
    void dotBlock(byte[] q, int qa, int qb, float[] s, float[] x, int xo, float[] y, int yo) {
        TableCodes.dot(table, q, qa, qb, block / group, s, x, xo, y, yo);
    }
}
