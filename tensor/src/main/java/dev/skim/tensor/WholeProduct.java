package dev.skim.tensor;

import static dev.skim.tensor.Simd.F;
import static dev.skim.tensor.Simd.I;
import static dev.skim.tensor.Simd.WORDS;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import java.lang.invoke.VarHandle;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;

/**
 * Products of 6-bit codes with {@link WholeActivations}: of each block of 64 columns the whole number
 * {@code n = sum of q * c * x}, with codes q of -32 to 31 and a scale c of -128 to 127 for every 16 columns, and then
 * {@code y += n * (d * scale)} in f32, in the order of the blocks. The same in blocks of 128 columns with 4-bit codes, -8 to 7, and
 * with 2-bit ones, 0 to 3, whose minima are added apart.
 *
 * <p>A lone token takes the codes, of 0 to 63, as they stand in 32-bit numbers u ({@link BytePlanes#putSixes}), and multiplies both
 * 16-bit halves at once. As in {@link ShortTile}, it takes u, u >>> 6, u >>> 12 and, of the second of three numbers, u >>> 14, with
 * factors that undo what each has too much: what is above its code, and, in a lower half, what has come over from the upper one,
 * which all belongs to the same row. No mask is needed, and shifts of 32-bit lanes are one instruction; those of 16-bit ones are not,
 * as C2 has it. 32 times the sum of x is what the sums start from. At last the two halves are added, modulo 2^16.
 *
 * <p>n is exact, whatever the order of its sum: a group's sum of q * x is at most 32 * 1,023 and so fits into 16 bits, and that
 * of all four with their scales is at most 4 * 128 * 32 * 1,023 = 16,760,832, under the 2^24 up to which f32 has every whole
 * number; with 4 bits 8 * 4,095 and, as scales have 6, 8 * 32 * 8 * 4,095 = 8,386,560; with 2 bits 3 * 10,922 and, as scales are 15 at
 * most, 3,931,920. So a lone token may be summed in 16-bit lanes, where it is fastest, and a batch by the f32 tile: the bits are the
 * same.
 */
final class WholeProduct {
    /** Columns of a group. */
    static final int GROUP = 16;

    /** Groups of a block, and of one with codes of 2 or 4 bits. */
    private static final int GROUPS = WholeActivations.BLOCK / GROUP;
    private static final int MORE_GROUPS = WholeActivations.LONGER_BLOCK / GROUP;

    /** Bytes of a 32-bit number of each of a panel's rows. */
    private static final int NUMBER = Integer.BYTES * Tile.SIZE;

    /** Bytes of the three numbers that hold a group of 6-bit codes, of a panel's rows, and of the two that hold one of 4-bit codes. */
    private static final int SIXES = 3 * NUMBER;
    private static final int FOURS = 2 * NUMBER;

    /** Where the rows' factors d stand in a block's scales: behind those of its groups. */
    static final int FACTORS = 256 / GROUP * QuantLayout.SCALES;

    /** Rows that are worked on together: two panels. */
    private static final int ROWS = 2 * Tile.SIZE;

    private WholeProduct() {}

    /**
     * Multiplies a block of two panels with a lone token: {@code y[yo + row] += ...}.
     *
     * @param q codes, those of the first panel from {@code first} on and those of the second from {@code second} on
     * @param column where the block starts, counted from the first of these codes, which is column {@code from} of x
     * @param s the groups' scales c, {@link QuantLayout#SCALES} floats a group, and from {@link #FACTORS} on the rows' factors d
     */
    static void dot(
            byte[] q, int first, int second, int column, WholeActivations x, int from, float[] s,
            float[] y, int yo) {
        int group = (from + column) / GROUP;
        float scale = x.scales[(from + column) / x.block];
        int codes = column / GROUP * GROUP * x.bits * Tile.SIZE / 8;
        int scales = column / GROUP * QuantLayout.SCALES;
        int xo = group * x.perGroup;
        for (int r = 0; r < Tile.SIZE; r += Simd.STRIP) {
            int a = first + codes + r * Integer.BYTES;
            int b = second + codes + r * Integer.BYTES;
            switch (x.bits) {
                case 2 -> four2(q, a, b, x.factors, xo, s, scales + r, FACTORS + r, scale, y, yo + r);
                case 4 -> four4(q, a, b, x.factors, xo, x.starts, group, s, scales + r, FACTORS + r, scale, y, yo + r);
                default -> four6(q, a, b, x.factors, xo, x.starts, group, s, scales + r, FACTORS + r, scale, y, yo + r);
            }
        }
    }

