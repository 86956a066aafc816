package dev.skim.tensor;

import static dev.skim.tensor.Simd.F;
import static dev.skim.tensor.Simd.I;
import static dev.skim.tensor.Simd.WORDS;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * The inner loops of {@link TableLayout} for one strip, as {@link Codes} has them for codes that are numbers.
 *
 * <p>Vectors of 512 bits hold the table's sixteen values as f32, and one instruction looks up as many codes. Narrower ones look up
 * bytes, four codes of each row at once, which then become f32: at 256 bits 1.3 to 2 times as fast as two halves of a table.
 */
final class TableCodes {
    private static final int ROWS = PanelLayout.ROWS;
    private static final int UNIT = QuantLayout.UNIT;
    private static final int SCALES = QuantLayout.SCALES;
    private static final int SIZE = 16;

    /** Bytes of the numbers that eight columns of a panel stand in. */
    private static final int NUMBERS = Integer.BYTES * ROWS;

    /** Whether a vector of ints holds the table. */
    private static final boolean WIDE = Simd.LANES >= SIZE;
    private static final int LOW_NIBBLES = 0x0F0F0F0F;

    private TableCodes() {}

    /** Expands {@code groups} groups of 32 columns to {@code out[oo + k * 32 + lane]}. */
    static void expand(ValueTable table, byte[] q, int qo, int stride, int groups, float[] s, int so, float[] out, int oo) {
        if (WIDE) {
            expandWide(table.floats, q, qo, stride, groups, s, so, out, oo);
        } else {
            expandNarrow(table.bytes, q, qo, stride, groups, s, so, out, oo);
        }
    }

    /** Multiplies {@code groups} groups, one after another, of two panels with a lone token and adds the products to {@code y}. */
    static void dot(
            ValueTable table, byte[] q, int qa, int qb, int groups, float[] s, int sa, int sb, float[] x, int xo, float[] y, int yo) {
        if (WIDE) {
            dotWide(table.floats, q, qa, qb, groups, s, sa, sb, x, xo, y, yo);
        } else {
            dotNarrow(table.bytes, q, qa, qb, groups, s, sa, sb, x, xo, y, yo);
        }
    }

    private static void expandWide(
            int[] table, byte[] q, int qo, int stride, int groups, float[] s, int so, float[] out, int oo) {
        int l = Simd.LANES;
        IntVector t = IntVector.fromArray(I, table, 0);
        for (int g = 0; g < groups; g++) {
            for (int r = 0; r < 2 * l; r += l) {
                FloatVector d = FloatVector.fromArray(F, s, so + g * SCALES + r);
                for (int p = 0; p < UNIT / 8; p++) {
                    IntVector u = ByteVector.fromArray(WORDS, q, qo + g * stride + p * NUMBERS + 4 * r).reinterpretAsInts();
                    int to = oo + (g * UNIT + p * 8) * ROWS + r;
                    u.and(15).selectFrom(t).reinterpretAsFloats().mul(d).intoArray(out, to);
                    u.lanewise(LSHR, 8).and(15).selectFrom(t).reinterpretAsFloats().mul(d).intoArray(out, to + ROWS);
                    u.lanewise(LSHR, 16).and(15).selectFrom(t).reinterpretAsFloats().mul(d).intoArray(out, to + 2 * ROWS);
                    u.lanewise(LSHR, 24).and(15).selectFrom(t).reinterpretAsFloats().mul(d).intoArray(out, to + 3 * ROWS);
                    u.lanewise(LSHR, 4).and(15).selectFrom(t).reinterpretAsFloats().mul(d).intoArray(out, to + 4 * ROWS);
                    u.lanewise(LSHR, 12).and(15).selectFrom(t).reinterpretAsFloats().mul(d).intoArray(out, to + 5 * ROWS);
                    u.lanewise(LSHR, 20).and(15).selectFrom(t).reinterpretAsFloats().mul(d).intoArray(out, to + 6 * ROWS);
                    u.lanewise(LSHR, 28).selectFrom(t).reinterpretAsFloats().mul(d).intoArray(out, to + 7 * ROWS);
                }
            }
        }
    }

