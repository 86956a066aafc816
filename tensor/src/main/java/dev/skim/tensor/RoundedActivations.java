package dev.skim.tensor;

import static dev.skim.tensor.Simd.F;
import static dev.skim.tensor.Simd.I;
import static dev.skim.tensor.Simd.S;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Activations rounded in groups of 32 columns: {@code x = scale * code} with integer codes whose sizes add up to at most
 * 4,095 in a group for weights of 4 bits, 2,047 for 5 bits, which is as much as {@link ShortTile} can sum in 16 bits. Of an
 * ordinary group the largest code is about 340 or 170: finer than codes of -127 to 127, and an outlier takes little from its
 * neighbours. Tiles of 32 tokens are interleaved, a vector of tokens at a time; a lone token stands as it is.
 */
final class RoundedActivations {
    private static final int GROUP = ShortTile.GROUP;

    /**
     * Groups that are smaller count as zero: the inverse of their scale could overflow, and their scale times one of weights, at least
     * 2^-24 as half precision has it, and times 2^-16 ({@link ShortTile}), could be subnormal.
     */
    static final float SMALLEST = 0x1p-60f;

    /** 1.5 x 2^23: adding it rounds to the nearest integer, ties to even. */
    static final float ROUND = 0x1.8p23f;

    /** The bits of {@link #ROUND}: what a sum with it has more than the integer. */
    static final int ZERO = Float.floatToRawIntBits(ROUND);
    private static final int LANES = F.length();
    private static final VectorSpecies<Float> FOUR = FloatVector.SPECIES_128;

    /** Of every eight columns, those that the halves of a number's four shifts have lowest. */
    private static final int[] LOWEST = {0, 2, 4, 6, 1, 3, 5, 7};

    /** The columns that stand below these in the number; there is none below the first, whose factor for it is 0. */
    private static final int[] BELOW = {0, 5, 0, 2, 4, 6, 1, 3};

    // The same of a vector of shorts that two vectors of ints have become, the second's elements between the first's.

    private static final VectorShuffle<Short> LOWEST_OF_BOTH = shuffle(LOWEST);
    private static final VectorShuffle<Short> BELOW_OF_BOTH = shuffle(BELOW);
    private static final short[] FACTORS_BELOW = new short[S.length()];

    static {
        for (int i = 0; i < FACTORS_BELOW.length; i++) {
            FACTORS_BELOW[i] = (short) (i % ShortTile.EIGHT == 0 ? 0 : 16);
        }
    }

    /** Bits of the weights' codes: 4 or 5. */
    final int bits;

    /** The weights' code in the middle. */
    private final int zero;

    /** What a group's sizes add up to before they are rounded, each by a half at most: 4,078 + 16 is under 4,095. */
    private final float total;

    /**
     * The codes, or what takes their place where weights are multiplied without a mask ({@link ShortTile}).
     *
     * <p>For 4 bits, in the order in which every eight columns stand in a number ({@link BytePlanes#putEights}): 0, 4, 1, 5, 2, 6, 3, 7;
     * the last seven less 16 times the one before. A batch has each twice in an int, so that a broadcast fills 16-bit lanes: {@code
     * [tile][group][32 / LANES][column][LANES]}, which is read from front to back; a lone token has the first four of every eight in an
     * int's lower half and the last four in the upper.
     *
     * <p>For 5 bits a batch has the codes themselves, in order; a lone token has four ints for each of a group's five numbers ({@link
     * BytePlanes#putFives}), their halves for those of the number.
     */
    int[] codes = new int[0];

    /**
     * What the sums of {@link ShortTile} start from: the group's sum of codes, times less the weights' code in the middle; in a batch
     * twice in an int, {@code [tile][group][32]}, of a lone token in the lower half.
     */
    int[] starts = new int[0];

    /** A lone token's group. */
    private final int[] group = new int[GROUP];

    /** {@code [tile][group][32]}. */
    float[] scales = new float[0];

