package dev.skim.tensor;

import static dev.skim.tensor.Simd.F;
import static dev.skim.tensor.Simd.HALF_BYTES;
import static dev.skim.tensor.Simd.I;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.S2I;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * The inner loops of {@link TableLayout} and {@link WholeTableLayout}, as {@link Codes} has them for codes that are numbers. Codes stand
 * column by column, 32 rows side by side, each of them in a byte with that of the next column ({@link BytePlanes#putPairs}). The two
 * rows of a 16-bit lane are half a vector apart, so that the lanes' lower bytes are the rows of a vector of f32 and the upper ones those
 * of the next.
 *
 * <p>Vectors of 512 bits hold the table's sixteen values as f32, and one instruction looks up as many codes. With narrower ones sixteen
 * bytes are looked up, since 16 is what one instruction does at any width, and then become f32. A look-up takes an index modulo its
 * table's size: what stands above a code makes no difference.
 */
final class TableCodes {
    private static final int ROWS = PanelLayout.ROWS;
    private static final int UNIT = QuantLayout.UNIT;
    private static final int SCALES = QuantLayout.SCALES;

    /** Bytes of two columns of a panel, and of 32. */
    static final int PAIR = ROWS;
    private static final int PAIRS = UNIT / 2 * PAIR;

    private TableCodes() {}

    /** The code of column {@code c} of 32 whose codes start at {@code at}. */
    static int code(byte[] panel, int at, int c, int lane) {
        return panel[at + c / 2 * PAIR + BytePlanes.place(lane)] >>> 4 * (c % 2) & 15;
    }

    /** Expands {@code groups} groups of 32 columns of a panel to {@code out[oo + k * 32 + row]}. */
    static void expand(ValueTable table, byte[] q, int qo, int stride, int groups, float[] s, int so, float[] out, int oo) {
        for (int g = 0; g < groups; g++) {
            if (ValueTable.WIDE) {
                expandWide(table.floats, q, qo + g * stride, s, so + g * SCALES, out, oo + g * UNIT * ROWS);
            } else {
                expandNarrow(table.bytes, q, qo + g * stride, s, so + g * SCALES, out, oo + g * UNIT * ROWS);
            }
        }
    }

    /** Multiplies {@code groups} groups, one after another, of two panels with a lone token and adds the products to {@code y}. */
    static void dot(ValueTable table, byte[] q, int qa, int qb, int groups, float[] s, float[] x, int xo, float[] y, int yo) {
        for (int r = 0; r < ROWS; r += Simd.STRIP) {
            if (ValueTable.WIDE) {
                dotWide(table.floats, q, qa + r, qb + r, groups, s, r, x, xo, y, yo + r);
            } else {
                dotNarrow(table.bytes, q, qa + r, qb + r, groups, s, r, x, xo, y, yo + r);
            }
        }
    }

    private static void expandWide(int[] table, byte[] q, int qo, float[] s, int so, float[] out, int oo) {
        int l = Simd.LANES;
        IntVector t = IntVector.fromArray(I, table, 0);
        FloatVector low = FloatVector.fromArray(F, s, so), high = FloatVector.fromArray(F, s, so + l);
        for (int p = 0; p < UNIT / 2; p++) {
            // A row's two codes, and those of the row a vector further on.
            IntVector u = (IntVector) ByteVector.fromArray(HALF_BYTES, q, qo + p * PAIR).reinterpretAsShorts().convertShape(S2I, I, 0);
            int to = oo + 2 * p * ROWS;
            u.selectFrom(t).reinterpretAsFloats().mul(low).intoArray(out, to);
            u.lanewise(LSHR, 8).selectFrom(t).reinterpretAsFloats().mul(high).intoArray(out, to + l);
            u.lanewise(LSHR, 4).selectFrom(t).reinterpretAsFloats().mul(low).intoArray(out, to + ROWS);
            u.lanewise(LSHR, 12).selectFrom(t).reinterpretAsFloats().mul(high).intoArray(out, to + ROWS + l);
        }
    }

    private static void expandNarrow(byte[] table, byte[] q, int qo, float[] s, int so, float[] out, int oo) {
        int l = Simd.LANES;
        ByteVector t = ByteVector.fromArray(ValueTable.SIXTEEN, table, 0);
        for (int r = 0; r < ROWS; r += 2 * l) {
            FloatVector low = FloatVector.fromArray(F, s, so + r), high = FloatVector.fromArray(F, s, so + r + l);
            for (int p = 0; p < UNIT / 2; p++) {
                ByteVector u = ByteVector.fromArray(ValueTable.SIXTEEN, q, qo + p * PAIR + r);
                int to = oo + 2 * p * ROWS + r;
                IntVector v = (IntVector) u.selectFrom(t).reinterpretAsShorts().convertShape(S2I, I, 0);
                ((FloatVector) v.lanewise(LSHL, 24).lanewise(ASHR, 24).convertShape(I2F, F, 0)).mul(low).intoArray(out, to);
                ((FloatVector) v.lanewise(ASHR, 8).convertShape(I2F, F, 0)).mul(high).intoArray(out, to + l);
                u = u.reinterpretAsInts().lanewise(LSHR, 4).reinterpretAsBytes();
                v = (IntVector) u.selectFrom(t).reinterpretAsShorts().convertShape(S2I, I, 0);
                ((FloatVector) v.lanewise(LSHL, 24).lanewise(ASHR, 24).convertShape(I2F, F, 0)).mul(low).intoArray(out, to + ROWS);
                ((FloatVector) v.lanewise(ASHR, 8).convertShape(I2F, F, 0)).mul(high).intoArray(out, to + ROWS + l);
            }
        }
    }

    private static void dotWide(
            int[] table, byte[] q, int qa, int qb, int groups, float[] s, int so, float[] x, int xo, float[] y, int yo) {
        int l = Simd.LANES;
        int n = Simd.steps(groups), ai = Simd.index(qa), bi = Simd.index(qb), xi = Simd.index(xo);
        IntVector t = IntVector.fromArray(I, table, 0);
        FloatVector a0 = FloatVector.fromArray(F, y, yo), a1 = FloatVector.fromArray(F, y, yo + l);
        FloatVector b0 = FloatVector.fromArray(F, y, yo + ROWS), b1 = FloatVector.fromArray(F, y, yo + ROWS + l);
        for (int g = 0; g < n; g++) {
            FloatVector da0 = FloatVector.fromArray(F, s, so + g * SCALES), da1 = FloatVector.fromArray(F, s, so + g * SCALES + l);
            FloatVector db0 = FloatVector.fromArray(F, s, so + g * SCALES + ROWS);
            FloatVector db1 = FloatVector.fromArray(F, s, so + g * SCALES + ROWS + l);
            for (int p = 0; p < UNIT / 2; p++) {
                Simd.keepLoads();
                int at = g * PAIRS + p * PAIR;
                FloatVector x0 = FloatVector.broadcast(F, x[xi + g * UNIT + 2 * p]);
                FloatVector x1 = FloatVector.broadcast(F, x[xi + g * UNIT + 2 * p + 1]);
                IntVector u = (IntVector) ByteVector.fromArray(HALF_BYTES, q, ai + at).reinterpretAsShorts().convertShape(S2I, I, 0);
                a0 = u.selectFrom(t).reinterpretAsFloats().mul(da0).fma(x0, a0);
                a1 = u.lanewise(LSHR, 8).selectFrom(t).reinterpretAsFloats().mul(da1).fma(x0, a1);
                a0 = u.lanewise(LSHR, 4).selectFrom(t).reinterpretAsFloats().mul(da0).fma(x1, a0);
                a1 = u.lanewise(LSHR, 12).selectFrom(t).reinterpretAsFloats().mul(da1).fma(x1, a1);
                u = (IntVector) ByteVector.fromArray(HALF_BYTES, q, bi + at).reinterpretAsShorts().convertShape(S2I, I, 0);
                b0 = u.selectFrom(t).reinterpretAsFloats().mul(db0).fma(x0, b0);
                b1 = u.lanewise(LSHR, 8).selectFrom(t).reinterpretAsFloats().mul(db1).fma(x0, b1);
                b0 = u.lanewise(LSHR, 4).selectFrom(t).reinterpretAsFloats().mul(db0).fma(x1, b0);
                b1 = u.lanewise(LSHR, 12).selectFrom(t).reinterpretAsFloats().mul(db1).fma(x1, b1);
            }
        }
        a0.intoArray(y, yo);
        a1.intoArray(y, yo + l);
        b0.intoArray(y, yo + ROWS);
        b1.intoArray(y, yo + ROWS + l);
    }

    private static void dotNarrow(
            byte[] table, byte[] q, int qa, int qb, int groups, float[] s, int so, float[] x, int xo, float[] y, int yo) {
        int l = Simd.LANES;
        int n = Simd.steps(groups), ai = Simd.index(qa), bi = Simd.index(qb), xi = Simd.index(xo);
        ByteVector t = ByteVector.fromArray(ValueTable.SIXTEEN, table, 0);
        FloatVector a0 = FloatVector.fromArray(F, y, yo), a1 = FloatVector.fromArray(F, y, yo + l);
        FloatVector b0 = FloatVector.fromArray(F, y, yo + ROWS), b1 = FloatVector.fromArray(F, y, yo + ROWS + l);
        for (int g = 0; g < n; g++) {
            FloatVector da0 = FloatVector.fromArray(F, s, so + g * SCALES), da1 = FloatVector.fromArray(F, s, so + g * SCALES + l);
            FloatVector db0 = FloatVector.fromArray(F, s, so + g * SCALES + ROWS);
            FloatVector db1 = FloatVector.fromArray(F, s, so + g * SCALES + ROWS + l);
            for (int p = 0; p < UNIT / 2; p++) {
                Simd.keepLoads();
                int at = g * PAIRS + p * PAIR;
                FloatVector x0 = FloatVector.broadcast(F, x[xi + g * UNIT + 2 * p]);
                FloatVector x1 = FloatVector.broadcast(F, x[xi + g * UNIT + 2 * p + 1]);
                ByteVector u = ByteVector.fromArray(ValueTable.SIXTEEN, q, ai + at);
                IntVector v = (IntVector) u.selectFrom(t).reinterpretAsShorts().convertShape(S2I, I, 0);
                a0 = ((FloatVector) v.lanewise(LSHL, 24).lanewise(ASHR, 24).convertShape(I2F, F, 0)).mul(da0).fma(x0, a0);
                a1 = ((FloatVector) v.lanewise(ASHR, 8).convertShape(I2F, F, 0)).mul(da1).fma(x0, a1);
                u = u.reinterpretAsInts().lanewise(LSHR, 4).reinterpretAsBytes();
                v = (IntVector) u.selectFrom(t).reinterpretAsShorts().convertShape(S2I, I, 0);
                a0 = ((FloatVector) v.lanewise(LSHL, 24).lanewise(ASHR, 24).convertShape(I2F, F, 0)).mul(da0).fma(x1, a0);
                a1 = ((FloatVector) v.lanewise(ASHR, 8).convertShape(I2F, F, 0)).mul(da1).fma(x1, a1);
                u = ByteVector.fromArray(ValueTable.SIXTEEN, q, bi + at);
                v = (IntVector) u.selectFrom(t).reinterpretAsShorts().convertShape(S2I, I, 0);
                b0 = ((FloatVector) v.lanewise(LSHL, 24).lanewise(ASHR, 24).convertShape(I2F, F, 0)).mul(db0).fma(x0, b0);
                b1 = ((FloatVector) v.lanewise(ASHR, 8).convertShape(I2F, F, 0)).mul(db1).fma(x0, b1);
                u = u.reinterpretAsInts().lanewise(LSHR, 4).reinterpretAsBytes();
                v = (IntVector) u.selectFrom(t).reinterpretAsShorts().convertShape(S2I, I, 0);
                b0 = ((FloatVector) v.lanewise(LSHL, 24).lanewise(ASHR, 24).convertShape(I2F, F, 0)).mul(db0).fma(x1, b0);
                b1 = ((FloatVector) v.lanewise(ASHR, 8).convertShape(I2F, F, 0)).mul(db1).fma(x1, b1);
            }
        }
        a0.intoArray(y, yo);
        a1.intoArray(y, yo + l);
        b0.intoArray(y, yo + ROWS);
        b1.intoArray(y, yo + ROWS + l);
    }
}
