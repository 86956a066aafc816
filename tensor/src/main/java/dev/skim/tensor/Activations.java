package dev.skim.tensor;

/**
 * A batch of activation columns laid out for the kernels: tiles of 8 tokens, interleaved ({@code [tile][column][8]}).
 *
 * <p>Set once, multiplied with several matrices (q, k and v; gate and up). Reused from call to call; grows as needed.
 */
public final class Activations {
    /** Tokens in a tile. */
    public static final int TILE = 8;

    float[] tiles = new float[0];
    int tokens;
    int columns;

    /**
     * Takes {@code tokens} rows of {@code columns} elements: row t starts at {@code offset + t * stride}.
     */
    public void set(float[] source, int offset, int stride, int tokens, int columns, Workers workers) {
        int count = (tokens + TILE - 1) / TILE;
        int size = Math.multiplyExact(count * TILE, columns);
        if (tiles.length < size) {
            tiles = new float[size];
        }
        this.tokens = tokens;
        this.columns = columns;
        for (int t = 0; t < count * TILE; t++) {
            int base = t / TILE * TILE * columns + t % TILE;
            for (int c = 0; c < columns; c++) {
                tiles[base + c * TILE] = t < tokens ? source[offset + t * stride + c] : 0;
            }
        }
    }

    /** Tokens in the batch. */
    public int tokens() {
        return tokens;
    }

    /** Elements of a token's column. */
    public int columns() {
        return columns;
    }
}