    /** Multiplies a block of a strip of each panel: processors fetch ahead of two streams, each with loads of its own, best. */
    private static void four6(
            byte[] q, int qa, int qb, int[] x, int xo, int[] starts, int so, float[] s, int scales, int factors,
            float scale, float[] y, int yo) {
        int l = Simd.LANES;
        int ai = Simd.index(qa), bi = Simd.index(qb), xi = Simd.index(xo), ti = Simd.index(so), si = Simd.index(scales);
        FloatVector na = FloatVector.zero(F), nb = na, nc = na, nd = na;
        for (int g = 0; g < GROUPS; g++) {
            ShortVector a = IntVector.broadcast(I, starts[ti + g]).reinterpretAsShorts(), b = a, c = a, d = a;
            int k = xi + g * WholeActivations.FACTORS_6;
            int ka = ai + g * SIXES;
            int kb = bi + g * SIXES;
            int sg = si + g * QuantLayout.SCALES;
            if (Simd.FREE_FENCES) {
                VarHandle.loadLoadFence();
            }
            ShortVector t0 = IntVector.broadcast(I, x[k]).reinterpretAsShorts();
            ShortVector t1 = IntVector.broadcast(I, x[k + 1]).reinterpretAsShorts();
            ShortVector t2 = IntVector.broadcast(I, x[k + 2]).reinterpretAsShorts();
            IntVector u = ByteVector.fromArray(WORDS, q, ka).reinterpretAsInts();
            a = a.add(u.reinterpretAsShorts().mul(t0)).add(u.lanewise(LSHR, 6).reinterpretAsShorts().mul(t1));
            a = a.add(u.lanewise(LSHR, 12).reinterpretAsShorts().mul(t2));
            u = ByteVector.fromArray(WORDS, q, ka + 4 * l).reinterpretAsInts();
            b = b.add(u.reinterpretAsShorts().mul(t0)).add(u.lanewise(LSHR, 6).reinterpretAsShorts().mul(t1));
            b = b.add(u.lanewise(LSHR, 12).reinterpretAsShorts().mul(t2));
            if (Simd.FREE_FENCES) {
                VarHandle.loadLoadFence();
            }
            u = ByteVector.fromArray(WORDS, q, kb).reinterpretAsInts();
            c = c.add(u.reinterpretAsShorts().mul(t0)).add(u.lanewise(LSHR, 6).reinterpretAsShorts().mul(t1));
            c = c.add(u.lanewise(LSHR, 12).reinterpretAsShorts().mul(t2));
            u = ByteVector.fromArray(WORDS, q, kb + 4 * l).reinterpretAsInts();
            d = d.add(u.reinterpretAsShorts().mul(t0)).add(u.lanewise(LSHR, 6).reinterpretAsShorts().mul(t1));
            d = d.add(u.lanewise(LSHR, 12).reinterpretAsShorts().mul(t2));
            if (Simd.FREE_FENCES) {
                VarHandle.loadLoadFence();
            }
            t0 = IntVector.broadcast(I, x[k + 3]).reinterpretAsShorts();
            t1 = IntVector.broadcast(I, x[k + 4]).reinterpretAsShorts();
            t2 = IntVector.broadcast(I, x[k + 5]).reinterpretAsShorts();
            ShortVector t3 = IntVector.broadcast(I, x[k + 6]).reinterpretAsShorts();
            u = ByteVector.fromArray(WORDS, q, ka + NUMBER).reinterpretAsInts();
            a = a.add(u.reinterpretAsShorts().mul(t0)).add(u.lanewise(LSHR, 6).reinterpretAsShorts().mul(t1));
            a = a.add(u.lanewise(LSHR, 12).reinterpretAsShorts().mul(t2));
            a = a.add(u.lanewise(LSHR, 14).reinterpretAsShorts().mul(t3));
            u = ByteVector.fromArray(WORDS, q, ka + NUMBER + 4 * l).reinterpretAsInts();
            b = b.add(u.reinterpretAsShorts().mul(t0)).add(u.lanewise(LSHR, 6).reinterpretAsShorts().mul(t1));
            b = b.add(u.lanewise(LSHR, 12).reinterpretAsShorts().mul(t2));
            b = b.add(u.lanewise(LSHR, 14).reinterpretAsShorts().mul(t3));
            if (Simd.FREE_FENCES) {
                VarHandle.loadLoadFence();
            }
            u = ByteVector.fromArray(WORDS, q, kb + NUMBER).reinterpretAsInts();
            c = c.add(u.reinterpretAsShorts().mul(t0)).add(u.lanewise(LSHR, 6).reinterpretAsShorts().mul(t1));
            c = c.add(u.lanewise(LSHR, 12).reinterpretAsShorts().mul(t2));
            c = c.add(u.lanewise(LSHR, 14).reinterpretAsShorts().mul(t3));
            u = ByteVector.fromArray(WORDS, q, kb + NUMBER + 4 * l).reinterpretAsInts();
            d = d.add(u.reinterpretAsShorts().mul(t0)).add(u.lanewise(LSHR, 6).reinterpretAsShorts().mul(t1));
            d = d.add(u.lanewise(LSHR, 12).reinterpretAsShorts().mul(t2));
            d = d.add(u.lanewise(LSHR, 14).reinterpretAsShorts().mul(t3));
            if (Simd.FREE_FENCES) {
                VarHandle.loadLoadFence();
            }
            t0 = IntVector.broadcast(I, x[k + 7]).reinterpretAsShorts();
            t1 = IntVector.broadcast(I, x[k + 8]).reinterpretAsShorts();
            t2 = IntVector.broadcast(I, x[k + 9]).reinterpretAsShorts();
            u = ByteVector.fromArray(WORDS, q, ka + 2 * NUMBER).reinterpretAsInts();
            a = a.add(u.reinterpretAsShorts().mul(t0)).add(u.lanewise(LSHR, 6).reinterpretAsShorts().mul(t1));
            a = a.add(u.lanewise(LSHR, 12).reinterpretAsShorts().mul(t2));
            u = ByteVector.fromArray(WORDS, q, ka + 2 * NUMBER + 4 * l).reinterpretAsInts();
            b = b.add(u.reinterpretAsShorts().mul(t0)).add(u.lanewise(LSHR, 6).reinterpretAsShorts().mul(t1));
            b = b.add(u.lanewise(LSHR, 12).reinterpretAsShorts().mul(t2));
            if (Simd.FREE_FENCES) {
                VarHandle.loadLoadFence();
            }
            u = ByteVector.fromArray(WORDS, q, kb + 2 * NUMBER).reinterpretAsInts();
            c = c.add(u.reinterpretAsShorts().mul(t0)).add(u.lanewise(LSHR, 6).reinterpretAsShorts().mul(t1));
            c = c.add(u.lanewise(LSHR, 12).reinterpretAsShorts().mul(t2));
            u = ByteVector.fromArray(WORDS, q, kb + 2 * NUMBER + 4 * l).reinterpretAsInts();
            d = d.add(u.reinterpretAsShorts().mul(t0)).add(u.lanewise(LSHR, 6).reinterpretAsShorts().mul(t1));
            d = d.add(u.lanewise(LSHR, 12).reinterpretAsShorts().mul(t2));
            u = a.reinterpretAsInts();
            na = ((FloatVector) u.add(u.lanewise(LSHL, 16)).lanewise(ASHR, 16).convertShape(I2F, F, 0))
                    .fma(FloatVector.fromArray(F, s, sg), na);
            u = b.reinterpretAsInts();
            nb = ((FloatVector) u.add(u.lanewise(LSHL, 16)).lanewise(ASHR, 16).convertShape(I2F, F, 0))
                    .fma(FloatVector.fromArray(F, s, sg + l), nb);
            u = c.reinterpretAsInts();
            nc = ((FloatVector) u.add(u.lanewise(LSHL, 16)).lanewise(ASHR, 16).convertShape(I2F, F, 0))
                    .fma(FloatVector.fromArray(F, s, sg + Tile.SIZE), nc);
            u = d.reinterpretAsInts();
            nd = ((FloatVector) u.add(u.lanewise(LSHL, 16)).lanewise(ASHR, 16).convertShape(I2F, F, 0))
                    .fma(FloatVector.fromArray(F, s, sg + Tile.SIZE + l), nd);
        }
        na.fma(FloatVector.fromArray(F, s, factors).mul(scale), FloatVector.fromArray(F, y, yo)).intoArray(y, yo);
        nb.fma(FloatVector.fromArray(F, s, factors + l).mul(scale), FloatVector.fromArray(F, y, yo + l)).intoArray(y, yo + l);
        nc.fma(FloatVector.fromArray(F, s, factors + Tile.SIZE).mul(scale), FloatVector.fromArray(F, y, yo + Tile.SIZE)).intoArray(y, yo + Tile.SIZE);
        nd.fma(FloatVector.fromArray(F, s, factors + Tile.SIZE + l).mul(scale), FloatVector.fromArray(F, y, yo + Tile.SIZE + l)).intoArray(y, yo + Tile.SIZE + l);
    }

