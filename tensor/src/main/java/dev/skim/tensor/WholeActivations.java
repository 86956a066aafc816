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

    /** Columns whose codes stand in three numbers. */
    static final int EIGHT = 8;

    /** Three, four and three for those numbers. */
    static final int FACTORS = 10;

    private static final int LANES = F.length();

    /** The whole numbers of a batch: {@code [tile][column][32]}. */
    float[] tiles = new float[0];

    /**
     * What {@link WholeProduct} multiplies a lone token's codes with, {@link #FACTORS} for every eight columns, each twice in an
     * int, so that a broadcast fills 16-bit lanes.
     */
    int[] factors = new int[0];

    /** What a lone token's sums of eight columns start from: -32 times the sum of the whole numbers, twice in an int. */
    int[] starts = new int[0];

    /** {@code [tile][block][32]}, or {@code [block]} of a lone token. */
    float[] scales = new float[0];

    /** A lone token's block. */
    private final int[] whole = new int[BLOCK];

    /** Rounds a lone token of {@code columns} elements, whole blocks. */
    private void set(float[] source, int columns) {
        int eights = columns / EIGHT;
        if (starts.length < eights) {
            starts = new int[eights];
            factors = new int[eights * FACTORS];
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
            for (int i = 0; i < BLOCK; i += EIGHT) {
                int eight = (from + i) / EIGHT;
                int sum = 0;
                for (int k = i; k < i + EIGHT; k++) {
                    sum += whole[k];
                }
                starts[eight] = RoundedActivations.twice(-32 * sum);
                factors(i, eight * FACTORS);
            }
        }
    }

    /** The factors for eight columns, which stand in three numbers ({@link BytePlanes#putSixes}). */
    private void factors(int from, int to) {
        int seventh = whole[from + 6];
        int eighth = whole[from + 7];
        factors(whole[from], whole[from + 1], seventh, to);
        factors(whole[from + 2], whole[from + 3], 16 * seventh, to + 3);
        factors[to + 6] = RoundedActivations.twice(eighth - 4 * 16 * seventh);
        factors(whole[from + 4], whole[from + 5], 4 * eighth, to + 7);
    }

    /** Those for the fields of a number, of 6, 6 and 4 bits, which a shift leaves together with all above. */
    private void factors(int a, int b, int c, int to) {
        factors[to] = RoundedActivations.twice(a);
        factors[to + 1] = RoundedActivations.twice(b - 64 * a);
        factors[to + 2] = RoundedActivations.twice(c - 64 * b);
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
