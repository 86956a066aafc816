package dev.skim.tensor;

/**
 * A batch of activations laid out for the kernels: tiles of 32 tokens, interleaved ({@code [tile][column][32]}); a lone
 * token stands as it is.
 *
 * <p>Set once, multiplied with several matrices (q, k and v; gate and up). Reused from call to call; grows as needed. Not
 * safe for use by several threads.
 */
public final class Activations {
    float[] tiles = new float[0];
    int tokens;
    int columns;

    /**
     * Takes {@code tokens} rows of {@code columns} elements: row t starts at {@code offset + t * stride} of
     * {@code source}.
     */
    public void set(float[] source, int offset, int stride, int tokens, int columns, Workers workers) {
        this.tokens = tokens;
        this.columns = columns;
        if (tokens == 1) {
            reserve(columns);
            System.arraycopy(source, offset, tiles, 0, columns);
            return;
        }
        int count = (tokens + Tile.SIZE - 1) / Tile.SIZE;
        reserve(Math.multiplyExact(count * Tile.SIZE, columns));
        workers.run(count, 1, (begin, end, worker) -> {
            for (int tile = begin; tile < end; tile++) {
                int first = tile * Tile.SIZE;
                int n = Math.min(Tile.SIZE, tokens - first);
                Tile.interleave(source, offset + first * stride, stride, n, columns, tiles, first * columns);
            }
        });
    }

    private void reserve(int size) {
        if (tiles.length < size) {
            tiles = new float[size];
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
