package dev.skim.tensor;

/**
 * A batch of activations laid out for the kernels: tiles of 32 tokens, interleaved ({@code [tile][column][32]}); a lone
 * token stands as it is.
 *
 * <p>Set once, multiplied with several matrices (q, k and v; gate and up). Reused from call to call; grows as needed. Not
 * safe for use by several threads.
 */
public final class Activations {
    private final boolean exact;
    private float[] source;
    private int offset;
    private int stride;
    private boolean interleaved;
    private boolean isRounded;
    private boolean isWhole;

    /** The tiles, or the lone token; where {@link #prepare} has laid them out, as the others. */
    float[] tiles = new float[0];

    final RoundedActivations rounded = new RoundedActivations();
    final WholeActivations whole = new WholeActivations();
    int tokens;
    int columns;

    /** Makes an empty batch whose products are taken in f32. */
    public Activations() {
        this(true);
    }

    /**
     * Makes an empty batch.
     *
     * @param exact whether all products are taken in f32; else those with 4-bit weights and with Q6_K round the activations
     */
    public Activations(boolean exact) {
        this.exact = exact;
    }

    /**
     * Takes {@code tokens} rows of {@code columns} elements: row t starts at {@code offset + t * stride} of
     * {@code source}, which must stay as it is until the products are done.
     */
    public void set(float[] source, int offset, int stride, int tokens, int columns) {
        this.source = source;
        this.offset = offset;
        this.stride = stride;
        this.tokens = tokens;
        this.columns = columns;
        interleaved = false;
        isRounded = false;
        isWhole = false;
    }

    /** Whether a product with this layout is to round. */
    boolean rounds(PanelLayout layout) {
        return !exact && layout.rounding() != Rounding.NONE;
    }

    /** Lays out what products with this layout need. */
    void prepare(PanelLayout layout, Workers workers) {
        interleave(workers);
        switch (exact ? Rounding.NONE : layout.rounding()) {
            case NONE -> {}
            case SHORT -> {
                if (!isRounded) {
                    rounded.set(tiles, tokens, columns, workers);
                    isRounded = true;
                }
            }
            case WHOLE -> {
                if (!isWhole) {
                    whole.set(tiles, tokens, columns, workers);
                    isWhole = true;
                }
            }
        }
    }

    private void interleave(Workers workers) {
        if (interleaved) {
            return;
        }
        int count = (tokens + Tile.SIZE - 1) / Tile.SIZE;
        int size = tokens == 1 ? columns : Math.multiplyExact(count * Tile.SIZE, columns);
        if (tiles.length < size) {
            tiles = new float[size];
        }
        if (tokens == 1) {
            System.arraycopy(source, offset, tiles, 0, columns);
        } else {
            workers.run(count, 1, (begin, end, worker) -> {
                for (int tile = begin; tile < end; tile++) {
                    int first = tile * Tile.SIZE;
                    int n = Math.min(Tile.SIZE, tokens - first);
                    Tile.interleave(source, offset + first * stride, stride, n, columns, tiles, first * columns);
                }
            });
        }
        interleaved = true;
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