    /** The same with 4-bit codes, as {@link ShortTile} has them: two numbers a group, four products each. */
    private static void four4(
            byte[] q, int qa, int qb, int[] x, int xo, int[] starts, int so, float[] s, int scales, int factors,
            float scale, float[] y, int yo) {
        int l = Simd.LANES;
        int ai = Simd.index(qa), bi = Simd.index(qb), xi = Simd.index(xo), ti = Simd.index(so), si = Simd.index(scales);
        FloatVector na = FloatVector.zero(F), nb = na, nc = na, nd = na;
        for (int g = 0; g < MORE_GROUPS; g++) {
            ShortVector a = IntVector.broadcast(I, starts[ti + g]).reinterpretAsShorts(), b = a, c = a, d = a;
            int ka = ai + g * FOURS;
            int kb = bi + g * FOURS;
            int sg = si + g * QuantLayout.SCALES;
            IntVector u;
            for (int n = 0; n < 2; n++) {
                Simd.keepLoads();
                int k = xi + g * WholeActivations.FACTORS_4 + n * ShortTile.PARTS;
                ShortVector t0 = IntVector.broadcast(I, x[k]).reinterpretAsShorts();
                ShortVector t1 = IntVector.broadcast(I, x[k + 1]).reinterpretAsShorts();
                ShortVector t2 = IntVector.broadcast(I, x[k + 2]).reinterpretAsShorts();
                ShortVector t3 = IntVector.broadcast(I, x[k + 3]).reinterpretAsShorts();
                u = ByteVector.fromArray(WORDS, q, ka + n * NUMBER).reinterpretAsInts();
                a = a.add(u.reinterpretAsShorts().mul(t0)).add(u.lanewise(LSHR, 4).reinterpretAsShorts().mul(t1));
                a = a.add(u.lanewise(LSHR, 8).reinterpretAsShorts().mul(t2)).add(u.lanewise(LSHR, 12).reinterpretAsShorts().mul(t3));
                u = ByteVector.fromArray(WORDS, q, ka + n * NUMBER + 4 * l).reinterpretAsInts();
                b = b.add(u.reinterpretAsShorts().mul(t0)).add(u.lanewise(LSHR, 4).reinterpretAsShorts().mul(t1));
                b = b.add(u.lanewise(LSHR, 8).reinterpretAsShorts().mul(t2)).add(u.lanewise(LSHR, 12).reinterpretAsShorts().mul(t3));
                u = ByteVector.fromArray(WORDS, q, kb + n * NUMBER).reinterpretAsInts();
                c = c.add(u.reinterpretAsShorts().mul(t0)).add(u.lanewise(LSHR, 4).reinterpretAsShorts().mul(t1));
                c = c.add(u.lanewise(LSHR, 8).reinterpretAsShorts().mul(t2)).add(u.lanewise(LSHR, 12).reinterpretAsShorts().mul(t3));
                u = ByteVector.fromArray(WORDS, q, kb + n * NUMBER + 4 * l).reinterpretAsInts();
                d = d.add(u.reinterpretAsShorts().mul(t0)).add(u.lanewise(LSHR, 4).reinterpretAsShorts().mul(t1));
                d = d.add(u.lanewise(LSHR, 8).reinterpretAsShorts().mul(t2)).add(u.lanewise(LSHR, 12).reinterpretAsShorts().mul(t3));
            }
            u = a.reinterpretAsInts();
            na = ((FloatVector) u.add(u.lanewise(LSHL, 16)).lanewise(ASHR, 16).convertShape(I2F, F, 0))
                    .fma(FloatVector.fromArray(F, s, sg), na);
            u = b.reinterpretAsInts();
            nb = ((FloatVector) u.add(u.lanewise(LSHL, 16)).lanewise(ASHR, 16).convertShape(I2F, F, 0))
                    .fma(FloatVector.fromArray(F, s, sg + l), nb);
            u = c.reinterpretAsInts();
            nc = ((FloatVector) u.add(u.lanewise(LSHL, 16)).lanewise(ASHR, 16).convertShape(I2F, F, 0))
                    .fma(FloatVector.fromArray(F, s, sg + Tile.SIZE), nc);
            u = d.reinterpretAsInts();
            nd = ((FloatVector) u.add(u.lanewise(LSHL, 16)).lanewise(ASHR, 16).convertShape(I2F, F, 0))
                    .fma(FloatVector.fromArray(F, s, sg + Tile.SIZE + l), nd);
        }
        na.fma(FloatVector.fromArray(F, s, factors).mul(scale), FloatVector.fromArray(F, y, yo)).intoArray(y, yo);
        nb.fma(FloatVector.fromArray(F, s, factors + l).mul(scale), FloatVector.fromArray(F, y, yo + l)).intoArray(y, yo + l);
        nc.fma(FloatVector.fromArray(F, s, factors + Tile.SIZE).mul(scale), FloatVector.fromArray(F, y, yo + Tile.SIZE)).intoArray(y, yo + Tile.SIZE);
        nd.fma(FloatVector.fromArray(F, s, factors + Tile.SIZE + l).mul(scale), FloatVector.fromArray(F, y, yo + Tile.SIZE + l)).intoArray(y, yo + Tile.SIZE + l);
    }

