package dev.skim.tensor;

/**
 * Q6_K: blocks of 256 columns with one half-precision factor and sixteen signed 8-bit scales;
 * {@code w = d * scale * (q - 32)}.
 */
final class KQuant6 extends QuantLayout {
    private static final int GROUP_SCALES = 64;

    KQuant6() {
        super(256, 16, 6, 18);
    }

    @Override
    boolean hasMinima() {
        return false;
    }

    @Override
    int fileBytes() {
        return 210;
    }

    @Override
    void pack(long[] planes, int plane, byte[] panel, int at) {
        BytePlanes.putShorts(planes, plane + 208, panel, at);
        BytePlanes.put(planes, plane + 192, 16, panel, at + GROUP_SCALES);
        for (int g = 0; g < 16; g++) {
            int half = g / 8;
            int to = at + codes + g * groupBytes();
            if (g % 8 < 4) {
                // The high nibbles are 64 columns further on: four groups.
                BytePlanes.putNibbles(planes, plane + half * 64 + g % 8 * 16, 16, panel, to, to + 4 * groupBytes());
            }
            int pairs = plane + 128 + half * 32 + g % 2 * 16;
            BytePlanes.putFields(planes, pairs, 16, 2, g % 8 / 2 * 2, panel, to + 8 * ROWS);
        }
    }

    @Override
    void scales(byte[] panel, int at, float shift, float[] s, int so) {
        // Where minima would stand there is room for the factor.
        Halves.expand(panel, at, ROWS, s, so + MINIMA);
        Halves.multiply(panel, at + GROUP_SCALES, 16, s, so + MINIMA, s, so, SCALES);
    }
}
