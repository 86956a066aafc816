package dev.skim.tensor;

/**
 * The layout of quantised types whose weights are {@code q * scale + minimum} with a scale for each group of columns.
 *
 * <p>A block holds its 32 rows' scales side by side, or what they have in common and then each group's in front of its codes, and the
 * codes column by column. 2-bit codes: for every sixteen columns 32 numbers of 32 bits ({@link BytePlanes#putTwos}). 3-bit codes: for
 * every 32 columns three times 32 numbers ({@link BytePlanes#putTens}). 4-bit codes: for every eight columns as many ({@link
 * BytePlanes#putEights}), or, where they stand for the values of a table, for every two columns 32 bytes ({@link BytePlanes#putPairs}).
 * 5-bit codes: for every 32 columns five times 32 numbers ({@link BytePlanes#putFives}). 6-bit codes: for every sixteen columns three
 * times 32 numbers ({@link BytePlanes#putSixes}). 8-bit codes: signed bytes. So a product reads a panel from front to back.
 */
abstract class QuantLayout extends PanelLayout {
    /** Columns that are unpacked in one go: one group or two. */
    static final int UNIT = 32;

    /** Floats that a group has in {@link Scratch#scales}: 32 scales of each of two panels, then their minima. */
    static final int SCALES = 4 * ROWS;

    /** From a group's scales to its minima. */
    static final int MINIMA = 2 * ROWS;

    /** Columns that share a scale. */
    final int group;

    /** Bits of a code: 2, 3, 4, 5, 6 or 8. */
    final int bits;

    /** Where the codes start in a panel's block: behind the first group's scales. */
    final int codes;

    /** Bytes of the scales that stand in front of each group's codes. */
    private final int groupScales;

    QuantLayout(int block, int group, int bits, int scaleBytes) {
        this(block, group, bits, scaleBytes, 0);
    }

    /**
     * @param scaleBytes bytes of a row's scales at the start of a block
     * @param groupScaleBytes those in front of each group's codes, where groups have 32 columns
     */
    QuantLayout(int block, int group, int bits, int scaleBytes, int groupScaleBytes) {
        super(block, ROWS * (scaleBytes + block / group * groupScaleBytes + block * bits / 8));
        this.group = group;
        this.bits = bits;
        this.codes = ROWS * (scaleBytes + groupScaleBytes);
        this.groupScales = ROWS * groupScaleBytes;
    }

    /** Bytes of a row's block in the file. */
    abstract int fileBytes();

    /**
     * Packs a block of 32 rows, whose bytes start {@code stride} bytes apart, the first row's at {@code from}.
     *
     * @param planes room for the planes of a block
     * @return whether all half-precision numbers of the block are finite
     */
    abstract boolean packBlock(byte[] rows, int from, int stride, byte[] panel, int at, long[] planes);

    /**
     * Computes a panel's scales d and minima in a block, {@link #SCALES} floats a group: d from {@code so} on, and
     * {@code m + shift * d} from {@code so +} {@link #MINIMA} on. Types that have no minima take m for 0; where the
     * shift is 0 as well, they may leave anything there. Layouts with a table of values have no use for a shift: they ignore it, and
     * leave anything there in any case.
     */
    abstract void scales(byte[] panel, int at, float shift, float[] s, int so);

    /** The shift for the loops of {@link Codes}: codes of 4 and 5 bits without minima mean {@code q * d - zero * d}. */
    final float shift() {
        return bits <= 5 && !hasMinima() ? -zero() : 0;
    }

    /** The shift for {@link ShortTile}: its codes mean {@code (q - zero) * d}, and so there is more to a minimum. */
    final float shortShift() {
        return hasMinima() ? zero() : 0;
    }

    /** {@link #scales} of the blocks with columns {@code from} to {@code from + n - 1}, whole blocks or a part of one. */
    private void scales(byte[] panel, int at, int from, int n, float shift, float[] s, int so) {
        for (int b = 0; b < Math.max(1, n / block); b++) {
            scales(panel, blockAt(at, from) + b * blockBytes, shift, s, so + b * (block / group) * SCALES);
        }
    }

    /** Where those of column {@code from} stand then, counted from the first. */
    final int scalesAt(int from) {
        return from % block / group * SCALES;
    }

