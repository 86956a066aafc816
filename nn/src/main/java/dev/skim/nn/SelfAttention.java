package dev.skim.nn;

import dev.skim.tensor.Workers;

/**
 * The self-attention of one layer: projections, norms of queries and keys where the model has them, rotary embedding,
 * cache and attention. Immutable.
 *
 * @param layer its layer, from 0: its rows in the cache
 * @param keyValue the rows of the keys and below them as many of the values
 * @param queryNorm normalises each query head before the rotation, or null
 * @param keyNorm normalises each key head before the rotation, or null
 */
public record SelfAttention(
        int layer,
        Linear query,
        Linear keyValue,
        Linear output,
        RmsNorm queryNorm,
        RmsNorm keyNorm,
        int headSize,
        Attention attention) {

    /**
     * Checks that the shapes fit.
     *
     * @throws IllegalArgumentException when they do not
     */
    public SelfAttention {
        if (headSize != attention.headSize) {
            throw new IllegalArgumentException(
                    "heads of " + headSize + " elements do not go with attention of " + attention.headSize);
        }
        if (query.columns() != keyValue.columns()
                || output.rows() != query.columns()
                || output.columns() != query.rows()
                || query.rows() != attention.heads * headSize
                || keyValue.rows() != 2 * attention.kvHeads * headSize) {
            throw new IllegalArgumentException("queries of " + query.rows() + " x " + query.columns() + ", keys and values of "
                    + keyValue.rows() + " x " + keyValue.columns() + ", output of " + output.rows() + " x " + output.columns()
                    + " do not make attention of " + attention.heads + " heads on " + attention.kvHeads + " of " + headSize);
        }
        for (RmsNorm norm : new RmsNorm[] {queryNorm, keyNorm}) {
            if (norm != null && norm.weight().length != headSize) {
                throw new IllegalArgumentException(norm.name() + " has " + norm.weight().length
                        + " elements, but normalises heads of " + headSize);
            }
        }
    }

    /** Multiply-adds of the projections for one token. */
    public long multiplyAdds() {
        return query.multiplyAdds() + keyValue.multiplyAdds() + output.multiplyAdds();
    }

    /**
     * Applies the layer and adds the keys and values of every token to the cache.
     *
     * @param input tokens x width, row-major; token t has position {@code position + t}
     * @param rows the tokens to compute, ascending, or null for all
     * @param out as many rows as are computed, of width elements; may be the input's place
     * @throws IllegalArgumentException when the cache has no room for the tokens
     * @throws IllegalStateException when the cache's layer does not hold the rows before {@code position} and no others
     */
    public void apply(
            float[] input,
            int tokens,
            int position,
            int[] rows,
            Rope rope,
            KvCache cache,
            Workspace space,
            float[] out,
            Workers workers) {
        if (cache.length(layer) != position) {
            throw new IllegalStateException("layer " + layer + " holds " + cache.length(layer)
                    + " positions, and cannot go on at position " + position);
        }
        int width = query.columns();
        int kvSize = keyValue.rows() / 2;
        space.activations.set(input, 0, width, tokens, width);
        float[] keyValues = space.keyValue = Workspace.fit(space.keyValue, tokens, 2 * kvSize);
        int size = query.rows();
        int count = rows == null ? tokens : rows.length;
        float[] queries = space.query = Workspace.fit(space.query, count, size);
        keyValue.addTo(space.products, keyValues, 0, 2 * kvSize);
        if (rows == null) {
            query.addTo(space.products, queries, 0, size);
        }
        space.products.run(space.activations, workers);
        keyValue.finish(tokens, keyValues, 0, 2 * kvSize);
        place(keyValues, 2 * kvSize, kvSize / headSize, keyNorm, rope, tokens, position, null, workers);
        cache.append(layer, keyValues, 0, 2 * kvSize, keyValues, kvSize, 2 * kvSize, tokens);
        if (count == 0) {
            return;
        }
        if (rows == null) {
            query.finish(count, queries, 0, size);
        } else {
            float[] gathered = space.gathered = Workspace.fit(space.gathered, count, width);
            for (int i = 0; i < count; i++) {
                System.arraycopy(input, rows[i] * width, gathered, i * width, width);
            }
            space.activations.set(gathered, 0, width, count, width);
            query.apply(space.activations, space.products, queries, 0, size, workers);
        }
        place(queries, size, size / headSize, queryNorm, rope, count, position, rows, workers);
        float[] attended = space.attended = Workspace.fit(space.attended, count, size);
        for (int i = 0; i < count; ) {
            int next = i + 1;
            while (next < count && (rows == null || rows[next] == rows[next - 1] + 1)) {
                next++;
            }
            int first = position + (rows == null ? i : rows[i]);
            attention.apply(
                    queries, i * size, size, next - i, first, cache, layer, attended, i * size, size, workers);
            i = next;
        }
        space.activations.set(attended, 0, size, count, size);
        output.apply(space.activations, space.products, out, 0, width, workers);
    }

    /** Normalises heads where there is a norm, and rotates them to their positions. */
    private void place(
            float[] x, int stride, int heads, RmsNorm norm, Rope rope, int count, int position, int[] rows, Workers workers) {
        workers.run(count, Workspace.GRAIN, (begin, end, worker) -> {
            for (int i = begin; i < end; i++) {
                if (norm != null) {
                    for (int head = 0; head < heads; head++) {
                        norm.apply(x, i * stride + head * headSize, x, i * stride + head * headSize);
                    }
                }
                rope.apply(x, i * stride, stride, heads, headSize, 1, position + (rows == null ? i : rows[i]));
            }
        });
    }
}
