package dev.skim.tensor;

import jdk.incubator.vector.FloatVector;

/**
 * The layout of quantised types whose weights are {@code q * scale + minimum} with a scale for each group of columns.
 *
 * <p>A block holds its 32 rows' scales side by side and then, group by group, the codes: for every pair of columns 32
 * bytes with two 4-bit codes each, then the fifth or the fifth and sixth bits; 8-bit codes stand as signed bytes.
 */
abstract class QuantLayout extends PanelLayout {
    /** Columns that a lone token's product unpacks in one go, where it does. */
    private static final int UNPACKED = 32;

    /** Where the scales of the second of two panels start in {@link Scratch#scales}. */
    private static final int SECOND = Scratch.GROUPS * 64;

    /** Columns that share a scale. */
    final int group;

    /** Bits of a code: 4, 5, 6 or 8. */
    final int bits;

    /** Where the codes start in a panel's block. */
    final int codes;

    /** Whether the loops of {@link Codes} take the codes where they stand; else they become bytes first. */
    private final boolean inPlace;

    QuantLayout(int block, int group, int bits, int scaleBytes) {
        super(block, ROWS * (scaleBytes + block * bits / 8));
        this.group = group;
        this.bits = bits;
        this.codes = ROWS * scaleBytes;
        this.inPlace = bits == 4 || bits == 8;
    }

    /** Bytes of a row's block in the file. */
    abstract int fileBytes();

    /** Packs a block of 32 rows whose bytes are the planes from {@code plane} on. */
    abstract void pack(long[] planes, int plane, byte[] panel, int at);

    /**
     * Computes the scales and minima of {@code blocks} blocks: 64 floats a group, 32 scales and 32 minima. Where
     * {@link #hasMinima} is false there are none.
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
                out[offset + b * block + c] =
                        hasMinima() ? Math.fma(q, scale, s[g * 64 + 32 + lane]) : (q - zero()) * scale;
            }
        }
    }

    @Override
    void expand(byte[] panel, int at, int columns, int from, int n, float[] out, Scratch scratch) {
        float[] s = scratch.scales;
        if (block <= CHUNK) {
            int blocks = n / block;
            int base = at + from / block * blockBytes;
            exactScales(panel, base, blocks, s, 0);
            expandGroups(panel, base + codes, n / group, blockBytes, s, 0, out, scratch);
        } else {
            int base = at + from / block * blockBytes;
            exactScales(panel, base, 1, s, 0);
            int g = from % block / group;
            expandGroups(panel, base + codes + g * groupBytes(), n / group, groupBytes(), s, g * 64, out, scratch);
        }
    }

    private void expandGroups(
            byte[] panel, int at, int groups, int step, float[] s, int so, float[] out, Scratch scratch) {
        byte[] q = panel;
        int qo = at;
        int stride = step;
        if (!inPlace) {
            unpack(panel, at, groups, step, scratch.bytes, 0);
            q = scratch.bytes;
            qo = 0;
            stride = group * ROWS;
        }
        for (int strip = 0; strip < ROWS; strip += Simd.STRIP) {
            if (bits == 4) {
                Codes.expand4(q, qo + strip, stride, groups, group, s, so + strip, out, strip);
            } else if (hasMinima()) {
                Codes.expand8Minima(q, qo + strip, stride, groups, group, s, so + strip, out, strip);
            } else {
                Codes.expand8(q, qo + strip, stride, groups, group, s, so + strip, out, strip);
            }
        }
    }

    private void unpack(byte[] panel, int at, int groups, int step, byte[] bytes, int to) {
        Codes.unpack(panel, at, step, groups, group, bits - 4, hasMinima() ? 0 : zero(), bytes, to);
    }

    @Override
    void dot(byte[] panel, int first, int second, int columns, float[] x, float[] y, int yo, Scratch scratch) {
        // Block by block, so that both panels are read from front to back: processors fetch ahead of such reads alone.
        for (int from = 0; from < columns; from += block) {
            int a = first + from / block * blockBytes;
            int b = second + from / block * blockBytes;
            exactScales(panel, a, 1, scratch.scales, 0);
            exactScales(panel, b, 1, scratch.scales, SECOND);
            if (inPlace) {
                dotGroups(panel, a + codes, b + codes, block / group, scratch.scales, 0, x, from, y, yo);
                continue;
            }
            int groups = UNPACKED / group;
            for (int g = 0; g < block / group; g += groups) {
                int at = codes + g * groupBytes();
                unpack(panel, a + at, groups, groupBytes(), scratch.bytes, 0);
                unpack(panel, b + at, groups, groupBytes(), scratch.bytes, UNPACKED * ROWS);
                dotGroups(scratch.bytes, 0, UNPACKED * ROWS, groups, scratch.scales, g * 64, x, from + g * group, y, yo);
            }
        }
    }

    private void dotGroups(
            byte[] q, int qa, int qb, int groups, float[] s, int so, float[] x, int xo, float[] y, int yo) {
        int stride = inPlace ? groupBytes() : group * ROWS;
        for (int strip = 0; strip < ROWS; strip += Simd.STRIP) {
            int sa = so + strip;
            int sb = sa + SECOND;
            if (bits == 4) {
                Codes.dot4(q, qa + strip, qb + strip, stride, groups, group, s, sa, sb, x, xo, y, yo + strip);
            } else if (hasMinima()) {
                Codes.dot8Minima(q, qa + strip, qb + strip, stride, groups, group, s, sa, sb, x, xo, y, yo + strip);
            } else {
                Codes.dot8(q, qa + strip, qb + strip, stride, groups, group, s, sa, sb, x, xo, y, yo + strip);
            }
        }
    }

    @Override
    boolean rounds() {
        return bits == 4;
    }

    /** Whether groups have minima; else a code means {@code q - zero()}. */
    abstract boolean hasMinima();

