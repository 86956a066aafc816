package dev.skim.tensor;

/**
 * Q3_K and Q6_K: blocks of 256 columns with one half-precision factor and sixteen signed scales; {@code w = d * scale * (q - zero)}.
 *
 * <p>In the panel scales are bytes. Codes of 6 bits stand as {@link BytePlanes#putSixes} puts them; those of 3 bits, which mean
 * {@code q - 4}, as codes of 4 bits that are 4 more ({@link BytePlanes#putEights}): 146 bytes a row's block for the file's 110.
 */
final class KQuant36 extends WholeLayout {
    private static final int GROUPS = 16;
    private static final int GROUP_SCALES = 64;

    // From a block's start in the file: those of Q6_K, where the codes' low four bits stand, and those of Q3_K, where the third bits do.

    private static final int PAIRS_OF_BITS = 128;
    private static final int SCALES_6 = 192;
    private static final int FACTOR_6 = 208;
    private static final int CODES_3 = 32;
    private static final int SCALES_3 = 96;
    private static final int FACTOR_3 = 108;

    /** @param bits of a code in the panel: 6 for Q6_K, 4 for Q3_K */
    KQuant36(int bits) {
        super(GROUPS, bits, 18);
    }

    @Override
    boolean hasMinima() {
        return false;
    }

    @Override
    int fileBytes() {
        return bits == 6 ? 210 : 110;
    }

    @Override
    boolean packBlock(byte[] rows, int from, int stride, byte[] panel, int at, long[] planes) {
        if (bits == 6) {
            packBlock6(rows, from, stride, panel, at, planes);
        } else {
            packBlock3(rows, from, stride, panel, at);
        }
        return BytePlanes.putFactors(rows, from + (bits == 6 ? FACTOR_6 : FACTOR_3), stride, panel, at);
    }

    private void packBlock3(byte[] rows, int from, int stride, byte[] panel, int at) {
        for (int r = 0; r < ROWS; r++) {
            packScales3(rows, from + r * stride + SCALES_3, panel, at + GROUP_SCALES + r);
        }
        for (int c = 0; c < block; c += UNIT) {
            // A half of the block has 32 bytes of pairs of bits; the third bits of all of it have 32 bytes.
            BytePlanes.putThrees(
                    rows, from + CODES_3 + c / 128 * 32, c % 128 / 32 * 2, from, c / 32, stride, panel, at + codes + c / UNIT * unitBytes());
        }
    }

    /** Sixteen scales of 6 bits, which mean 32 less: four low bits in a nibble, the upper two in the last four bytes. */
    private static void packScales3(byte[] rows, int from, byte[] panel, int at) {
        long low = (int) BytePlanes.INT.get(rows, from) & 0xFFFFFFFFL | (long) (int) BytePlanes.INT.get(rows, from + 4) << 32;
        int high = (int) BytePlanes.INT.get(rows, from + 8);
        for (int g = 0; g < GROUPS; g++) {
            int scale = (int) (low >>> g % 8 * 8 + g / 8 * 4) & 15 | (high >>> g % 4 * 8 + g / 4 * 2 & 3) << 4;
            panel[at + g * ROWS] = (byte) (scale - 32);
        }
    }

    private void packBlock6(byte[] rows, int from, int stride, byte[] panel, int at, long[] planes) {
        BytePlanes.gather(rows, from + SCALES_6, stride, GROUPS, planes);
        BytePlanes.put(planes, 0, GROUPS, panel, at + GROUP_SCALES);
        for (int c = 0; c < block; c += group) {
            // The high nibbles are 64 columns further on, the pairs of bits 32.
            int half = c / 128;
            BytePlanes.putSixes(
                    rows, from + half * 64 + c % 64, c % 128 / 64 * 4,
                    from + PAIRS_OF_BITS + half * 32 + c % 32, c % 128 / 32 * 2, stride, panel, at + codes + c / group * groupBytes());
        }
    }

    @Override
    int code(byte[] panel, int at, int c, int lane) {
        if (bits == 4) {
            return super.code(panel, at, c, lane);
        }
        int from = at + c / group * groupBytes();
        int k = c % group;
        // Two codes of each four are in the lower half, and so on.
        int shift = k / 2 % 2 * 16;
        int four = k / 4;
        if (four < 3) {
            return number(panel, from, four, lane) >>> shift + 6 * (k % 2) & 63;
        }
        shift += 12;
        int first = number(panel, from, 0, lane) >>> shift & 15;
        int second = number(panel, from, 1, lane) >>> shift & 15;
        int third = number(panel, from, 2, lane) >>> shift & 15;
        return k % 2 == 0 ? first | (second & 3) << 4 : second >> 2 | third << 2;
    }

    @Override
    void scales(byte[] panel, int at, float shift, float[] s, int so) {
        Halves.expand(panel, at, ROWS, s, so + FACTORS);
        Halves.multiply(panel, at + GROUP_SCALES, GROUPS, s, so + FACTORS, s, so, SCALES);
        Halves.shift(GROUPS, shift, s, so);
    }

    @Override
    Rounding rounding() {
        return bits == 6 ? Rounding.WHOLE : Rounding.WHOLE_OF_4;
    }

    @Override
    void wholeScales(byte[] panel, int at, float[] s, int so) {
        Halves.expand(panel, at, ROWS, s, so + FACTORS);
        Halves.bytes(panel, at + GROUP_SCALES, GROUPS, s, so, SCALES);
    }

    @Override
    void expandScales(byte[] panel, int at, float[] s, int so) {
        wholeScales(panel, at, s, so);
        Halves.shift(GROUPS, shift(), s, so);
    }
}
