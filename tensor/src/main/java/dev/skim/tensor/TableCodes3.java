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
 * The inner loops of {@link IQuant2} for one strip, as {@link Codes} has them for codes that are numbers: codes of 3 bits stand for
 * eight values, which a vector of 256 bits holds as f32 and one of 512 twice. A look-up takes no more bits of a lane than it needs.
 *
 * <p>32 columns of a row are in three numbers ({@link BytePlanes#putTens}) and have two scales: the first number's ten codes
 * have the first one, six of the second's too, and all others the second one.
 */
final class TableCodes3 {
    private static final int ROWS = PanelLayout.ROWS;
    private static final int UNIT = QuantLayout.UNIT;
    private static final int SCALES = QuantLayout.SCALES;
    private static final int SIZE = 8;

    /** Bytes of a number of each row of a panel. */
    private static final int NUMBERS = Integer.BYTES * ROWS;

    /** Whether there is a loop for lone tokens: where a vector holds all values. */
    static final boolean DOTS = Simd.LANES >= SIZE;

    private TableCodes3() {}

    /** Expands {@code units} times 32 columns to {@code out[oo + k * 32 + lane]}. */
    static void expand(ValueTable table, byte[] q, int qo, int units, float[] s, int so, float[] out, int oo) {
        if (DOTS) {
            expandWide(table.floats, q, qo, units, s, so, out, oo);
        } else {
            expandNarrow(table.bytes, q, qo, units, s, so, out, oo);
        }
    }

    private static void expandWide(int[] table, byte[] q, int qo, int units, float[] s, int so, float[] out, int oo) {
        int l = Simd.LANES;
        IntVector t = IntVector.fromArray(I, table, 0);
        for (int i = 0; i < units; i++) {
            for (int r = 0; r < 2 * l; r += l) {
                IntVector last = IntVector.zero(I);
                int to = oo + i * UNIT * ROWS + r;
                int scales = so + 2 * i * SCALES + r;
                for (int p = 0; p < BytePlanes.THREES; p++) {
                    FloatVector d = FloatVector.fromArray(F, s, scales + (p >> 1) * SCALES);
                    FloatVector e = FloatVector.fromArray(F, s, scales + (p + 1 >> 1) * SCALES);
                    IntVector u = ByteVector.fromArray(WORDS, q, qo + (i * BytePlanes.THREES + p) * NUMBERS + 4 * r).reinterpretAsInts();
                    int at = to + 10 * p * ROWS;
                    u.selectFrom(t).reinterpretAsFloats().mul(d).intoArray(out, at);
                    u.lanewise(LSHR, 3).selectFrom(t).reinterpretAsFloats().mul(d).intoArray(out, at + ROWS);
                    u.lanewise(LSHR, 6).selectFrom(t).reinterpretAsFloats().mul(d).intoArray(out, at + 2 * ROWS);
                    u.lanewise(LSHR, 9).selectFrom(t).reinterpretAsFloats().mul(d).intoArray(out, at + 3 * ROWS);
                    u.lanewise(LSHR, 12).selectFrom(t).reinterpretAsFloats().mul(d).intoArray(out, at + 4 * ROWS);
                    u.lanewise(LSHR, 16).selectFrom(t).reinterpretAsFloats().mul(d).intoArray(out, at + 5 * ROWS);
                    u.lanewise(LSHR, 19).selectFrom(t).reinterpretAsFloats().mul(e).intoArray(out, at + 6 * ROWS);
                    u.lanewise(LSHR, 22).selectFrom(t).reinterpretAsFloats().mul(e).intoArray(out, at + 7 * ROWS);
                    u.lanewise(LSHR, 25).selectFrom(t).reinterpretAsFloats().mul(e).intoArray(out, at + 8 * ROWS);
                    u.lanewise(LSHR, 28).selectFrom(t).reinterpretAsFloats().mul(e).intoArray(out, at + 9 * ROWS);
                    // The last two codes, from the top of the halves down: their first bits come first.
                    last = last.lanewise(LSHR, 1).or(u.and(BytePlanes.LAST_BITS));
                }
                FloatVector d = FloatVector.fromArray(F, s, scales + SCALES);
                last.lanewise(LSHR, 13).and(7).selectFrom(t).reinterpretAsFloats().mul(d).intoArray(out, to + 30 * ROWS);
                last.lanewise(LSHR, 29).selectFrom(t).reinterpretAsFloats().mul(d).intoArray(out, to + 31 * ROWS);
            }
        }
    }

    /**
     * Looks up bytes, as {@link TableCodes} does where vectors are narrow: the first four codes of each half, and the fifth ones of both.
     * The values are scaled when all stand in their places.
     */
    private static void expandNarrow(byte[] table, byte[] q, int qo, int units, float[] s, int so, float[] out, int oo) {
        int l = Simd.LANES;
        ByteVector t = ByteVector.fromArray(WORDS, table, 0);
        for (int i = 0; i < units; i++) {
            for (int r = 0; r < 2 * l; r += l) {
                IntVector last = IntVector.zero(I);
                int to = oo + i * UNIT * ROWS + r;
                for (int p = 0; p < BytePlanes.THREES; p++) {
                    IntVector u = ByteVector.fromArray(WORDS, q, qo + (i * BytePlanes.THREES + p) * NUMBERS + 4 * r).reinterpretAsInts();
                    int at = to + 10 * p * ROWS;
                    for (int half = 0; half < 2; half++) {
                        IntVector h = u.lanewise(LSHR, 16 * half);
                        IntVector v = h.and(7).or(h.lanewise(LSHL, 5).and(7 << 8)).or(h.lanewise(LSHL, 10).and(7 << 16))
                                .or(h.lanewise(LSHL, 15).and(7 << 24)).reinterpretAsBytes().selectFrom(t).reinterpretAsInts();
                        int four = at + 5 * half * ROWS;
                        ((FloatVector) v.lanewise(LSHL, 24).lanewise(ASHR, 24).convertShape(I2F, F, 0)).intoArray(out, four);
                        ((FloatVector) v.lanewise(LSHL, 16).lanewise(ASHR, 24).convertShape(I2F, F, 0)).intoArray(out, four + ROWS);
                        ((FloatVector) v.lanewise(LSHL, 8).lanewise(ASHR, 24).convertShape(I2F, F, 0)).intoArray(out, four + 2 * ROWS);
                        ((FloatVector) v.lanewise(ASHR, 24).convertShape(I2F, F, 0)).intoArray(out, four + 3 * ROWS);
                    }
                    IntVector v = u.lanewise(LSHR, 12).and(7).or(u.lanewise(LSHR, 20).and(7 << 8))
                            .reinterpretAsBytes().selectFrom(t).reinterpretAsInts();
                    ((FloatVector) v.lanewise(LSHL, 24).lanewise(ASHR, 24).convertShape(I2F, F, 0)).intoArray(out, at + 4 * ROWS);
                    ((FloatVector) v.lanewise(LSHL, 16).lanewise(ASHR, 24).convertShape(I2F, F, 0)).intoArray(out, at + 9 * ROWS);
                    last = last.lanewise(LSHR, 1).or(u.and(BytePlanes.LAST_BITS));
                }
                IntVector v = last.lanewise(LSHR, 13).and(7).or(last.lanewise(LSHR, 21).and(7 << 8))
                        .reinterpretAsBytes().selectFrom(t).reinterpretAsInts();
                ((FloatVector) v.lanewise(LSHL, 24).lanewise(ASHR, 24).convertShape(I2F, F, 0)).intoArray(out, to + 30 * ROWS);
                ((FloatVector) v.lanewise(LSHL, 16).lanewise(ASHR, 24).convertShape(I2F, F, 0)).intoArray(out, to + 31 * ROWS);
                for (int k = 0; k < UNIT; k++) {
                    FloatVector.fromArray(F, out, to + k * ROWS)
                            .mul(FloatVector.fromArray(F, s, so + (2 * i + k / 16) * SCALES + r))
                            .intoArray(out, to + k * ROWS);
                }
            }
        }
    }

    /** Multiplies {@code units} times 32 columns of two panels with a lone token and adds the products to {@code y}; where it {@link #DOTS}. */
    static void dot(ValueTable table, byte[] q, int qa, int qb, int units, float[] s, int sa, int sb, float[] x, int xo, float[] y, int yo) {
        dot(table.floats, q, qa, qb, units, s, sa, sb, x, xo, y, yo);
    }

    /** A vector of each panel at a time. */
    private static void dot(
            int[] table, byte[] q, int qa, int qb, int units,
            float[] s, int sa, int sb, float[] x, int xo, float[] y, int yo) {
        int l = Simd.LANES;
        int n = Simd.steps(units), xi = Simd.index(xo);
        IntVector t = IntVector.fromArray(I, table, 0);
        for (int r = 0; r < 2 * l; r += l) {
            FloatVector a = FloatVector.fromArray(F, y, yo + r), b = FloatVector.fromArray(F, y, yo + ROWS + r);
            int ai = Simd.index(qa + 4 * r), bi = Simd.index(qb + 4 * r);
            for (int i = 0; i < n; i++) {
                IntVector lastA = IntVector.zero(I), lastB = lastA;
                FloatVector xk;
                for (int p = 0; p < BytePlanes.THREES; p++) {
                    Simd.keepLoads();
                    int at = (i * BytePlanes.THREES + p) * NUMBERS;
                    int k = xi + i * UNIT + 10 * p;
                    int first = (2 * i + (p >> 1)) * SCALES + r;
                    int second = (2 * i + (p + 1 >> 1)) * SCALES + r;
                    FloatVector da = FloatVector.fromArray(F, s, sa + first), db = FloatVector.fromArray(F, s, sb + first);
                    FloatVector ea = FloatVector.fromArray(F, s, sa + second), eb = FloatVector.fromArray(F, s, sb + second);
                    IntVector u = ByteVector.fromArray(WORDS, q, ai + at).reinterpretAsInts();
                    IntVector v = ByteVector.fromArray(WORDS, q, bi + at).reinterpretAsInts();
                    xk = FloatVector.broadcast(F, x[k]);
                    a = u.selectFrom(t).reinterpretAsFloats().mul(da).fma(xk, a);
                    b = v.selectFrom(t).reinterpretAsFloats().mul(db).fma(xk, b);
                    xk = FloatVector.broadcast(F, x[k + 1]);
                    a = u.lanewise(LSHR, 3).selectFrom(t).reinterpretAsFloats().mul(da).fma(xk, a);
                    b = v.lanewise(LSHR, 3).selectFrom(t).reinterpretAsFloats().mul(db).fma(xk, b);
                    xk = FloatVector.broadcast(F, x[k + 2]);
                    a = u.lanewise(LSHR, 6).selectFrom(t).reinterpretAsFloats().mul(da).fma(xk, a);
                    b = v.lanewise(LSHR, 6).selectFrom(t).reinterpretAsFloats().mul(db).fma(xk, b);
                    xk = FloatVector.broadcast(F, x[k + 3]);
                    a = u.lanewise(LSHR, 9).selectFrom(t).reinterpretAsFloats().mul(da).fma(xk, a);
                    b = v.lanewise(LSHR, 9).selectFrom(t).reinterpretAsFloats().mul(db).fma(xk, b);
                    xk = FloatVector.broadcast(F, x[k + 4]);
                    a = u.lanewise(LSHR, 12).selectFrom(t).reinterpretAsFloats().mul(da).fma(xk, a);
                    b = v.lanewise(LSHR, 12).selectFrom(t).reinterpretAsFloats().mul(db).fma(xk, b);
                    xk = FloatVector.broadcast(F, x[k + 5]);
                    a = u.lanewise(LSHR, 16).selectFrom(t).reinterpretAsFloats().mul(da).fma(xk, a);
                    b = v.lanewise(LSHR, 16).selectFrom(t).reinterpretAsFloats().mul(db).fma(xk, b);
                    xk = FloatVector.broadcast(F, x[k + 6]);
                    a = u.lanewise(LSHR, 19).selectFrom(t).reinterpretAsFloats().mul(ea).fma(xk, a);
                    b = v.lanewise(LSHR, 19).selectFrom(t).reinterpretAsFloats().mul(eb).fma(xk, b);
                    xk = FloatVector.broadcast(F, x[k + 7]);
                    a = u.lanewise(LSHR, 22).selectFrom(t).reinterpretAsFloats().mul(ea).fma(xk, a);
                    b = v.lanewise(LSHR, 22).selectFrom(t).reinterpretAsFloats().mul(eb).fma(xk, b);
                    xk = FloatVector.broadcast(F, x[k + 8]);
                    a = u.lanewise(LSHR, 25).selectFrom(t).reinterpretAsFloats().mul(ea).fma(xk, a);
                    b = v.lanewise(LSHR, 25).selectFrom(t).reinterpretAsFloats().mul(eb).fma(xk, b);
                    xk = FloatVector.broadcast(F, x[k + 9]);
                    a = u.lanewise(LSHR, 28).selectFrom(t).reinterpretAsFloats().mul(ea).fma(xk, a);
                    b = v.lanewise(LSHR, 28).selectFrom(t).reinterpretAsFloats().mul(eb).fma(xk, b);
                    lastA = lastA.lanewise(LSHR, 1).or(u.and(BytePlanes.LAST_BITS));
                    lastB = lastB.lanewise(LSHR, 1).or(v.and(BytePlanes.LAST_BITS));
                }
                FloatVector da = FloatVector.fromArray(F, s, sa + (2 * i + 1) * SCALES + r);
                FloatVector db = FloatVector.fromArray(F, s, sb + (2 * i + 1) * SCALES + r);
                xk = FloatVector.broadcast(F, x[xi + i * UNIT + 30]);
                a = lastA.lanewise(LSHR, 13).and(7).selectFrom(t).reinterpretAsFloats().mul(da).fma(xk, a);
                b = lastB.lanewise(LSHR, 13).and(7).selectFrom(t).reinterpretAsFloats().mul(db).fma(xk, b);
                xk = FloatVector.broadcast(F, x[xi + i * UNIT + 31]);
                a = lastA.lanewise(LSHR, 29).selectFrom(t).reinterpretAsFloats().mul(da).fma(xk, a);
                b = lastB.lanewise(LSHR, 29).selectFrom(t).reinterpretAsFloats().mul(db).fma(xk, b);
            }
            a.intoArray(y, yo + r);
            b.intoArray(y, yo + ROWS + r);
        }
    }
}