    /** The groups' sums of rounded activations: {@code [tile][group][32]}. */
    float[] sums = new float[0];

    RoundedActivations(int bits) {
        this.bits = bits;
        zero = 1 << bits - 1;
        total = Short.MAX_VALUE / zero - 1 - GROUP / 2;
    }

    /** Rounds a lone token of {@code columns} elements, whole groups. */
    private void set(float[] source, int offset, int columns) {
        fit(columns);
        for (int g = 0; g < columns / GROUP; g++) {
            int from = offset + g * GROUP;
            float size = size(source, from, GROUP);
            float scale = size < SMALLEST ? 0 : size / total;
            float inverse = size < SMALLEST ? 0 : total / size;
            IntVector totals = IntVector.zero(I);
            for (int i = from; i < from + GROUP; i += LANES) {
                IntVector code = FloatVector.fromArray(F, source, i).mul(inverse).add(ROUND).reinterpretAsInts().sub(ZERO);
                totals = totals.add(code);
                code.intoArray(group, i - from);
            }
            if (bits == 4) {
                differences(group, GROUP, codes, g * GROUP / 2);
            }
            for (int i = 0; i < BytePlanes.FIVES && bits == 5; i++) {
                differencesOfSix(i, (g * BytePlanes.FIVES + i) * ShortTile.PARTS);
            }
            int sum = totals.reduceLanes(VectorOperators.ADD);
            starts[g] = both(-zero * sum, 0);
            scales[g] = scale;
            sums[g] = scale * sum;
        }
    }

    /**
     * What the halves of the numbers are multiplied with that have the 4-bit codes for the first {@code n} of {@code x}, a multiple of
     * 32: half as many.
     */
    static void differences(int[] x, int n, int[] factors, int to) {
        for (int i = 0; i < n; i += S.length()) {
            ShortVector both = IntVector.fromArray(I, x, i).and(0xffff)
                    .or(IntVector.fromArray(I, x, i + LANES).lanewise(VectorOperators.LSHL, 16))
                    .reinterpretAsShorts();
            both.rearrange(LOWEST_OF_BOTH)
                    .sub(both.rearrange(BELOW_OF_BOTH).mul(ShortVector.fromArray(S, FACTORS_BELOW, 0)))
                    .reinterpretAsInts()
                    .intoArray(factors, to + i / 2);
        }
    }

    /**
     * The same for number {@code n} of 5-bit codes: six, and bit n of codes 30 and 31 at the top of the halves. The lowest bit of the
     * upper half comes over beside the one at the top of the lower, and counts there twice.
     */
    private void differencesOfSix(int n, int to) {
        int[] x = group;
        int i = 6 * n;
        codes[to] = both(x[i], x[i + 3] - (x[30] << n + 1));
        codes[to + 1] = both(x[i + 1] - 32 * x[i], x[i + 4] - 32 * x[i + 3]);
        codes[to + 2] = both(x[i + 2] - 32 * x[i + 1], x[i + 5] - 32 * x[i + 4]);
        codes[to + 3] = both((x[30] << n) - 32 * x[i + 2], (x[31] << n) - 32 * x[i + 5]);
    }

    private static VectorShuffle<Short> shuffle(int[] order) {
        return VectorShuffle.fromOp(S, i -> {
            int column = i / ShortTile.EIGHT * ShortTile.EIGHT + order[i % ShortTile.EIGHT];
            return column % LANES * 2 + column / LANES;
        });
    }

    /** The column that a batch has at place {@code p} of every eight. */
    private int column(int p) {
        return bits == 4 ? p / 2 + p % 2 * 4 : p;
    }

    /** Two lanes of 16 bits. */
    static int both(int low, int high) {
        return high << 16 | low & 0xffff;
    }