    /** The code in the middle, which means 0 where there are no minima. */
    final int zero() {
        return bits == 8 ? 0 : 1 << bits - 1;
    }

    /** {@link #scales}, and for 4-bit codes without minima what their f32 loops take for one: -8 times the scale. */
    private void exactScales(byte[] panel, int at, int blocks, float[] s, int so) {
        scales(panel, at, blocks, s, so);
        if (bits == 4 && !hasMinima()) {
            for (int g = so; g < so + blocks * block / group * 64; g += 64) {
                for (int r = g; r < g + ROWS; r += Simd.LANES) {
                    FloatVector.fromArray(Simd.F, s, r).mul(-zero()).intoArray(s, r + ROWS);
                }
            }
        }
    }

    /** {@link #scales}, with minima as {@link ShortTile} takes them: those of codes that mean {@code q - 8}. */
    private void shortScales(byte[] panel, int at, int blocks, float[] s, int so) {
        scales(panel, at, blocks, s, so);
        if (hasMinima()) {
            for (int g = so; g < so + blocks * block / group * 64; g += 64) {
                for (int r = g; r < g + ROWS; r += Simd.LANES) {
                    FloatVector.fromArray(Simd.F, s, r)
                            .fma(FloatVector.broadcast(Simd.F, 8f), FloatVector.fromArray(Simd.F, s, r + ROWS))
                            .intoArray(s, r + ROWS);
                }
            }
        }
    }

    @Override
    void roundedDot(
            byte[] panel, int first, int second, int columns, RoundedActivations x, float[] y, int yo, Scratch scratch) {
        for (int from = 0; from < columns; from += block) {
            int a = first + from / block * blockBytes;
            int b = second + from / block * blockBytes;
            shortScales(panel, a, 1, scratch.scales, 0);
            shortScales(panel, b, 1, scratch.scales, SECOND);
            ShortTile.dot(
                    panel, a + codes, b + codes, groupBytes(), block / group, scratch.scales, SECOND, hasMinima(),
                    x, from, from / group, scratch.shortSums, y, yo);
        }
    }

    @Override
    void roundedProduct(
            byte[] panel, int first, int second, int columns, RoundedActivations x, int tokens,
            float[] out, int at, int outStride, Scratch scratch) {
        int step = Math.max(block, CHUNK / block * block);
        int stride = block <= CHUNK ? blockBytes : groupBytes();
        for (int from = 0; from < columns; from += step) {
            int n = Math.min(step, columns - from);
            int a = first + from / block * blockBytes;
            int b = second + from / block * blockBytes;
            shortScales(panel, a, n / block, scratch.scales, 0);
            shortScales(panel, b, n / block, scratch.scales, SECOND);
            ShortTile.expand(panel, a + codes, stride, n / group, scratch.codes, 0);
            ShortTile.expand(panel, b + codes, stride, n / group, scratch.codes, Tile.SIZE);
            for (int t = 0; t < tokens; t += Tile.SIZE) {
                ShortTile.multiply(
                        x, t * columns + from * Tile.SIZE, (t * columns + from * Tile.SIZE) / group, n / group,
                        Math.min(Tile.SIZE, tokens - t), scratch.codes, scratch.scales, SECOND, hasMinima(),
                        scratch.shortSums, out, at + t * outStride, outStride);
            }
        }
    }
}
