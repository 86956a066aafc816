package dev.skim.tensor;

import dev.skim.tensor.block.Grid;
import dev.skim.tensor.block.PointCodec;

/**
 * IQ3_S: its points' numbers are the odd ones of either sign up to 15, and so {@code w = d * (2 * scale + 1) * (2 q - 15)} with codes
 * q of 4 bits: Q4_K's form, where all minima are the scales times -7.5.
 *
 * <p>In the panel stand those codes instead of points, and the scales' factors {@code 2 * (2 * scale + 1)} as bytes: 138 bytes a
 * row's block for the file's 110.
 */
final class IQuant3 extends KQuant45 {
    private static final int GROUP_SCALES = 64;

    /** Where a block's factors stand in its scales: behind those of its groups. */
    private static final int FACTORS = GROUPS * SCALES;

    /** What stands for 0 among the codes. */
    private static final float MIDDLE = 7.5f;

    private final PointCodec codec = (PointCodec) ElementType.IQ3_S.codec();

    IQuant3() {
        super(4, 2, 1);
    }

    @Override
    int fileBytes() {
        return ElementType.IQ3_S.blockBytes();
    }

    @Override
    boolean packBlock(byte[] rows, int from, int stride, byte[] panel, int at, long[] planes) {
        for (int r = 0; r < ROWS; r++) {
            int row = from + r * stride;
            for (int g = 0; g < GROUPS; g++) {
                panel[at + GROUP_SCALES + g * groupStep() + r] = (byte) (2 * codec.multiple(rows, row, 2 * g));
            }
            for (int k = 0; k < block / 8; k++) {
                // From -15 to 15 in twos they become 0 to 30, and then codes.
                long even = Grid.plus(codec.numbers(rows, row, k), 15);
                BytePlanes.putEight(even >>> 1, panel, codesAt(at, 8 * k) + (k % 4 * ROWS + r) * Integer.BYTES);
            }
        }
        return BytePlanes.putFactors(rows, from, stride, panel, at);
    }

    @Override
    void scales(byte[] panel, int at, float shift, float[] s, int so) {
        Halves.expand(panel, at, ROWS, s, so + FACTORS);
        for (int g = 0; g < GROUPS; g++) {
            Halves.multiply(panel, at + GROUP_SCALES + g * groupStep(), 1, s, so + FACTORS, s, so + g * SCALES, SCALES);
        }
        Halves.shift(GROUPS, shift - MIDDLE, s, so);
    }

    @Override
    void factors(byte[] panel, int at, float[] s, int so) {
        Halves.expand(panel, at, ROWS, s, so);
    }

    @Override
    void addGroup(
            byte[] panel, int at, int g, float[] s, int so, int[] t, int from, float scale, float sum, float[] y, int yo) {
        int bytes = at + GROUP_SCALES + g * groupStep();
        Halves.addGroup(panel, bytes, false, s, so, shortShift() - MIDDLE, t, from, scale, sum, y, yo);
    }
}
