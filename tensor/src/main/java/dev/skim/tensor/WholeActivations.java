package dev.skim.tensor;

import static dev.skim.tensor.Simd.F;
import static dev.skim.tensor.Simd.I;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;

/**
 * Activations rounded in blocks of 64 columns, 128 for weights of 2 or 4 bits: {@code x = scale * n} with whole numbers n whose sizes
 * add up to at most 1,023 in each of a block's groups of 16 columns, 4,095 for weights of 4 bits and 10,922 for those of 2, so that
 * {@link WholeProduct} is exact; for weights of 8 bits to at most 258 in each four columns, so that {@link TableProduct} is. With 6 and
 * 8 bits an ordinary block's largest number is about 140.
 */
final class WholeActivations {
    /** Columns that share a scale where weights have 6 or 8 bits. */
    static final int BLOCK = 64;

    /** The same where they have 2 or 4. */
    static final int LONGER_BLOCK = 128;

    private static final int GROUP = WholeProduct.GROUP;

    /** Factors for a group of 6-bit codes: three, four and three for the numbers that they stand in. */
    static final int FACTORS_6 = 10;

    /** Those for a group of 4-bit codes: four and four. */
    static final int FACTORS_4 = 2 * ShortTile.PARTS;

    /** Those for a group of 2-bit codes, which is one number. */
    static final int FACTORS_2 = 8;

    /** Those for a group of values of 8 bits: one for each. */
    static final int FACTORS_8 = GROUP;

    private static final int LANES = F.length();

    // Of every two columns the other one, of every four the other two.

    private static final VectorShuffle<Float> NEIGHBOUR = VectorShuffle.fromOp(F, i -> i ^ 1);
    private static final VectorShuffle<Float> NEIGHBOURS = VectorShuffle.fromOp(F, i -> i ^ 2);

    /** Bits of the weights' codes, or of what these stand for: 2, 4, 6 or 8. */
    final int bits;

    /** Columns that share a scale. */
    final int block;

    /** Columns whose sizes have a limit together. */
    private final int summed;

    /** What these sizes add up to before they are rounded, each by a half at most: 8 or 9 less than may be, 2 for weights of 8 bits. */
    private final float total;

    /** {@link #FACTORS_2}, {@link #FACTORS_4}, {@link #FACTORS_6} or {@link #FACTORS_8}. */
    final int perGroup;

    /** The whole numbers of a batch: {@code [tile][column][32]}. */
    float[] tiles = new float[0];

    /**
     * What {@link WholeProduct} multiplies a lone token's codes with, {@link #perGroup} for every group, each of them one for the lower
     * half of a number and one for the upper, or the same for both.
     */
    int[] factors = new int[0];

    /**
     * What a lone token's sums of groups start from: less the code in the middle times the sum of the whole numbers, in the lower half;
     * 0 where codes of 2 bits are what they are. Weights of 8 bits have no use for it.
     */
    int[] starts = new int[0];

    /** {@code [tile][block][32]}, or {@code [block]} of a lone token. */
    float[] scales = new float[0];

    /** For codes of 2 bits, which have minima, the groups' sums of rounded activations: {@code [tile][group][32]}. */
    float[] sums = new float[0];

    /** A lone token's block. */
    private final int[] whole = new int[LONGER_BLOCK];

    WholeActivations(int bits) {
        this.bits = bits;
        block = bits <= 4 ? LONGER_BLOCK : BLOCK;
        summed = bits == 8 ? TableProduct.FOUR : GROUP;
        total = switch (bits) {
            case 2 -> 10_914;
            case 4 -> 4_086;
            case 6 -> 1_014;
            default -> 256;
        };
        perGroup = switch (bits) {
            case 2 -> FACTORS_2;
            case 4 -> FACTORS_4;
            case 6 -> FACTORS_6;
            default -> FACTORS_8;
        };
    }

