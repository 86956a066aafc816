package dev.skim.tensor;

import static dev.skim.tensor.Simd.F;
import static dev.skim.tensor.Simd.HALF_BYTES;
import static dev.skim.tensor.Simd.I;
import static dev.skim.tensor.Simd.S;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.B2S;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_B2S;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;

/**
 * Products of values of 8 bits, which codes of 4 bits stand for as in {@link TableCodes}, with {@link WholeActivations}: of each block of
 * 64 columns the whole number {@code n = sum of v * c * x}, with a scale c of -32 to 32 for every 32 columns, and then {@code y += n * (d
 * * scale)} in f32, as in {@link WholeProduct}.
 *
 * <p>A lone token looks codes up for 16-bit lanes, multiplies there, and sums up four columns before it goes on in 32 bits. n is exact:
 * four products are at most 127 * 258 = 32,766 and so fit into 16 bits, and all sixteen fours with their scales are at most 16 * 32 *
 * 32,766 = 16,776,192, under the 2^24 up to which f32 has every whole number.
 */
final class TableProduct {
    /** Columns that are summed in 16 bits. */
    static final int FOUR = 4;

    private static final int ROWS = Tile.SIZE;
    private static final int PAIR = TableCodes.PAIR;

    /** Columns that share a scale of x, and those that share a scale c. */
    private static final int BLOCK = WholeActivations.BLOCK;
    private static final int GROUP = 32;

    private TableProduct() {}

    /** {@link WholeProduct#dot} with values out of a table. */
    static void dot(
            ValueTable table, byte[] q, int first, int second, int column, WholeActivations x, int from, float[] s, float[] y, int yo) {
        float scale = x.scales[(from + column) / BLOCK];
        int codes = column / 2 * PAIR;
        int scales = column / GROUP * QuantLayout.SCALES;
        for (int r = 0; r < ROWS; r += S.length()) {
            int a = first + codes + r;
            int b = second + codes + r;
            if (ValueTable.WIDE) {
                wide(table.shorts, q, a, b, x.factors, from + column, s, scales + r, WholeProduct.FACTORS + r, scale, y, yo + r);
            } else {
                narrow(table.bytes, q, a, b, x.factors, from + column, s, scales + r, WholeProduct.FACTORS + r, scale, y, yo + r);
            }
        }
    }

