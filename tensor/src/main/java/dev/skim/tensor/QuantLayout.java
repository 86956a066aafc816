package dev.skim.tensor;

/**
 * The layout of quantised types whose weights are {@code q * scale + minimum} with a scale for each group of columns.
 *
 * <p>A block holds its 32 rows' scales side by side and then the codes column by column. 4-bit codes: for every four
 * columns 32 numbers of 16 bits. 5- and 6-bit codes: for every pair of columns 32 bytes with four bits of each, and after
 * every eight columns 32 bytes with their fifth bits, or after every four with their fifth and sixth. 8-bit codes: signed
 * bytes. So a product reads a panel from front to back.
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

    /** Bits of a code: 4, 5, 6 or 8. */
    final int bits;

    /** Where the codes start in a panel's block. */
    final int codes;

    /** Pairs of columns between what is more than 4 bits of a code. */
    final int pairs;

    /** Whether the loops of {@link Codes} take the codes where they stand; else they become bytes first. */
    private final boolean inPlace;

    QuantLayout(int block, int group, int bits, int scaleBytes) {
        super(block, ROWS * (scaleBytes + block * bits / 8));
        this.group = group;
        this.bits = bits;
        this.codes = ROWS * scaleBytes;
        this.pairs = bits == 5 ? 4 : bits == 6 ? 2 : UNIT;
        this.inPlace = bits == 4 || bits == 8;
    }

    /** Bytes of a row's block in the file. */
    abstract int fileBytes();

    /** Packs a block of 32 rows whose bytes are the planes from {@code plane} on. */
    abstract void pack(long[] planes, int plane, byte[] panel, int at);

    /**
     * Computes a panel's scales d and minima in a block, {@link #SCALES} floats a group: d from {@code so} on, and
     * {@code m + shift * d} from {@code so +} {@link #MINIMA} on. Types that have no minima take m for 0; where the
     * shift is 0 as well, they may leave anything there.
     */
    abstract void scales(byte[] panel, int at, float shift, float[] s, int so);

    /** {@link #scales} as the loops of {@link Codes} take them: 4-bit codes without minima mean {@code q * d - 8 * d}. */
    private void scales(byte[] panel, int at, float[] s, int so) {
        scales(panel, at, bits == 4 && !hasMinima() ? -zero() : 0, s, so);
    }

    /** {@link #scales} as {@link ShortTile} takes them: its codes mean {@code (q - 8) * d}, and so there is more to a minimum. */
    private void shortScales(byte[] panel, int at, float[] s, int so) {
        scales(panel, at, hasMinima() ? 8 : 0, s, so);
    }

    /** Bytes of a unit's codes in a panel. */
    final int unitBytes() {
        return ROWS * UNIT * bits / 8;
    }

    @Override
    void pack(byte[] rows, int rowBytes, int columns, byte[] panel, int at, long[] planes) {
        // Four blocks at a time, where they are short: their bytes are a multiple of 8.
        int step = block <= 32 ? 4 : 1;
        for (int b = 0; b < columns / block; b += step) {
            int n = Math.min(step, columns / block - b);
            BytePlanes.gather(rows, b * fileBytes(), rowBytes, n * fileBytes(), planes);
            for (int i = 0; i < n; i++) {
                pack(planes, i * fileBytes(), panel, at + (b + i) * blockBytes);
            }
        }
    }

    private int code(byte[] panel, int at, int c, int lane) {
        if (bits == 8) {
            return panel[at + c * ROWS + lane];
        }
        int pair = c / 2;
        if (bits == 4) {
            return panel[at + c / 4 * 2 * ROWS + 2 * lane + (pair & 1)] >> 4 * (c & 1) & 15;
        }
        int low = panel[at + (pair + pair / pairs) * ROWS + lane] >> 4 * (c & 1) & 15;
        int high = panel[at + (pair / pairs * (pairs + 1) + pairs) * ROWS + lane] & 0xff;
        int extra = bits - 4;
        return low | (high >> c % (2 * pairs) * extra & (1 << extra) - 1) << 4;
    }

    @Override
    void row(byte[] panel, int at, int columns, int lane, float[] out, int offset) {
        float[] s = new float[SCALES * block / group];
        for (int b = 0; b < columns / block; b++) {
            int base = at + b * blockBytes;
            scales(panel, base, 0, s, 0);
            for (int c = 0; c < block; c++) {
                int g = c / group;
                int q = code(panel, base + codes + c / UNIT * unitBytes(), c % UNIT, lane);
                float scale = s[g * SCALES + lane];
                out[offset + b * block + c] =
                        hasMinima() ? Math.fma(q, scale, s[g * SCALES + MINIMA + lane]) : (q - zero()) * scale;
            }
        }
    }

    @Override
    void expand(byte[] panel, int at, int columns, int from, int n, float[] out, Scratch scratch) {
        float[] s = scratch.scales;
        if (block <= CHUNK) {
            int blocks = n / block;
            int base = at + from / block * blockBytes;
            for (int b = 0; b < blocks; b++) {
                scales(panel, base + b * blockBytes, s, b * SCALES);
            }
            expandUnits(panel, base + codes, blocks, blockBytes, s, 0, out, scratch);
        } else {
            int base = at + from / block * blockBytes;
            scales(panel, base, s, 0);
            int c = from % block;
            expandUnits(
                    panel, base + codes + c / UNIT * unitBytes(), n / UNIT, unitBytes(), s, c / group * SCALES, out, scratch);
        }
    }

    /** Expands {@code units} units, {@code step} bytes apart, whose scales start at {@code so}. */
    final void expandUnits(
            byte[] panel, int at, int units, int step, float[] s, int so, float[] out, Scratch scratch) {
        byte[] q = panel;
        int qo = at;
        int stride = step;
        int groups = units * (UNIT / group);
        if (!inPlace) {
            unpack(panel, at, units, step, scratch.bytes, 0);
            q = scratch.bytes;
            qo = 0;
            stride = group * ROWS;
        }
        for (int strip = 0; strip < ROWS; strip += Simd.STRIP) {
            if (bits == 4) {
                Codes.expand4(q, qo + 2 * strip, stride, groups, group, s, so + strip, out, strip);
            } else if (hasMinima()) {
                Codes.expand8Minima(q, qo + strip, stride, groups, group, s, so + strip, out, strip);
            } else {
                Codes.expand8(q, qo + strip, stride, groups, group, s, so + strip, out, strip);
            }
        }
    }

    /** Unpacks codes of 5 or 6 bits to signed bytes. */
    final void unpack(byte[] panel, int at, int units, int step, byte[] bytes, int to) {
        Codes.unpack(panel, at, step, units, bits - 4, hasMinima() ? 0 : zero(), bytes, to);
    }

    @Override
    void dot(byte[] panel, int first, int second, int columns, float[] x, float[] y, int yo, Scratch scratch) {
        // Block by block, so that both panels are read from front to back: processors fetch ahead of such reads alone.
        for (int from = 0; from < columns; from += block) {
            int a = first + from / block * blockBytes;
            int b = second + from / block * blockBytes;
            scales(panel, a, scratch.scales, 0);
            scales(panel, b, scratch.scales, ROWS);
            if (inPlace) {
                dotGroups(panel, a + codes, b + codes, block / group, scratch.scales, 0, x, from, y, yo);
                continue;
            }
            for (int c = 0; c < block; c += UNIT) {
                int at = codes + c / UNIT * unitBytes();
                unpack(panel, a + at, 1, 0, scratch.bytes, 0);
                unpack(panel, b + at, 1, 0, scratch.bytes, UNIT * ROWS);
                dotGroups(
                        scratch.bytes, 0, UNIT * ROWS, UNIT / group, scratch.scales, c / group * SCALES, x, from + c, y, yo);
            }
        }
    }

    private void dotGroups(
            byte[] q, int qa, int qb, int groups, float[] s, int so, float[] x, int xo, float[] y, int yo) {
        int stride = inPlace ? unitBytes() : group * ROWS;
        for (int strip = 0; strip < ROWS; strip += Simd.STRIP) {
            int sa = so + strip;
            int sb = sa + ROWS;
            if (bits == 4) {
                Codes.dot4(q, qa + 2 * strip, qb + 2 * strip, stride, groups, group, s, sa, sb, x, xo, y, yo + strip);
            } else if (hasMinima()) {
                Codes.dot8Minima(q, qa + strip, qb + strip, stride, groups, group, s, sa, sb, x, xo, y, yo + strip);
            } else {
                Codes.dot8(q, qa + strip, qb + strip, stride, groups, group, s, sa, sb, x, xo, y, yo + strip);
            }
        }
    }

    @Override
    Rounding rounding() {
        return bits == 4 ? Rounding.SHORT : Rounding.NONE;
    }

    /** Whether groups have minima; else a code means {@code q - zero()}. */
    abstract boolean hasMinima();

    /** The code in the middle, which means 0 where there are no minima. */
    final int zero() {
        return bits == 8 ? 0 : 1 << bits - 1;
    }

    @Override
    void roundedDot(
            byte[] panel, int first, int second, int columns, Activations x, float[] y, int yo, Scratch scratch) {
        for (int from = 0; from < columns; from += block) {
            int a = first + from / block * blockBytes;
            int b = second + from / block * blockBytes;
            shortScales(panel, a, scratch.scales, 0);
            shortScales(panel, b, scratch.scales, ROWS);
            ShortTile.dot(
                    panel, a + codes, b + codes, unitBytes(), block / group, scratch.scales, hasMinima(),
                    x.rounded, from, from / group, scratch.shortSums, y, yo);
        }
    }

    @Override
    void roundedProduct(
            byte[] panel, int first, int second, int columns, Activations x, float[] y, Scratch scratch) {
        int step = Math.max(block, CHUNK / block * block);
        int stride = block <= CHUNK ? blockBytes : unitBytes();
        for (int from = 0; from < columns; from += step) {
            int n = Math.min(step, columns - from);
            int a = first + from / block * blockBytes;
            int b = second + from / block * blockBytes;
            for (int i = 0; i < n / block; i++) {
                shortScales(panel, a + i * blockBytes, scratch.scales, i * block / group * SCALES);
                shortScales(panel, b + i * blockBytes, scratch.scales, i * block / group * SCALES + ROWS);
            }
            ShortTile.expand(panel, a + codes, stride, n / group, scratch.codes, 0);
            ShortTile.expand(panel, b + codes, stride, n / group, scratch.codes, Tile.SIZE);
            for (int t = 0; t < x.tokens; t += Tile.SIZE) {
                ShortTile.multiply(
                        x.rounded, t * columns + from * Tile.SIZE, (t * columns + from * Tile.SIZE) / group, n / group,
                        Math.min(Tile.SIZE, x.tokens - t), scratch.codes, scratch.scales, hasMinima(),
                        scratch.shortSums, y, t * ShortTile.ROWS, ShortTile.ROWS);
            }
        }
    }
}