    private static void expandNarrow(
            byte[] table, byte[] q, int qo, int stride, int groups, float[] s, int so, float[] out, int oo) {
        int l = Simd.LANES;
        ByteVector t = ByteVector.fromArray(WORDS, table, 0);
        for (int g = 0; g < groups; g++) {
            for (int r = 0; r < 2 * l; r += l) {
                FloatVector d = FloatVector.fromArray(F, s, so + g * SCALES + r);
                for (int p = 0; p < UNIT / 4; p++) {
                    // Low nibbles of four bytes have four columns, high ones the next.
                    IntVector v = ByteVector.fromArray(WORDS, q, qo + g * stride + (p >> 1) * NUMBERS + 4 * r)
                            .reinterpretAsInts().lanewise(LSHR, 4 * (p & 1)).and(LOW_NIBBLES)
                            .reinterpretAsBytes().selectFrom(t).reinterpretAsInts();
                    int to = oo + (g * UNIT + p * 4) * ROWS + r;
                    ((FloatVector) v.lanewise(LSHL, 24).lanewise(ASHR, 24).convertShape(I2F, F, 0)).mul(d).intoArray(out, to);
                    ((FloatVector) v.lanewise(LSHL, 16).lanewise(ASHR, 24).convertShape(I2F, F, 0)).mul(d).intoArray(out, to + ROWS);
                    ((FloatVector) v.lanewise(LSHL, 8).lanewise(ASHR, 24).convertShape(I2F, F, 0)).mul(d).intoArray(out, to + 2 * ROWS);
                    ((FloatVector) v.lanewise(ASHR, 24).convertShape(I2F, F, 0)).mul(d).intoArray(out, to + 3 * ROWS);
                }
            }
        }
    }

    private static void dotWide(
            int[] table, byte[] q, int qa, int qb, int groups,
            float[] s, int sa, int sb, float[] x, int xo, float[] y, int yo) {
        int l = Simd.LANES;
        int n = Simd.steps(groups), ai = Simd.index(qa), bi = Simd.index(qb), xi = Simd.index(xo);
        IntVector t = IntVector.fromArray(I, table, 0);
        FloatVector a0 = FloatVector.fromArray(F, y, yo), a1 = FloatVector.fromArray(F, y, yo + l);
        FloatVector b0 = FloatVector.fromArray(F, y, yo + ROWS), b1 = FloatVector.fromArray(F, y, yo + ROWS + l);
        for (int g = 0; g < n; g++) {
            FloatVector da0 = FloatVector.fromArray(F, s, sa + g * SCALES), da1 = FloatVector.fromArray(F, s, sa + g * SCALES + l);
            FloatVector db0 = FloatVector.fromArray(F, s, sb + g * SCALES), db1 = FloatVector.fromArray(F, s, sb + g * SCALES + l);
            for (int p = 0; p < UNIT / 4; p++) {
                Simd.keepLoads();
                int at = (g * UNIT / 8 + (p >> 1)) * NUMBERS;
                int half = 4 * (p & 1);
                int k = xi + g * UNIT + 4 * p;
                FloatVector x0 = FloatVector.broadcast(F, x[k]);
                FloatVector x1 = FloatVector.broadcast(F, x[k + 1]);
                FloatVector x2 = FloatVector.broadcast(F, x[k + 2]);
                FloatVector x3 = FloatVector.broadcast(F, x[k + 3]);
                IntVector u = ByteVector.fromArray(WORDS, q, ai + at).reinterpretAsInts().lanewise(LSHR, half);
                a0 = u.and(15).selectFrom(t).reinterpretAsFloats().mul(da0).fma(x0, a0);
                a0 = u.lanewise(LSHR, 8).and(15).selectFrom(t).reinterpretAsFloats().mul(da0).fma(x1, a0);
                a0 = u.lanewise(LSHR, 16).and(15).selectFrom(t).reinterpretAsFloats().mul(da0).fma(x2, a0);
                a0 = u.lanewise(LSHR, 24).and(15).selectFrom(t).reinterpretAsFloats().mul(da0).fma(x3, a0);
                u = ByteVector.fromArray(WORDS, q, ai + at + 4 * l).reinterpretAsInts().lanewise(LSHR, half);
                a1 = u.and(15).selectFrom(t).reinterpretAsFloats().mul(da1).fma(x0, a1);
                a1 = u.lanewise(LSHR, 8).and(15).selectFrom(t).reinterpretAsFloats().mul(da1).fma(x1, a1);
                a1 = u.lanewise(LSHR, 16).and(15).selectFrom(t).reinterpretAsFloats().mul(da1).fma(x2, a1);
                a1 = u.lanewise(LSHR, 24).and(15).selectFrom(t).reinterpretAsFloats().mul(da1).fma(x3, a1);
                u = ByteVector.fromArray(WORDS, q, bi + at).reinterpretAsInts().lanewise(LSHR, half);
                b0 = u.and(15).selectFrom(t).reinterpretAsFloats().mul(db0).fma(x0, b0);
                b0 = u.lanewise(LSHR, 8).and(15).selectFrom(t).reinterpretAsFloats().mul(db0).fma(x1, b0);
                b0 = u.lanewise(LSHR, 16).and(15).selectFrom(t).reinterpretAsFloats().mul(db0).fma(x2, b0);
                b0 = u.lanewise(LSHR, 24).and(15).selectFrom(t).reinterpretAsFloats().mul(db0).fma(x3, b0);
                u = ByteVector.fromArray(WORDS, q, bi + at + 4 * l).reinterpretAsInts().lanewise(LSHR, half);
                b1 = u.and(15).selectFrom(t).reinterpretAsFloats().mul(db1).fma(x0, b1);
                b1 = u.lanewise(LSHR, 8).and(15).selectFrom(t).reinterpretAsFloats().mul(db1).fma(x1, b1);
                b1 = u.lanewise(LSHR, 16).and(15).selectFrom(t).reinterpretAsFloats().mul(db1).fma(x2, b1);
                b1 = u.lanewise(LSHR, 24).and(15).selectFrom(t).reinterpretAsFloats().mul(db1).fma(x3, b1);
            }
        }
        a0.intoArray(y, yo);
        a1.intoArray(y, yo + l);
        b0.intoArray(y, yo + ROWS);
        b1.intoArray(y, yo + ROWS + l);
    }