    /** Vectors of 512 bits hold the table twice: the bit above a code makes no difference. */
    private static void wide(
            short[] table, byte[] q, int qa, int qb, int[] x, int xo, float[] s, int scales, int factors,
            float scale, float[] y, int yo) {
        int l = Simd.LANES;
        int ai = Simd.index(qa), bi = Simd.index(qb), xi = Simd.index(xo), si = Simd.index(scales);
        ShortVector t = ShortVector.fromArray(S, table, 0);
        FloatVector na = FloatVector.zero(F), nb = na, nc = na, nd = na;
        for (int g = 0; g < BLOCK; g += GROUP) {
            IntVector a = IntVector.zero(I), b = a, c = a, d = a;
            for (int i = 0; i < GROUP; i += FOUR) {
                Simd.keepLoads();
                int k = xi + g + i;
                int at = (g + i) / 2 * PAIR;
                ShortVector x0 = IntVector.broadcast(I, x[k]).reinterpretAsShorts();
                ShortVector x1 = IntVector.broadcast(I, x[k + 1]).reinterpretAsShorts();
                ShortVector x2 = IntVector.broadcast(I, x[k + 2]).reinterpretAsShorts();
                ShortVector x3 = IntVector.broadcast(I, x[k + 3]).reinterpretAsShorts();
                ShortVector u = (ShortVector) ByteVector.fromArray(HALF_BYTES, q, ai + at).convertShape(ZERO_EXTEND_B2S, S, 0);
                ShortVector v = (ShortVector) ByteVector.fromArray(HALF_BYTES, q, ai + at + PAIR).convertShape(ZERO_EXTEND_B2S, S, 0);
                ShortVector w = u.selectFrom(t).mul(x0)
                        .add(u.reinterpretAsInts().lanewise(LSHR, 4).reinterpretAsShorts().selectFrom(t).mul(x1))
                        .add(v.selectFrom(t).mul(x2))
                        .add(v.reinterpretAsInts().lanewise(LSHR, 4).reinterpretAsShorts().selectFrom(t).mul(x3));
                IntVector z = w.reinterpretAsInts();
                a = a.add(z.lanewise(LSHL, 16).lanewise(ASHR, 16));
                b = b.add(z.lanewise(ASHR, 16));
                u = (ShortVector) ByteVector.fromArray(HALF_BYTES, q, bi + at).convertShape(ZERO_EXTEND_B2S, S, 0);
                v = (ShortVector) ByteVector.fromArray(HALF_BYTES, q, bi + at + PAIR).convertShape(ZERO_EXTEND_B2S, S, 0);
                w = u.selectFrom(t).mul(x0)
                        .add(u.reinterpretAsInts().lanewise(LSHR, 4).reinterpretAsShorts().selectFrom(t).mul(x1))
                        .add(v.selectFrom(t).mul(x2))
                        .add(v.reinterpretAsInts().lanewise(LSHR, 4).reinterpretAsShorts().selectFrom(t).mul(x3));
                z = w.reinterpretAsInts();
                c = c.add(z.lanewise(LSHL, 16).lanewise(ASHR, 16));
                d = d.add(z.lanewise(ASHR, 16));
            }
            int sg = si + g / GROUP * QuantLayout.SCALES;
            na = ((FloatVector) a.convertShape(I2F, F, 0)).fma(FloatVector.fromArray(F, s, sg), na);
            nb = ((FloatVector) b.convertShape(I2F, F, 0)).fma(FloatVector.fromArray(F, s, sg + l), nb);
            nc = ((FloatVector) c.convertShape(I2F, F, 0)).fma(FloatVector.fromArray(F, s, sg + ROWS), nc);
            nd = ((FloatVector) d.convertShape(I2F, F, 0)).fma(FloatVector.fromArray(F, s, sg + ROWS + l), nd);
        }
        int fi = Simd.index(factors);
        na.fma(FloatVector.fromArray(F, s, fi).mul(scale), FloatVector.fromArray(F, y, yo)).intoArray(y, yo);
        nb.fma(FloatVector.fromArray(F, s, fi + l).mul(scale), FloatVector.fromArray(F, y, yo + l)).intoArray(y, yo + l);
        nc.fma(FloatVector.fromArray(F, s, fi + ROWS).mul(scale), FloatVector.fromArray(F, y, yo + ROWS)).intoArray(y, yo + ROWS);
        nd.fma(FloatVector.fromArray(F, s, fi + ROWS + l).mul(scale), FloatVector.fromArray(F, y, yo + ROWS + l)).intoArray(y, yo + ROWS + l);
    }

