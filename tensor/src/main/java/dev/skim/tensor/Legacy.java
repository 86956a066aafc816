package dev.skim.tensor;

/**
 * Q4_0, Q4_1, Q5_0, Q5_1 and Q8_0 ({@link Legacy8} is faster): blocks of 32 columns with a half-precision scale and, for the
 * types that end in 1, a half-precision minimum; the others subtract a constant from the code.
 */
final class Legacy extends QuantLayout {
    private final ElementType type;
    private final boolean minimum;

    Legacy(ElementType type, int bits) {
        super(32, 32, bits, hasMinimum(type) ? 4 : 2);
        this.type = type;
        this.minimum = hasMinimum(type);
    }

    private static boolean hasMinimum(ElementType type) {
        return type == ElementType.Q4_1 || type == ElementType.Q5_1;
    }

    @Override
    boolean hasMinima() {
        return minimum;
    }

    @Override
    int fileBytes() {
        return type.blockBytes();
    }

    @Override
    boolean packBlock(byte[] rows, int from, int stride, byte[] panel, int at, long[] planes) {
        int fields = minimum ? 2 : 1;
        boolean finite = true;
        for (int field = 0; field < fields; field++) {
            finite &= BytePlanes.putFactors(rows, from + 2 * field, stride, panel, at + field * 2 * ROWS);
        }
        int rest = from + 2 * fields;
        int to = at + codes;
        switch (bits) {
            // Byte i has the codes of columns i and 16 + i.
            case 4 -> BytePlanes.putEights(rows, rest, stride, 16, panel, to, to + unitBytes() / 2);
            case 5 -> BytePlanes.putFives(rows, rest, stride, panel, to);
            default -> {
                BytePlanes.gather(rows, rest, stride, 32, planes);
                BytePlanes.put(planes, 0, 32, panel, to);
            }
        }
        return finite;
    }

    @Override
    void scales(byte[] panel, int at, float shift, float[] s, int so) {
        if (minimum) {
            Halves.scalesAndMinima(panel, at, shift, s, so);
        } else if (shift != 0) {
            Halves.scales(panel, at, shift, s, so);
        } else {
            Halves.expand(panel, at, ROWS, s, so);
        }
    }

    @Override
    void roundedDot(
            byte[] panel, int[] at, int pairs, int columns, Activations x, float[] y, int yo, Scratch scratch) {
        int[] sums = scratch.halves;
        RoundedActivations rounded = x.rounded(bits);
        // A block is a group, and so its scales are used once: they become f32 as they are.
        for (int set = 0, add = 0; set < columns / block; set++, add += blockBytes) {
            float scale = rounded.scales[set];
            float sum = rounded.sums[set];
            ShortTile.sum(panel, at, pairs, add + codes, rounded, set, sums);
            for (int i = 0; i < 2 * pairs; i++) {
                Halves.add(panel, at[i] + add, minimum, shortShift(), sums, i * ROWS, scale, sum, y, yo + i * ROWS);
            }
        }
    }
}