    /** Where the block of column {@code from} starts in a panel that starts at {@code at}. */
    final int blockAt(int at, int from) {
        return at + from / block * blockBytes;
    }

    /** Where the codes of the unit stand that column {@code from} is in. */
    final int codesAt(int at, int from) {
        return blockAt(at, from) + codes + from % block / UNIT * (unitBytes() + groupScales);
    }

    /** Bytes from a group's codes to those of the next, of the same block or not. */
    final int groupStep() {
        return block == group ? blockBytes : groupBytes() + groupScales;
    }

    /** Bytes of a group's codes in a panel. */
    final int groupBytes() {
        return ROWS * group * bits / 8;
    }

    /** Bytes of a unit's codes in a panel. */
    final int unitBytes() {
        return ROWS * UNIT * bits / 8;
    }

    @Override
    boolean pack(byte[] rows, int from, int rowBytes, int columns, byte[] panel, int at, long[] planes) {
        boolean finite = true;
        for (int b = 0; b < columns / block; b++) {
            finite &= packBlock(rows, from + b * fileBytes(), rowBytes, panel, at + b * blockBytes, planes);
        }
        return finite;
    }

    /** The code of column {@code c} of a row, counted from the unit whose codes start at {@code at}. */
    int code(byte[] panel, int at, int c, int lane) {
        if (bits == 8) {
            return panel[at + c * ROWS + lane];
        }
        if (bits == 4) {
            return number(panel, at, c / 8, lane) >> 8 * (c % 4) + 4 * (c / 4 % 2) & 15;
        }
        // Of 3 and 5 bits: as many to a half as fit, and of the last two codes a bit in each number.
        int half = 15 / bits;
        if (c < 30) {
            return number(panel, at, c / (2 * half), lane) >> bits * (c % half) + 16 * (c / half % 2) & (1 << bits) - 1;
        }
        int q = 0;
        for (int i = 0; i < bits; i++) {
            q |= (number(panel, at, i, lane) >> 15 + 16 * (c % 2) & 1) << i;
        }
        return q;
    }

    /** A row's number {@code i} of those that start at {@code at}. */
    static int number(byte[] panel, int at, int i, int lane) {
        return (int) BytePlanes.INT.get(panel, at + (i * ROWS + lane) * Integer.BYTES);
    }

    @Override
    void row(byte[] panel, int at, int columns, int lane, float[] out, int offset) {
        float[] s = new float[SCALES * Expansion.GROUPS];
        for (int b = 0; b < columns / block; b++) {
            scales(panel, at + b * blockBytes, 0, s, 0);
            for (int c = 0; c < block; c++) {
                int q = code(panel, codesAt(at, b * block + c), c % UNIT, lane);
                int scales = c / group * SCALES + lane;
                out[offset + b * block + c] = weight(q, s[scales], s[scales + MINIMA]);
            }
        }
    }

    /** What a code means. */
    float weight(int q, float scale, float minimum) {
        return hasMinima() ? Math.fma(q, scale, minimum) : (q - zero()) * scale;
    }

    @Override
    void expand(byte[] panel, int at, int from, int n, float[] out, int to, Scratch scratch) {
        scales(panel, at, from, n, shift(), scratch.scales, 0);
        expandUnits(panel, at, from, n, scratch.scales, scalesAt(from), out, to);
    }

    /** Expands {@code n} columns whose scales start at {@code so} to {@code out[to + k * 32 + row]}. */
    void expandUnits(
            byte[] q, int at, int from, int n, float[] s, int so, float[] out, int to) {
        int qo = codesAt(at, from);
        int stride = groupStep();
        int groups = n / group;
        for (int strip = 0; strip < ROWS; strip += Simd.STRIP) {
            int numbers = qo + 4 * strip;
            int scale = so + strip;
            switch (bits) {
                case 2 -> Codes.expand2(q, numbers, stride, groups, false, s, scale, out, to + strip);
                case 4 -> Codes.expand4(q, numbers, stride, groups, group, s, scale, out, to + strip);
                case 5 -> Codes.expand5(q, numbers, stride, groups, s, scale, out, to + strip);
                case 6 -> Codes.expand6(q, numbers, stride, groups, s, scale, out, to + strip);
                default -> Codes.expand8(q, qo + strip, stride, groups, group, s, scale, out, to + strip);
            }
        }
    }