    /** A vector of each panel at a time: with more C2 would run out of registers. */
    private static void dotNarrow(
            byte[] table, byte[] q, int qa, int qb, int groups,
            float[] s, int sa, int sb, float[] x, int xo, float[] y, int yo) {
        int l = Simd.LANES;
        int n = Simd.steps(groups), xi = Simd.index(xo);
        ByteVector t = ByteVector.fromArray(WORDS, table, 0);
        for (int r = 0; r < 2 * l; r += l) {
            FloatVector a = FloatVector.fromArray(F, y, yo + r), b = FloatVector.fromArray(F, y, yo + ROWS + r);
            int ai = Simd.index(qa + 4 * r), bi = Simd.index(qb + 4 * r);
            for (int g = 0; g < n; g++) {
                FloatVector da = FloatVector.fromArray(F, s, sa + g * SCALES + r), db = FloatVector.fromArray(F, s, sb + g * SCALES + r);
                for (int p = 0; p < UNIT / 4; p++) {
                    Simd.keepLoads();
                    int at = (g * UNIT / 8 + (p >> 1)) * NUMBERS;
                    int half = 4 * (p & 1);
                    int k = xi + g * UNIT + 4 * p;
                    IntVector u = ByteVector.fromArray(WORDS, q, ai + at).reinterpretAsInts().lanewise(LSHR, half)
                            .and(LOW_NIBBLES).reinterpretAsBytes().selectFrom(t).reinterpretAsInts();
                    IntVector v = ByteVector.fromArray(WORDS, q, bi + at).reinterpretAsInts().lanewise(LSHR, half)
                            .and(LOW_NIBBLES).reinterpretAsBytes().selectFrom(t).reinterpretAsInts();
                    FloatVector xk = FloatVector.broadcast(F, x[k]);
                    a = ((FloatVector) u.lanewise(LSHL, 24).lanewise(ASHR, 24).convertShape(I2F, F, 0)).mul(da).fma(xk, a);
                    b = ((FloatVector) v.lanewise(LSHL, 24).lanewise(ASHR, 24).convertShape(I2F, F, 0)).mul(db).fma(xk, b);
                    xk = FloatVector.broadcast(F, x[k + 1]);
                    a = ((FloatVector) u.lanewise(LSHL, 16).lanewise(ASHR, 24).convertShape(I2F, F, 0)).mul(da).fma(xk, a);
                    b = ((FloatVector) v.lanewise(LSHL, 16).lanewise(ASHR, 24).convertShape(I2F, F, 0)).mul(db).fma(xk, b);
                    xk = FloatVector.broadcast(F, x[k + 2]);
                    a = ((FloatVector) u.lanewise(LSHL, 8).lanewise(ASHR, 24).convertShape(I2F, F, 0)).mul(da).fma(xk, a);
                    b = ((FloatVector) v.lanewise(LSHL, 8).lanewise(ASHR, 24).convertShape(I2F, F, 0)).mul(db).fma(xk, b);
                    xk = FloatVector.broadcast(F, x[k + 3]);
                    a = ((FloatVector) u.lanewise(ASHR, 24).convertShape(I2F, F, 0)).mul(da).fma(xk, a);
                    b = ((FloatVector) v.lanewise(ASHR, 24).convertShape(I2F, F, 0)).mul(db).fma(xk, b);
                }
            }
            a.intoArray(y, yo + r);
            b.intoArray(y, yo + ROWS + r);
        }
    }
}
