package dev.skim.tensor;

/**
 * Q4_K and Q5_K: blocks of 256 columns with two half-precision factors, one for the eight groups' 6-bit scales and one
 * for their 6-bit minima; {@code w = d * scale * q - dmin * min}.
 *
 * <p>In the panel the 6-bit numbers stand as bytes: 148 bytes a row's block for the file's 144, and no bit shuffling. Each group's are
 * in front of its codes, where a product that goes group by group finds them without a step back: processors fetch ahead of reads that
 * go forward.
 */
class KQuant45 extends QuantLayout {
    private static final int GROUP = ShortTile.GROUP;

    /** Groups of a block. */
    static final int GROUPS = 8;

    private static final int MINIMUM_FACTORS = 64;

    /** Floats of a panel's factors for a lone token. */
    private static final int FACTORS = 2 * ROWS;

    /** Where the first group's scales stand, and behind them its minima. */
    private static final int GROUP_SCALES = 128;

    /** From a block's start in the file: twelve bytes with the groups' scales and minima. */
    private static final int PACKED = 4;

    /** From a block's start in the file: 32 bytes of fifth bits, where there are any, and then the codes' low four. */
    private static final int CODES = 16;

    /** The planes that take the groups' scales and minima as bytes: beyond the file's. */
    private static final int UNPACKED = LONGEST - 16;

    private static final long LOW_SIXES = 0x3F3F3F3F3F3F3F3FL;

    KQuant45(int bits) {
        this(bits, 4, 2);
    }

    KQuant45(int bits, int scaleBytes, int groupScaleBytes) {
        super(GROUPS * GROUP, GROUP, bits, scaleBytes, groupScaleBytes);
    }

    @Override
    boolean hasMinima() {
        return true;
    }

    @Override
    int fileBytes() {
        return bits == 4 ? 144 : 176;
    }

    @Override
    boolean packBlock(byte[] rows, int from, int stride, byte[] panel, int at, long[] planes) {
        boolean finite = BytePlanes.putFactors(rows, from, stride, panel, at);
        finite &= BytePlanes.putFactors(rows, from + 2, stride, panel, at + MINIMUM_FACTORS);
        packScales(rows, from + PACKED, stride, panel, at + GROUP_SCALES, planes);
        for (int g = 0; g < GROUPS; g++) {
            int to = at + codes + g * groupStep();
            if (bits == 5) {
                BytePlanes.putFives(rows, from + CODES + 32 + g / 2 * 32, g % 2 * 4, from + CODES, g, stride, panel, to);
            } else if (g % 2 == 0) {
                BytePlanes.putEights(rows, from + CODES + g * 16, stride, 32, panel, to, to + groupStep());
            }
        }
        return finite;
    }

    private void packScales(byte[] rows, int from, int stride, byte[] panel, int at, long[] planes) {
        BytePlanes.gather(rows, from, stride, 12, planes);
        int to = UNPACKED * BytePlanes.LONGS;
        int four = 4 * BytePlanes.LONGS;
        for (int i = 0; i < four; i++) {
            // Group g of the first four and group g + 4: bytes g, g + 4 and g + 8 of the twelve.
            long scale = planes[i];
            long minimum = planes[four + i];
            long both = planes[2 * four + i];
            planes[to + i] = scale & LOW_SIXES;
            planes[to + four + i] = both & BytePlanes.LOW_NIBBLES | (scale & ~LOW_SIXES) >>> 2;
            planes[to + 2 * four + i] = minimum & LOW_SIXES;
            planes[to + 3 * four + i] = both >>> 4 & BytePlanes.LOW_NIBBLES | (minimum & ~LOW_SIXES) >>> 2;
        }
        for (int g = 0; g < GROUPS; g++) {
            BytePlanes.put(planes, UNPACKED + g, 1, panel, at + g * groupStep());
            BytePlanes.put(planes, UNPACKED + GROUPS + g, 1, panel, at + g * groupStep() + ROWS);
        }
    }

    @Override
    void scales(byte[] panel, int at, float shift, float[] s, int so) {
        // The last group's place holds the factors until its turn comes.
        int factors = so + (GROUPS - 1) * SCALES;
        Halves.expand(panel, at, ROWS, s, factors);
        Halves.expand(panel, at + MINIMUM_FACTORS, ROWS, s, factors + MINIMA);
        Halves.groups(panel, at + GROUP_SCALES, groupStep(), GROUPS, s, factors, shift, so);
    }

    /** Puts the factors of a panel's block at {@code at} to {@code s[so + row]}, those for its minima 32 behind. */
    void factors(byte[] panel, int at, float[] s, int so) {
        Halves.expand(panel, at, ROWS, s, so);
        Halves.expand(panel, at + MINIMUM_FACTORS, ROWS, s, so + ROWS);
    }

    /** Adds a lone token's group g of a panel's block at {@code at}, as {@link Halves#add}; its factors stand in {@code s}. */
    void addGroup(
            byte[] panel, int at, int g, float[] s, int so, int[] t, int from, float scale, float sum, float[] y, int yo) {
        int bytes = at + GROUP_SCALES + g * groupStep();
        Halves.addGroup(panel, bytes, true, s, so, shortShift(), t, from, scale, sum, y, yo);
    }

    @Override
    final void roundedDot(
            byte[] panel, int[] at, int pairs, int columns, Activations x, float[] y, int yo, Scratch scratch) {
        float[] s = scratch.scales;
        int[] sums = scratch.halves;
        RoundedActivations rounded = x.rounded(bits);
        // Scales and minima are used once, each with its group: all of a block's at first would stop the stream of memory.
        int blocks = columns / block;
        for (int b = 0, add = 0; b < blocks; b++, add += blockBytes) {
            for (int i = 0; i < 2 * pairs; i++) {
                factors(panel, at[i] + add, s, i * FACTORS);
            }
            int numbers = add + codes;
            for (int g = 0; g < GROUPS; g++, numbers += groupStep()) {
                int set = b * GROUPS + g;
                float scale = rounded.scales[set];
                float sum = rounded.sums[set];
                ShortTile.sum(panel, at, pairs, numbers, rounded, set, sums);
                for (int i = 0; i < 2 * pairs; i++) {
                    addGroup(panel, at[i] + add, g, s, i * FACTORS, sums, i * ROWS, scale, sum, y, yo + i * ROWS);
                }
            }
        }
    }
}
