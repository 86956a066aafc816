package dev.skim.tensor;

import static dev.skim.tensor.Simd.F;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * Activations rounded in blocks of 64 columns: {@code x = scale * n} with whole numbers n whose sizes add up to at most
 * 1,023 in each of a block's four groups of 16 columns, so that {@link WholeProduct} is exact. An ordinary block's largest
 * number is about 140.
 */
final class WholeActivations {
    /** Columns that share a scale. */
    static final int BLOCK = 64;

    /** What a group's sizes add up to before they are rounded, each by a half at most: 1,014 + 8 is under 1,023. */
    private static final float TOTAL = 1014;

    private static final int GROUP = WholeProduct.GROUP;

    /** Four for each 16-bit number that holds codes. */
    static final int FACTORS = 4 * WholeProduct.NUMBERS;

    private static final int LANES = F.length();

    /** The whole numbers of a batch: {@code [tile][column][32]}. */
    float[] tiles = new float[0];

    /**
     * What {@link WholeProduct} multiplies a lone token's codes with, {@link #FACTORS} a group, each twice in an int, so that
     * a broadcast fills 16-bit lanes.
     */
    int[] factors = new int[0];

    /** What the sums of a lone token's groups start from: -32 times the group's sum of whole numbers, twice in an int. */
    int[] starts = new int[0];

    /** {@code [tile][block][32]}, or {@code [block]} of a lone token. */
    float[] scales = new float[0];

    /** A lone token's block. */
    private final int[] whole = new int[BLOCK];

    /** Rounds a lone token of {@code columns} elements, whole blocks. */
    private void set(float[] source, int columns) {
        int groups = columns / GROUP;
        if (starts.length < groups) {
            starts = new int[groups];
            factors = new int[groups * FACTORS];
        }
        fitScales(columns / BLOCK);
        for (int b = 0; b < columns / BLOCK; b++) {
            int from = b * BLOCK;
            float size = 0;
            for (int i = from; i < from + BLOCK; i += GROUP) {
                size = Math.max(size, RoundedActivations.size(source, i, GROUP));
            }
            boolean small = size < RoundedActivations.SMALLEST;
            scales[b] = small ? 0 : size / TOTAL;
            float inverse = small ? 0 : TOTAL / size;
            for (int i = 0; i < BLOCK; i += LANES) {
                FloatVector.fromArray(F, source, from + i)
                        .mul(inverse)
                        .add(RoundedActivations.ROUND)
                        .reinterpretAsInts()
                        .sub(RoundedActivations.ZERO)
                        .intoArray(whole, i);
            }
            for (int g = 0; g < WholeProduct.GROUPS; g++) {
                int group = from / GROUP + g;
                int sum = 0;
                for (int i = 0; i < GROUP; i++) {
                    sum += whole[g * GROUP + i];
                }
                starts[group] = RoundedActivations.twice(-32 * sum);
                for (int i = 0; i < GROUP / 8; i++) {
                    factors(g * GROUP + 8 * i, group * FACTORS + i * 8 * FACTORS / GROUP);
                }
            }
        }
    }

    /** The factors for eight columns, which stand in three numbers ({@link BytePlanes#putSixes}). */
    private void factors(int from, int to) {
        int seventh = whole[from + 6];
        int eighth = whole[from + 7];
        factors(whole[from], whole[from + 1], seventh, 4 * seventh, to);
        factors(whole[from + 2], whole[from + 3], 16 * seventh, eighth, to + 4);
        factors(whole[from + 4], whole[from + 5], 4 * eighth, 16 * eighth, to + 8);
    }

    /** Those for the fields of a number: of 6, 6, 2 and 2 bits, which a shift leaves together with all above. */
    private void factors(int a, int b, int c, int d, int to) {
        factors[to] = RoundedActivations.twice(a);
        factors[to + 1] = RoundedActivations.twice(b - 64 * a);
        factors[to + 2] = RoundedActivations.twice(c - 64 * b);
        factors[to + 3] = RoundedActivations.twice(d - 4 * c);
    }

    /** Rounds {@code tokens} tokens of {@code columns} elements, whole blocks: a lone one, or tiles, whose lanes are tokens. */
    void set(float[] source, int tokens, int columns, Workers workers) {
        if (tokens == 1) {
            set(source, columns);
            return;
        }
        int blocks = (tokens + Tile.SIZE - 1) / Tile.SIZE * (columns / BLOCK);
        int size = Math.multiplyExact(blocks, BLOCK * Tile.SIZE);
        if (tiles.length < size) {
            tiles = new float[size];
        }
        fitScales(blocks * Tile.SIZE);
        workers.run(blocks, 4, (begin, end, worker) -> {
            for (int block = begin; block < end; block++) {
                for (int lane = 0; lane < Tile.SIZE; lane += LANES) {
                    round(source, block * BLOCK * Tile.SIZE + lane, block * Tile.SIZE + lane);
                }
            }
        });
    }

    private void fitScales(int size) {
        if (scales.length < size) {
            scales = new float[size];
        }
    }

    /** Rounds a vector of tokens' columns of one block. */
    private void round(float[] source, int from, int set) {
        FloatVector largest = FloatVector.zero(F);
        for (int k = 0; k < BLOCK; k += GROUP) {
            FloatVector a = FloatVector.zero(F);
            FloatVector b = a;
            FloatVector c = a;
            FloatVector d = a;
            for (int i = k; i < k + GROUP; i += 4) {
                int at = from + i * Tile.SIZE;
                a = a.add(FloatVector.fromArray(F, source, at).abs());
                b = b.add(FloatVector.fromArray(F, source, at + Tile.SIZE).abs());
                c = c.add(FloatVector.fromArray(F, source, at + 2 * Tile.SIZE).abs());
                d = d.add(FloatVector.fromArray(F, source, at + 3 * Tile.SIZE).abs());
            }
            largest = largest.max(a.add(b).add(c.add(d)));
        }
        VectorMask<Float> small = largest.lt(RoundedActivations.SMALLEST);
        largest.div(TOTAL).blend(0, small).intoArray(scales, set);
        FloatVector inverse = FloatVector.broadcast(F, TOTAL).div(largest).blend(0, small);
        for (int k = 0; k < BLOCK; k++) {
            int at = from + k * Tile.SIZE;
            FloatVector.fromArray(F, source, at)
                    .mul(inverse)
                    .add(RoundedActivations.ROUND)
                    .sub(RoundedActivations.ROUND)
                    .intoArray(tiles, at);
        }
    }
}