    /** Rounds a batch of whole groups; its tokens are interleaved group by group, so that they come from memory once. */
    void set(Activations x, Workers workers) {
        if (x.tokens == 1) {
            set(x.source, x.offset, x.columns);
            return;
        }
        int groups = x.columns / GROUP;
        int chunks = (x.columns - 1) / PanelLayout.CHUNK + 1;
        fit(Math.multiplyExact(x.tileCount() * groups, GROUP * Tile.SIZE));
        workers.run(x.tileCount() * chunks, 2, (begin, end, worker) -> {
            float[] room = Scratch.get().chunk;
            for (int chunk = begin; chunk < end; chunk++) {
                int tile = chunk / chunks;
                int from = chunk % chunks * PanelLayout.CHUNK;
                int width = Math.min(PanelLayout.CHUNK, x.columns - from);
                x.interleave(tile, from, width, room, 0);
                for (int c = 0; c < width; c += GROUP) {
                    for (int lane = 0; lane < Tile.SIZE; lane += LANES) {
                        round(room, c * Tile.SIZE + lane, tile * groups + (from + c) / GROUP, lane);
                    }
                }
            }
        });
    }

    /** Where a token of a tile has its first column of a group: vectors of tokens stand one behind the other, each with all columns. */
    static int place(int token) {
        return token / LANES * GROUP * LANES + token % LANES;
    }

    /** The sum of {@code n} elements' sizes in the order in which a batch adds them: the scales must agree to the bit. */
    static float size(float[] source, int from, int n) {
        FloatVector sums = FloatVector.zero(FOUR);
        for (int i = from; i < from + n; i += 4) {
            sums = sums.add(FloatVector.fromArray(FOUR, source, i).abs());
        }
        return sums.lane(0) + sums.lane(1) + (sums.lane(2) + sums.lane(3));
    }

    private void fit(int size) {
        if (codes.length < size) {
            starts = new int[size / GROUP];
            scales = new float[size / GROUP];
            sums = new float[size / GROUP];
            // Last, since it tells whether there is room: memory may end in between.
            codes = new int[size];
        }
    }

    /** Rounds a vector of tokens' columns of one group, from {@code room[from]} on. */
    private void round(float[] room, int from, int group, int lane) {
        int to = group * GROUP * Tile.SIZE + place(lane);
        int set = group * Tile.SIZE + lane;
        FloatVector a = FloatVector.zero(F);
        FloatVector b = a;
        FloatVector c = a;
        FloatVector d = a;
        for (int k = 0; k < GROUP; k += 4) {
            int at = from + k * Tile.SIZE;
            a = a.add(FloatVector.fromArray(F, room, at).abs());
            b = b.add(FloatVector.fromArray(F, room, at + Tile.SIZE).abs());
            c = c.add(FloatVector.fromArray(F, room, at + 2 * Tile.SIZE).abs());
            d = d.add(FloatVector.fromArray(F, room, at + 3 * Tile.SIZE).abs());
        }
        FloatVector size = a.add(b).add(c.add(d));
        VectorMask<Float> small = size.lt(SMALLEST);
        FloatVector scale = size.div(total).blend(0, small);
        FloatVector inverse = FloatVector.broadcast(F, total).div(size).blend(0, small);
        IntVector sum = IntVector.zero(I);
        IntVector left = sum;
        for (int k = 0; k < GROUP; k++) {
            int p = k % ShortTile.EIGHT;
            int at = from + (k + column(p) - p) * Tile.SIZE;
            IntVector code = FloatVector.fromArray(F, room, at).mul(inverse).add(ROUND).reinterpretAsInts().sub(ZERO);
            sum = sum.add(code);
            IntVector factor = p == 0 || bits == 5 ? code : code.sub(left.lanewise(VectorOperators.LSHL, 4));
            factor.lanewise(VectorOperators.LSHL, 16).or(factor.and(0xffff)).intoArray(codes, to + k * LANES);
            left = code;
        }
        IntVector start = sum.mul(-zero);
        start.lanewise(VectorOperators.LSHL, 16).or(start.and(0xffff)).intoArray(starts, set);
        scale.intoArray(scales, set);
        ((FloatVector) sum.convertShape(VectorOperators.I2F, F, 0)).mul(scale).intoArray(sums, set);
    }
}