    /** Rounds a lone token of {@code columns} elements, whole blocks. */
    private void set(float[] source, int offset, int columns) {
        int groups = columns / GROUP;
        if (factors.length < groups * perGroup) {
            starts = new int[groups];
            factors = new int[groups * perGroup];
        }
        fitScales(columns / block);
        for (int b = 0; b < columns / block; b++) {
            int from = b * block;
            float size = bits == 8 ? largestFour(source, offset + from) : largestGroup(source, offset + from);
            boolean small = size < RoundedActivations.SMALLEST;
            scales[b] = small ? 0 : size / total;
            float inverse = small ? 0 : total / size;
            for (int i = 0; i < block; i += LANES) {
                FloatVector.fromArray(F, source, offset + from + i)
                        .mul(inverse)
                        .add(RoundedActivations.ROUND)
                        .reinterpretAsInts()
                        .sub(RoundedActivations.ZERO)
                        .intoArray(whole, i);
            }
            for (int i = 0; i < block && bits != 8; i += GROUP) {
                int group = (from + i) / GROUP;
                IntVector totals = IntVector.zero(I);
                for (int k = i; k < i + GROUP; k += LANES) {
                    totals = totals.add(IntVector.fromArray(I, whole, k));
                }
                int sum = totals.reduceLanes(VectorOperators.ADD);
                starts[group] = bits == 2 ? 0 : RoundedActivations.both(-sum << bits - 1, 0);
                if (bits == 2) {
                    sums[group] = scales[b] * sum;
                    factorsOfTwos(i, group * FACTORS_2);
                } else if (bits == 6) {
                    factors(i, group * FACTORS_6);
                }
            }
            if (bits == 4) {
                RoundedActivations.differences(whole, block, factors, from / GROUP * FACTORS_4);
            }
            for (int i = 0; i < block && bits == 8; i += LANES) {
                IntVector n = IntVector.fromArray(I, whole, i);
                n.lanewise(VectorOperators.LSHL, 16).or(n.and(0xffff)).intoArray(factors, from + i);
            }
        }
    }

    /** The largest size of a block's groups. */
    private float largestGroup(float[] source, int from) {
        float size = 0;
        for (int i = from; i < from + block; i += GROUP) {
            size = Math.max(size, RoundedActivations.size(source, i, GROUP));
        }
        return size;
    }

    /** The largest size of four columns of a block, summed in the order of {@link RoundedActivations#size}. */
    private static float largestFour(float[] source, int from) {
        FloatVector largest = FloatVector.zero(F);
        for (int i = from; i < from + BLOCK; i += LANES) {
            FloatVector sizes = FloatVector.fromArray(F, source, i).abs();
            sizes = sizes.add(sizes.rearrange(NEIGHBOUR));
            largest = largest.max(sizes.add(sizes.rearrange(NEIGHBOURS)));
        }
        return largest.reduceLanes(VectorOperators.MAX);
    }

    /** The factors for a group's columns, which stand in one number ({@link BytePlanes#putTwos}): each less four times the one before. */
    private void factorsOfTwos(int from, int to) {
        for (int i = 0; i < FACTORS_2; i++) {
            int low = whole[from + columnOfTwos(i)] - (i == 0 ? 0 : 4 * whole[from + columnOfTwos(i - 1)]);
            int high = whole[from + columnOfTwos(8 + i)] - 4 * whole[from + columnOfTwos(7 + i)];
            factors[to + i] = RoundedActivations.both(low, high);
        }
    }

    private static int columnOfTwos(int place) {
        return place / 4 + place % 2 * 8 + place / 2 % 2 * 4;
    }

    /** The factors for a group's columns, which stand in three numbers ({@link BytePlanes#putSixes}). */
    private void factors(int from, int to) {
        int low = whole[from + 12];
        int lowNext = whole[from + 13];
        int high = whole[from + 14];
        int highNext = whole[from + 15];
        factors(from, low, high, 16 * low, to);
        factors(from + 4, 16 * low, 16 * high, 4 * lowNext, to + 3);
        // The second number's last two bits, in each half, are the next code's.
        factors[to + 6] = RoundedActivations.both(lowNext - 4 * 16 * low, highNext - 4 * 16 * high);
        factors(from + 8, 4 * lowNext, 4 * highNext, 64 * lowNext, to + 7);
    }

