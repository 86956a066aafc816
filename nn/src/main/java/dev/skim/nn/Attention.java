package dev.skim.nn;

import dev.skim.tensor.Workers;

/**
 * Causal attention with grouped heads in flash form: pages of 64 keys, a running maximum and sum, no tokens x tokens
 * matrix (Dao et al. 2022, algorithm 1; Milakov and Gimelshein 2018).
 *
 * <p>Two orientations compute the same numbers bit for bit: {@link QueryTiles} for many tokens, with 32 queries in the
 * vectors' lanes, and {@link FewQueries}, with 32 keys or dimensions in them. Both attend over what the cache's
 * {@link KvType} expands to.
 */
public final class Attention {
    private static final int PAGE = KvCache.PAGE;

    final int heads;
    final int kvHeads;

    /** Query heads that share a key-value head. */
    final int group;

    final int headSize;
    final float softCap;
    final int window;

    /** What queries are multiplied with. */
    final float scale;

    /**
     * Attention of one kind of layer.
     *
     * @param scale multiplied with every query, such as 1 / sqrt(headSize)
     * @param softCap scores become {@code softCap * tanh(score / softCap)}; 0 for none
     * @param window how many positions a token sees, itself included; 0 for all
     * @throws IllegalArgumentException when the heads are no whole groups, have no elements, or the window is negative
     */
    public Attention(int heads, int kvHeads, int headSize, float scale, float softCap, int window) {
        if (heads < 1 || kvHeads < 1 || heads % kvHeads != 0) {
            throw new IllegalArgumentException(heads + " heads cannot share " + kvHeads + " key-value heads");
        }
        if (headSize < 1 || window < 0) {
            throw new IllegalArgumentException(
                    "heads of " + headSize + " elements cannot attend to a window of " + window + " positions");
        }
        this.heads = heads;
        this.kvHeads = kvHeads;
        this.group = heads / kvHeads;
        this.headSize = headSize;
        this.softCap = softCap;
        this.window = window;
        this.scale = scale;
    }

    /**
     * Attends from {@code tokens} tokens at positions {@code firstPosition} and on, whose keys and values are in the
     * cache's layer already. Rows beyond them may be there too: not every token of a batch need be computed.
     *
     * @param queries row t of heads x headSize elements at {@code queryOffset + t * queryStride}
     * @param out the same shape
     * @throws IllegalStateException when the layer does not hold the rows up to the last token
     */
    public void apply(
            float[] queries,
            int queryOffset,
            int queryStride,
            int tokens,
            int firstPosition,
            KvCache cache,
            int layer,
            float[] out,
            int outOffset,
            int outStride,
            Workers workers) {
        if (cache.length(layer) < firstPosition + tokens) {
            throw new IllegalStateException("layer " + layer + " holds " + cache.length(layer)
                    + " positions, but attention needs " + (firstPosition + tokens));
        }
        AttentionBatch batch = new AttentionBatch(
                queries, queryOffset, queryStride, tokens, firstPosition, cache, layer, out, outOffset, outStride);
        if (tokens * group <= FewQueries.MOST) {
            FewQueries.apply(this, batch, workers);
        } else {
            QueryTiles.apply(this, batch, workers);
        }
    }

    /** The first page of which a token at this position sees a key. */
    int firstPage(int position) {
        return window == 0 ? 0 : Math.max(0, position - window + 1) / PAGE;
    }
}