    @Override
    void dot(byte[] panel, int[] at, int pairs, int columns, float[] x, float[] y, int yo, Scratch scratch) {
        // Block by block, so that all panels are read from front to back: processors fetch ahead of such reads alone.
        for (int from = 0; from < columns; from += block) {
            for (int pair = 0; pair < pairs; pair++) {
                int a = blockAt(at[2 * pair], from);
                int b = blockAt(at[2 * pair + 1], from);
                scales(panel, a, shift(), scratch.scales, 0);
                scales(panel, b, shift(), scratch.scales, ROWS);
                dotBlock(panel, a + codes, b + codes, scratch.scales, x, from, y, yo + 2 * pair * ROWS);
            }
        }
    }

    /** {@link #dot} for codes without a loop that multiplies them as it unpacks: a unit of both panels at a time becomes f32. */
    final void dotUnits(
            byte[] panel, int[] at, int pairs, int columns, float[] x, float[] y, int yo, Scratch scratch) {
        float[] s = scratch.scales;
        float[] w = scratch.weights;
        for (int from = 0; from < columns; from += block) {
            for (int pair = 0; pair < pairs; pair++) {
                int a = at[2 * pair];
                int b = at[2 * pair + 1];
                scales(panel, blockAt(a, from), shift(), s, 0);
                scales(panel, blockAt(b, from), shift(), s, ROWS);
                for (int c = 0; c < block; c += UNIT) {
                    expandUnits(panel, a, from + c, UNIT, s, scalesAt(c), w, 0);
                    expandUnits(panel, b, from + c, UNIT, s, scalesAt(c) + ROWS, w, UNIT * ROWS);
                    dot(w, UNIT, x, from + c, y, yo + 2 * pair * ROWS);
                }
            }
        }
    }

    /** Multiplies a block of two panels, whose codes start at {@code qa} and {@code qb}, with a lone token. */
    void dotBlock(byte[] q, int qa, int qb, float[] s, float[] x, int xo, float[] y, int yo) {
        int groups = block / group;
        int stride = groupStep();
        for (int strip = 0; strip < ROWS; strip += Simd.STRIP) {
            int sb = strip + ROWS;
            // Numbers of 32 bits, but for the bytes of Q8_0.
            int a = qa + 4 * strip;
            int b = qb + 4 * strip;
            int to = yo + strip;
            switch (bits) {
                case 4 -> Codes.dot4(q, a, b, stride, groups, group, s, strip, sb, x, xo, y, to);
                case 5 -> Codes.dot5(q, a, b, stride, groups, s, strip, sb, x, xo, y, to);
                case 6 -> Codes.dot6(q, a, b, groups, s, strip, sb, x, xo, y, to);
                default -> Codes.dot8(q, qa + strip, qb + strip, stride, groups, group, s, strip, sb, x, xo, y, to);
            }
        }
    }

    @Override
    Rounding rounding() {
        return switch (bits) {
            case 4 -> Rounding.SHORT;
            case 5 -> Rounding.SHORTER;
            default -> Rounding.NONE;
        };
    }

    /** Whether groups have minima; else a code means {@code q - zero()}. */
    abstract boolean hasMinima();

    /** The code in the middle, which means 0 where there are no minima. */
    final int zero() {
        return bits == 8 ? 0 : 1 << bits - 1;
    }

    @Override
    void roundedExpand(byte[] panel, int first, int second, int from, int n, Expansion to, Scratch scratch) {
        scales(panel, first, from, n, shortShift(), to.scales, 0);
        scales(panel, second, from, n, shortShift(), to.scales, ROWS);
        ShortTile.expand(panel, codesAt(first, from), groupStep(), n / group, bits, to.codes, 0);
        ShortTile.expand(panel, codesAt(second, from), groupStep(), n / group, bits, to.codes, ROWS);
    }

    @Override
    void roundedMultiply(
            Activations x, int token, int tokens, int from, int n, Expansion w, float[] y, int yo, Scratch scratch) {
        int at = token * x.columns + from * Tile.SIZE;
        ShortTile.multiply(
                x.rounded(bits), at, at / group, n / group, tokens, w.codes, w.scales, scalesAt(from), hasMinima(),
                scratch.shortSums, y, yo);
    }
}