    /**
     * Those for a number whose halves have two of four columns each and a field of four bits, which counts {@code low} or
     * {@code high}: for shifts by 0, 6 and 12, each of which leaves a field together with all above. In the lower half a shift by n
     * also has the upper one's lowest bits, 2^(16 - n) times; times the whole upper half that is the same modulo 2^16. Of all shifts, by
     * 14 too, that is {@code carried} in the end: the lower half's last field counts 16 times, or the last two bits 4 times.
     */
    private void factors(int from, int low, int high, int carried, int to) {
        int first = whole[from];
        int second = whole[from + 1];
        int third = whole[from + 2];
        int fourth = whole[from + 3];
        factors[to] = RoundedActivations.both(first, third - carried);
        factors[to + 1] = RoundedActivations.both(second - 64 * first, fourth - 64 * third);
        factors[to + 2] = RoundedActivations.both(low - 64 * second, high - 64 * fourth);
    }

    /** Rounds a batch of whole blocks; its tokens are interleaved block by block, so that they come from memory once. */
    void set(Activations x, Workers workers) {
        if (x.tokens == 1) {
            set(x.source, x.offset, x.columns);
            return;
        }
        int perTile = x.columns / block;
        int blocks = x.tileCount() * perTile;
        int size = Math.multiplyExact(blocks, block * Tile.SIZE);
        if (tiles.length < size) {
            tiles = new float[size];
        }
        fitScales(blocks * Tile.SIZE);
        workers.run(blocks, 4, (begin, end, worker) -> {
            for (int b = begin; b < end; b++) {
                int to = b * block * Tile.SIZE;
                x.interleave(b / perTile, b % perTile * block, block, tiles, to);
                for (int lane = 0; lane < Tile.SIZE; lane += LANES) {
                    round(to + lane, b * Tile.SIZE + lane);
                }
            }
        });
    }

    private void fitScales(int size) {
        if (scales.length < size) {
            sums = new float[bits == 2 ? size * (block / GROUP) : 0];
            scales = new float[size];
        }
    }

    /** Rounds a vector of tokens' columns of one block where they stand. */
    private void round(int from, int set) {
        FloatVector largest = FloatVector.zero(F);
        for (int k = 0; k < block; k += summed) {
            FloatVector a = FloatVector.zero(F);
            FloatVector b = a;
            FloatVector c = a;
            FloatVector d = a;
            for (int i = k; i < k + summed; i += 4) {
                int at = from + i * Tile.SIZE;
                a = a.add(FloatVector.fromArray(F, tiles, at).abs());
                b = b.add(FloatVector.fromArray(F, tiles, at + Tile.SIZE).abs());
                c = c.add(FloatVector.fromArray(F, tiles, at + 2 * Tile.SIZE).abs());
                d = d.add(FloatVector.fromArray(F, tiles, at + 3 * Tile.SIZE).abs());
            }
            largest = largest.max(a.add(b).add(c.add(d)));
        }
        VectorMask<Float> small = largest.lt(RoundedActivations.SMALLEST);
        largest.div(total).blend(0, small).intoArray(scales, set);
        FloatVector inverse = FloatVector.broadcast(F, total).div(largest).blend(0, small);
        for (int k = 0; k < block; k++) {
            int at = from + k * Tile.SIZE;
            FloatVector.fromArray(F, tiles, at)
                    .mul(inverse)
                    .add(RoundedActivations.ROUND)
                    .sub(RoundedActivations.ROUND)
                    .intoArray(tiles, at);
        }
        if (bits == 2) {
            sumGroups(from, set);
        }
    }

    /** Sums of whole numbers are exact. */
    private void sumGroups(int from, int set) {
        FloatVector scale = FloatVector.fromArray(F, scales, set);
        // A block's groups follow on those of the tile's blocks before it, as its scales do.
        int to = set / Tile.SIZE * (block / GROUP) * Tile.SIZE + set % Tile.SIZE;
        for (int k = 0; k < block; k += GROUP) {
            FloatVector sum = FloatVector.zero(F);
            for (int i = k; i < k + GROUP; i++) {
                sum = sum.add(FloatVector.fromArray(F, tiles, from + i * Tile.SIZE));
            }
            sum.mul(scale).intoArray(sums, to + k / GROUP * Tile.SIZE);
        }
    }
}
