package dev.skim.tensor;

/**
 * The layout of quantised types whose weights are {@code q * scale + minimum} with a scale for each group of columns.
 *
 * <p>A block holds its 32 rows' scales side by side and then, group by group, the codes: for every pair of columns 32
 * bytes with two 4-bit codes each, then the fifth or the fifth and sixth bits; 8-bit codes stand as signed bytes.
 */
abstract class QuantLayout extends PanelLayout {
    /** Columns that share a scale. */
    final int group;

    /** Bits of a code: 4, 5, 6 or 8. */
    final int bits;

    /** Where the codes start in a panel's block. */
    final int codes;

    QuantLayout(int block, int group, int bits, int scaleBytes) {
        super(block, ROWS * (scaleBytes + block * bits / 8));
        this.group = group;
        this.bits = bits;
        this.codes = ROWS * scaleBytes;
    }

    /** Bytes of a row's block in the file. */
    abstract int fileBytes();

    /** Packs a block of 32 rows whose bytes are the planes from {@code plane} on. */
    abstract void pack(long[] planes, int plane, byte[] panel, int at);

    /**
     * Computes the scales and minima of {@code blocks} blocks: 64 floats a group, 32 scales and 32 minima. 8-bit types
     * have no minima.
     */
    abstract void scales(byte[] panel, int at, int blocks, float[] s, int so);

    /** Bytes of a group's codes in a panel. */
    final int groupBytes() {
        return ROWS * group * bits / 8;
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

    private int code(byte[] panel, int base, int c) {
        if (bits == 8) {
            return panel[base + c * ROWS];
        }
        int q = panel[base + c / 2 * ROWS] >> 4 * (c & 1) & 15;
        int extra = bits - 4;
        if (extra != 0) {
            int each = 8 / extra;
            int high = panel[base + group / 2 * ROWS + c / each * ROWS] & 0xff;
            q |= (high >> c % each * extra & (1 << extra) - 1) << 4;
        }
        return q;
    }

    @Override
    void row(byte[] panel, int at, int columns, int lane, float[] out, int offset) {
        float[] s = new float[64 * block / group];
        for (int b = 0; b < columns / block; b++) {
            int base = at + b * blockBytes;
            scales(panel, base, 1, s, 0);
            for (int c = 0; c < block; c++) {
                int g = c / group;
                int q = code(panel, base + codes + g * groupBytes() + lane, c % group);
                float scale = s[g * 64 + lane];
                out[offset + b * block + c] = bits == 8 ? q * scale : Math.fma(q, scale, s[g * 64 + 32 + lane]);
            }
        }
    }

    @Override
    void expand(byte[] panel, int at, int columns, int from, int n, float[] out, Scratch scratch) {
        float[] s = scratch.scales;
        if (block <= CHUNK) {
            int blocks = n / block;
            int base = at + from / block * blockBytes;
            scales(panel, base, blocks, s, 0);
            expandGroups(panel, base + codes, n / group, blockBytes, s, 0, out);
        } else {
            int base = at + from / block * blockBytes;
            scales(panel, base, 1, s, 0);
            int g = from % block / group;
            expandGroups(panel, base + codes + g * groupBytes(), n / group, groupBytes(), s, g * 64, out);
        }
    }

    private void expandGroups(byte[] q, int qo, int groups, int stride, float[] s, int so, float[] out) {
        for (int strip = 0; strip < ROWS; strip += Simd.STRIP) {
            switch (bits) {
                case 4 -> Codes.expand4(q, qo + strip, stride, groups, group, s, so + strip, out, strip);
                case 5 -> Codes.expand5(q, qo + strip, stride, groups, group, s, so + strip, out, strip);
                case 6 -> Codes.expand6(q, qo + strip, stride, groups, group, s, so + strip, out, strip);
                default -> Codes.expand8(q, qo + strip, stride, groups, group, s, so + strip, out, strip);
            }
        }
    }

    @Override
    void dot(byte[] panel, int first, int second, int columns, float[] x, float[] y, int yo, Scratch scratch) {
        float[] s = scratch.scales;
        int step = Math.max(block, CHUNK / block * block);
        int second0 = step / group * 64;
        int stride = block <= CHUNK ? blockBytes : groupBytes();
        for (int from = 0; from < columns; from += step) {
            int n = Math.min(step, columns - from);
            int a = first + from / block * blockBytes;
            int b = second + from / block * blockBytes;
            scales(panel, a, n / block, s, 0);
            scales(panel, b, n / block, s, second0);
            for (int strip = 0; strip < ROWS; strip += Simd.STRIP) {
                int qa = a + codes + strip;
                int qb = b + codes + strip;
                int sb = second0 + strip;
                switch (bits) {
                    case 4 -> Codes.dot4(panel, qa, qb, stride, n / group, group, s, strip, sb, x, from, y, yo + strip);
                    case 5 -> Codes.dot5(panel, qa, qb, stride, n / group, group, s, strip, sb, x, from, y, yo + strip);
                    case 6 -> Codes.dot6(panel, qa, qb, stride, n / group, group, s, strip, sb, x, from, y, yo + strip);
                    default -> Codes.dot8(panel, qa, qb, stride, n / group, group, s, strip, sb, x, from, y, yo + strip);
                }
            }
        }
    }

    @Override
    boolean rounds() {
        return bits == 4;
    }

    /** Whether groups have minima beyond those of codes that mean {@code q - 8}. */
    boolean hasMinima() {
        return true;
    }

    @Override
    void roundedDot(
            byte[] panel, int first, int second, int columns, RoundedActivations x, float[] y, int yo, Scratch scratch) {
        int step = Math.max(block, CHUNK / block * block);
        int second0 = step / group * 64;
        int stride = block <= CHUNK ? blockBytes : groupBytes();
        for (int from = 0; from < columns; from += step) {
            int n = Math.min(step, columns - from);
            int a = first + from / block * blockBytes;
            int b = second + from / block * blockBytes;
            scales(panel, a, n / block, scratch.scales, 0);
            scales(panel, b, n / block, scratch.scales, second0);
            ShortTile.dot(
                    panel, a + codes, b + codes, stride, n / group, scratch.scales, second0, hasMinima(),
                    x, from, from / group, scratch.shortSums, y, yo);
        }
    }

    @Override
    void roundedProduct(
            byte[] panel, int first, int second, int columns, RoundedActivations x, int tokens,
            float[] out, int at, int outStride, Scratch scratch) {
        int step = Math.max(block, CHUNK / block * block);
        int second0 = step / group * 64;
        int stride = block <= CHUNK ? blockBytes : groupBytes();
        for (int from = 0; from < columns; from += step) {
            int n = Math.min(step, columns - from);
            int a = first + from / block * blockBytes;
            int b = second + from / block * blockBytes;
            scales(panel, a, n / block, scratch.scales, 0);
            scales(panel, b, n / block, scratch.scales, second0);
            ShortTile.expand(panel, a + codes, stride, n / group, scratch.codes, 0);
            ShortTile.expand(panel, b + codes, stride, n / group, scratch.codes, Tile.SIZE);
            for (int t = 0; t < tokens; t += Tile.SIZE) {
                ShortTile.multiply(
                        x, t * columns + from * Tile.SIZE, (t * columns + from * Tile.SIZE) / group, n / group,
                        Math.min(Tile.SIZE, tokens - t), scratch.codes, scratch.scales, second0, hasMinima(),
                        scratch.shortSums, out, at + t * outStride, outStride);
            }
        }
    }
}