    /** The same with 2-bit codes of 0 to 3: one number a group, eight products. */
    private static void four2(
            byte[] q, int qa, int qb, int[] x, int xo, float[] s, int scales, int factors, float scale, float[] y, int yo) {
        int l = Simd.LANES;
        int ai = Simd.index(qa), bi = Simd.index(qb), xi = Simd.index(xo), si = Simd.index(scales);
        FloatVector na = FloatVector.zero(F), nb = na, nc = na, nd = na;
        for (int g = 0; g < MORE_GROUPS; g++) {
            int ka = ai + g * NUMBER;
            int kb = bi + g * NUMBER;
            int k = xi + g * WholeActivations.FACTORS_2;
            int sg = si + g * QuantLayout.SCALES;
            Simd.keepLoads();
            ShortVector t0 = IntVector.broadcast(I, x[k]).reinterpretAsShorts();
            ShortVector t1 = IntVector.broadcast(I, x[k + 1]).reinterpretAsShorts();
            ShortVector t2 = IntVector.broadcast(I, x[k + 2]).reinterpretAsShorts();
            ShortVector t3 = IntVector.broadcast(I, x[k + 3]).reinterpretAsShorts();
            IntVector u = ByteVector.fromArray(WORDS, q, ka).reinterpretAsInts();
            ShortVector a = u.reinterpretAsShorts().mul(t0).add(u.lanewise(LSHR, 2).reinterpretAsShorts().mul(t1));
            a = a.add(u.lanewise(LSHR, 4).reinterpretAsShorts().mul(t2)).add(u.lanewise(LSHR, 6).reinterpretAsShorts().mul(t3));
            u = ByteVector.fromArray(WORDS, q, ka + 4 * l).reinterpretAsInts();
            ShortVector b = u.reinterpretAsShorts().mul(t0).add(u.lanewise(LSHR, 2).reinterpretAsShorts().mul(t1));
            b = b.add(u.lanewise(LSHR, 4).reinterpretAsShorts().mul(t2)).add(u.lanewise(LSHR, 6).reinterpretAsShorts().mul(t3));
            u = ByteVector.fromArray(WORDS, q, kb).reinterpretAsInts();
            ShortVector c = u.reinterpretAsShorts().mul(t0).add(u.lanewise(LSHR, 2).reinterpretAsShorts().mul(t1));
            c = c.add(u.lanewise(LSHR, 4).reinterpretAsShorts().mul(t2)).add(u.lanewise(LSHR, 6).reinterpretAsShorts().mul(t3));
            u = ByteVector.fromArray(WORDS, q, kb + 4 * l).reinterpretAsInts();
            ShortVector d = u.reinterpretAsShorts().mul(t0).add(u.lanewise(LSHR, 2).reinterpretAsShorts().mul(t1));
            d = d.add(u.lanewise(LSHR, 4).reinterpretAsShorts().mul(t2)).add(u.lanewise(LSHR, 6).reinterpretAsShorts().mul(t3));
            Simd.keepLoads();
            t0 = IntVector.broadcast(I, x[k + 4]).reinterpretAsShorts();
            t1 = IntVector.broadcast(I, x[k + 5]).reinterpretAsShorts();
            t2 = IntVector.broadcast(I, x[k + 6]).reinterpretAsShorts();
            t3 = IntVector.broadcast(I, x[k + 7]).reinterpretAsShorts();
            u = ByteVector.fromArray(WORDS, q, ka).reinterpretAsInts();
            a = a.add(u.lanewise(LSHR, 8).reinterpretAsShorts().mul(t0)).add(u.lanewise(LSHR, 10).reinterpretAsShorts().mul(t1));
            a = a.add(u.lanewise(LSHR, 12).reinterpretAsShorts().mul(t2)).add(u.lanewise(LSHR, 14).reinterpretAsShorts().mul(t3));
            u = ByteVector.fromArray(WORDS, q, ka + 4 * l).reinterpretAsInts();
            b = b.add(u.lanewise(LSHR, 8).reinterpretAsShorts().mul(t0)).add(u.lanewise(LSHR, 10).reinterpretAsShorts().mul(t1));
            b = b.add(u.lanewise(LSHR, 12).reinterpretAsShorts().mul(t2)).add(u.lanewise(LSHR, 14).reinterpretAsShorts().mul(t3));
            u = ByteVector.fromArray(WORDS, q, kb).reinterpretAsInts();
            c = c.add(u.lanewise(LSHR, 8).reinterpretAsShorts().mul(t0)).add(u.lanewise(LSHR, 10).reinterpretAsShorts().mul(t1));
            c = c.add(u.lanewise(LSHR, 12).reinterpretAsShorts().mul(t2)).add(u.lanewise(LSHR, 14).reinterpretAsShorts().mul(t3));
            u = ByteVector.fromArray(WORDS, q, kb + 4 * l).reinterpretAsInts();
            d = d.add(u.lanewise(LSHR, 8).reinterpretAsShorts().mul(t0)).add(u.lanewise(LSHR, 10).reinterpretAsShorts().mul(t1));
            d = d.add(u.lanewise(LSHR, 12).reinterpretAsShorts().mul(t2)).add(u.lanewise(LSHR, 14).reinterpretAsShorts().mul(t3));
            u = a.reinterpretAsInts();
            na = ((FloatVector) u.add(u.lanewise(LSHL, 16)).lanewise(ASHR, 16).convertShape(I2F, F, 0))
                    .fma(FloatVector.fromArray(F, s, sg), na);
            u = b.reinterpretAsInts();
            nb = ((FloatVector) u.add(u.lanewise(LSHL, 16)).lanewise(ASHR, 16).convertShape(I2F, F, 0))
                    .fma(FloatVector.fromArray(F, s, sg + l), nb);
            u = c.reinterpretAsInts();
            nc = ((FloatVector) u.add(u.lanewise(LSHL, 16)).lanewise(ASHR, 16).convertShape(I2F, F, 0))
                    .fma(FloatVector.fromArray(F, s, sg + Tile.SIZE), nc);
            u = d.reinterpretAsInts();
            nd = ((FloatVector) u.add(u.lanewise(LSHL, 16)).lanewise(ASHR, 16).convertShape(I2F, F, 0))
                    .fma(FloatVector.fromArray(F, s, sg + Tile.SIZE + l), nd);
        }
        na.fma(FloatVector.fromArray(F, s, factors).mul(scale), FloatVector.fromArray(F, y, yo)).intoArray(y, yo);
        nb.fma(FloatVector.fromArray(F, s, factors + l).mul(scale), FloatVector.fromArray(F, y, yo + l)).intoArray(y, yo + l);
        nc.fma(FloatVector.fromArray(F, s, factors + Tile.SIZE).mul(scale), FloatVector.fromArray(F, y, yo + Tile.SIZE)).intoArray(y, yo + Tile.SIZE);
        nd.fma(FloatVector.fromArray(F, s, factors + Tile.SIZE + l).mul(scale), FloatVector.fromArray(F, y, yo + Tile.SIZE + l)).intoArray(y, yo + Tile.SIZE + l);
    }

    /**
     * Adds {@code groups} groups' minima of two panels for a lone token: {@code y[yo + row] += m * total}, group by group.
     *
     * @param s from {@code so} on the minima m, {@link QuantLayout#SCALES} floats a group
     * @param totals from {@code set} on the groups' sums of rounded activations
     */
    static void addMinima(float[] s, int so, int groups, float[] totals, int set, float[] y, int yo) {
        for (int r = 0; r < ROWS; r += Simd.LANES) {
            FloatVector sum = FloatVector.fromArray(F, y, yo + r);
            for (int g = 0; g < groups; g++) {
                sum = FloatVector.fromArray(F, s, so + g * QuantLayout.SCALES + r).fma(FloatVector.broadcast(F, totals[set + g]), sum);
            }
            sum.intoArray(y, yo + r);
        }
    }
}