    /** Narrower ones look up bytes. */
    private static void narrow(
            byte[] table, byte[] q, int qa, int qb, int[] x, int xo, float[] s, int scales, int factors,
            float scale, float[] y, int yo) {
        int l = Simd.LANES;
        int ai = Simd.index(qa), bi = Simd.index(qb), xi = Simd.index(xo), si = Simd.index(scales);
        ByteVector t = ByteVector.fromArray(ValueTable.SIXTEEN, table, 0);
        FloatVector na = FloatVector.zero(F), nb = na, nc = na, nd = na;
        for (int g = 0; g < BLOCK; g += GROUP) {
            IntVector a = IntVector.zero(I), b = a, c = a, d = a;
            for (int i = 0; i < GROUP; i += FOUR) {
                Simd.keepLoads();
                int k = xi + g + i;
                int at = (g + i) / 2 * PAIR;
                ShortVector x0 = IntVector.broadcast(I, x[k]).reinterpretAsShorts();
                ShortVector x1 = IntVector.broadcast(I, x[k + 1]).reinterpretAsShorts();
                ShortVector x2 = IntVector.broadcast(I, x[k + 2]).reinterpretAsShorts();
                ShortVector x3 = IntVector.broadcast(I, x[k + 3]).reinterpretAsShorts();
                ByteVector u = ByteVector.fromArray(ValueTable.SIXTEEN, q, ai + at);
                ByteVector v = ByteVector.fromArray(ValueTable.SIXTEEN, q, ai + at + PAIR);
                ShortVector w = ((ShortVector) u.selectFrom(t).convertShape(B2S, S, 0)).mul(x0);
                u = u.reinterpretAsInts().lanewise(LSHR, 4).reinterpretAsBytes();
                w = w.add(((ShortVector) u.selectFrom(t).convertShape(B2S, S, 0)).mul(x1));
                w = w.add(((ShortVector) v.selectFrom(t).convertShape(B2S, S, 0)).mul(x2));
                v = v.reinterpretAsInts().lanewise(LSHR, 4).reinterpretAsBytes();
                w = w.add(((ShortVector) v.selectFrom(t).convertShape(B2S, S, 0)).mul(x3));
                IntVector z = w.reinterpretAsInts();
                a = a.add(z.lanewise(LSHL, 16).lanewise(ASHR, 16));
                b = b.add(z.lanewise(ASHR, 16));
                Simd.keepLoads();
                u = ByteVector.fromArray(ValueTable.SIXTEEN, q, bi + at);
                v = ByteVector.fromArray(ValueTable.SIXTEEN, q, bi + at + PAIR);
                w = ((ShortVector) u.selectFrom(t).convertShape(B2S, S, 0)).mul(x0);
                u = u.reinterpretAsInts().lanewise(LSHR, 4).reinterpretAsBytes();
                w = w.add(((ShortVector) u.selectFrom(t).convertShape(B2S, S, 0)).mul(x1));
                w = w.add(((ShortVector) v.selectFrom(t).convertShape(B2S, S, 0)).mul(x2));
                v = v.reinterpretAsInts().lanewise(LSHR, 4).reinterpretAsBytes();
                w = w.add(((ShortVector) v.selectFrom(t).convertShape(B2S, S, 0)).mul(x3));
                z = w.reinterpretAsInts();
                c = c.add(z.lanewise(LSHL, 16).lanewise(ASHR, 16));
                d = d.add(z.lanewise(ASHR, 16));
            }
            int sg = si + g / GROUP * QuantLayout.SCALES;
            na = ((FloatVector) a.convertShape(I2F, F, 0)).fma(FloatVector.fromArray(F, s, sg), na);
            nb = ((FloatVector) b.convertShape(I2F, F, 0)).fma(FloatVector.fromArray(F, s, sg + l), nb);
            nc = ((FloatVector) c.convertShape(I2F, F, 0)).fma(FloatVector.fromArray(F, s, sg + ROWS), nc);
            nd = ((FloatVector) d.convertShape(I2F, F, 0)).fma(FloatVector.fromArray(F, s, sg + ROWS + l), nd);
        }
        int fi = Simd.index(factors);
        na.fma(FloatVector.fromArray(F, s, fi).mul(scale), FloatVector.fromArray(F, y, yo)).intoArray(y, yo);
        nb.fma(FloatVector.fromArray(F, s, fi + l).mul(scale), FloatVector.fromArray(F, y, yo + l)).intoArray(y, yo + l);
        nc.fma(FloatVector.fromArray(F, s, fi + ROWS).mul(scale), FloatVector.fromArray(F, y, yo + ROWS)).intoArray(y, yo + ROWS);
        nd.fma(FloatVector.fromArray(F, s, fi + ROWS + l).mul(scale), FloatVector.fromArray(F, y, yo + ROWS + l)).intoArray(y, yo + ROWS + l);
    }
}
