package dev.skim.tensor;

/**
 * Activations rounded to 8 bits in groups of 32 columns: {@code x = scale * code} with codes of -127 to 127 and the scale
 * such that the largest in size is 127. Tiles of 32 tokens are interleaved, as in {@link Activations}; a lone token
 * stands as it is.
 */
final class RoundedActivations {
    private static final int GROUP = ShortTile.GROUP;

    /** 1.5 x 2^23: adding it rounds to the nearest integer, ties to even. */
    private static final float ROUND = 0x1.8p23f;

    /** The codes, each twice in an int, so that a broadcast fills 16-bit lanes: {@code [tile][column][32]}. */
    int[] codes = new int[0];

    /** What the sums of {@link ShortTile} start from: -8 times the group's sum of codes, twice in an int: {@code [tile][group][32]}. */
    int[] starts = new int[0];

    /** {@code [tile][group][32]}. */
    float[] scales = new float[0];

    /** The groups' sums of rounded activations: {@code [tile][group][32]}. */
    float[] sums = new float[0];

    /** Rounds {@code tokens} rows of {@code columns} elements, whole groups. */
    void set(float[] source, int offset, int stride, int tokens, int columns, Workers workers) {
        int padded = tokens == 1 ? 1 : (tokens + Tile.SIZE - 1) / Tile.SIZE * Tile.SIZE;
        int size = Math.multiplyExact(padded, columns);
        if (codes.length < size) {
            codes = new int[size];
            starts = new int[size / GROUP];
            scales = new float[size / GROUP];
            sums = new float[size / GROUP];
        }
        if (tokens == 1) {
            for (int g = 0; g < columns / GROUP; g++) {
                round(source, offset + g * GROUP, g * GROUP, 1, g);
            }
            return;
        }
        workers.run(tokens, 8, (begin, end, worker) -> {
            for (int t = begin; t < end; t++) {
                int tile = t / Tile.SIZE * Tile.SIZE * columns;
                int lane = t % Tile.SIZE;
                for (int g = 0; g < columns / GROUP; g++) {
                    round(
                            source, offset + t * stride + g * GROUP,
                            tile + g * GROUP * Tile.SIZE + lane, Tile.SIZE, tile / GROUP + g * Tile.SIZE + lane);
                }
            }
        });
    }

    private void round(float[] source, int from, int to, int step, int set) {
        float top = 0;
        for (int i = 0; i < GROUP; i++) {
            top = Math.max(top, Math.abs(source[from + i]));
        }
        float scale = top / 127;
        float inverse = top == 0 ? 0 : 127 / top;
        int sum = 0;
        for (int i = 0; i < GROUP; i++) {
            int code = Float.floatToRawIntBits(source[from + i] * inverse + ROUND) - Float.floatToRawIntBits(ROUND);
            sum += code;
            codes[to + i * step] = code << 16 | code & 0xffff;
        }
        starts[set] = -8 * sum << 16 | -8 * sum & 0xffff;
        scales[set] = scale;
        sums[set] = scale * sum;
    }
}
