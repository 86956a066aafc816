package dev.skim.tensor;

import java.util.EnumSet;
import java.util.Set;

/**
 * A batch of activations laid out for the kernels: tiles of 32 tokens, interleaved ({@code [tile][column][32]}); a lone
 * token stands as it is.
 *
 * <p>Set once, multiplied with several matrices (q, k and v; gate and up). Reused from call to call; grows as needed. Not
 * safe for use by several threads.
 */
public final class Activations {
    private final boolean exact;
    float[] source;
    int offset;
    private int stride;
    private final Set<Rounding> prepared = EnumSet.noneOf(Rounding.class);

    /** The tiles, or the lone token, for products that do not round; where {@link #prepare} has laid them out, as the others. */
    float[] tiles = new float[0];

    /** The same for {@link Legacy8}: of every four columns each but the first less a 256th of the one before it. */
    float[] differences = new float[0];

    private final RoundedActivations short4 = new RoundedActivations(4);
    private final RoundedActivations short5 = new RoundedActivations(5);
    private final WholeActivations whole2 = new WholeActivations(2);
    private final WholeActivations whole4 = new WholeActivations(4);
    private final WholeActivations whole6 = new WholeActivations(6);
    private final WholeActivations whole8 = new WholeActivations(8);
    int tokens;
    int columns;

    /** Makes an empty batch whose products are taken in f32. */
    public Activations() {
        this(true);
    }

    /**
     * Makes an empty batch.
     *
     * @param exact whether all products are one chain of multiply-adds of f32 weights; else those with Q4_0 to Q5_1,
     *     Q2_K to Q6_K, IQ3_XXS, IQ3_S, IQ4_XS, TQ1_0 and TQ2_0 round the activations, and those with Q8_0 are chains of
     *     rounded weights
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
        prepared.clear();
    }

    /** Whether a product with this layout is to round. */
    boolean rounds(PanelLayout layout) {
        return !exact && layout.rounding() != Rounding.NONE;
    }

    /** The activations that codes of 4 or 5 bits are multiplied with where products round. */
    RoundedActivations rounded(int bits) {
        return bits == 5 ? short5 : short4;
    }

    /** The activations that weights with whole scales are multiplied with where products round. */
    WholeActivations whole(Rounding rounding) {
        return switch (rounding) {
            case WHOLE -> whole6;
            case WHOLE_OF_2 -> whole2;
            case WHOLE_OF_4 -> whole4;
            case WHOLE_OF_8 -> whole8;
            default -> throw new IllegalArgumentException(rounding.toString());
        };
    }

    /** Lays out what products with this layout need. */
    void prepare(PanelLayout layout, Workers workers) {
        Rounding rounding = exact ? Rounding.NONE : layout.rounding();
        if (prepared.contains(rounding)) {
            return;
        }
        switch (rounding) {
            case NONE -> tiles = interleave(tiles, false, workers);
            case SHORT -> short4.set(this, workers);
            case SHORTER -> short5.set(this, workers);
            case WHOLE, WHOLE_OF_2, WHOLE_OF_4, WHOLE_OF_8 -> whole(rounding).set(this, workers);
            case DIFFERENCES -> differences = interleave(differences, true, workers);
        }
        // Last: memory may end in between.
        prepared.add(rounding);
    }

    /** Returns {@code room}, or a larger array. */
    private float[] interleave(float[] room, boolean differ, Workers workers) {
        int size = tokens == 1 ? columns : Math.multiplyExact(tileCount() * Tile.SIZE, columns);
        float[] target = room.length < size ? new float[size] : room;
        if (tokens == 1) {
            System.arraycopy(source, offset, target, 0, columns);
            if (differ) {
                Legacy8.differenceLone(target, columns);
            }
            return target;
        }
        workers.run(tileCount(), 1, (begin, end, worker) -> {
            for (int tile = begin; tile < end; tile++) {
                // Some columns at a time, which are still in the cache when they are needed again.
                for (int from = 0; from < columns; from += PanelLayout.CHUNK) {
                    int width = Math.min(PanelLayout.CHUNK, columns - from);
                    int to = (tile * columns + from) * Tile.SIZE;
                    interleave(tile, from, width, target, to);
                    if (differ) {
                        Legacy8.difference(target, to, width);
                    }
                }
            }
        });
        return target;
    }

    /** Interleaves columns {@code from} to {@code from + width - 1} of a tile's tokens: {@code target[to + (c - from) * 32 + lane]}. */
    void interleave(int tile, int from, int width, float[] target, int to) {
        int first = tile * Tile.SIZE;
        int n = Math.min(Tile.SIZE, tokens - first);
        Tile.interleave(source, offset + first * stride + from, stride, n, width, target, to);
    }

    /** Tiles of a batch. */
    int tileCount() {
        return (tokens + Tile.SIZE - 1) / Tile.SIZE;
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
