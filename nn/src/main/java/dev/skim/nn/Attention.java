package dev.skim.nn;

import dev.skim.tensor.Workers;
import java.util.Arrays;

/**
 * Causal attention with grouped heads: query head h reads key and value head {@code h / (heads / kvHeads)} (Ainslie et
 * al. 2023). Immutable.
 *
 * <p>A query's result does not depend on the batch that it travels in: each query goes over its keys in the order of
 * their positions, with a running maximum and sum (Milakov and Gimelshein 2018).
 */
public final class Attention {
    private final int heads;
    private final int kvHeads;
    private final int headSize;
    private final float scale;
    private final float softCap;
    private final int window;

    /**
     * Makes the layer.
     *
     * @param scale multiplies the products of queries and keys
     * @param softCap the scaled products are squeezed to {@code softCap * tanh(s / softCap)}; 0 for none
     * @param window positions that a query reads, its own included; 0 for all
     */
    public Attention(int heads, int kvHeads, int headSize, float scale, float softCap, int window) {
        if (kvHeads < 1 || headSize < 1 || heads < 1 || heads % kvHeads != 0 || softCap < 0 || window < 0) {
            throw new IllegalArgumentException("attention of " + heads + " heads cannot share " + kvHeads
                    + " key heads of " + headSize + " elements, cap " + softCap + ", window " + window);
        }
        this.heads = heads;
        this.kvHeads = kvHeads;
        this.headSize = headSize;
        this.scale = scale;
        this.softCap = softCap;
        this.window = window;
    }

    /**
     * Attends: token t of the batch has position {@code firstPosition + t} and reads the cache's rows up to it.
     *
     * @param queries tokens x (heads x headSize): row t starts at {@code queryOffset + t * queryStride}
     * @param cache must hold at least {@code firstPosition + tokens} rows of {@code layer}, those of the batch included
     * @param out tokens x (heads x headSize); not the queries' own place
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
        if (cache.kvHeads != kvHeads || cache.headSize != headSize || cache.length(layer) < firstPosition + tokens) {
            throw new IllegalArgumentException("a cache of " + cache.kvHeads + " heads of " + cache.headSize + " with "
                    + cache.length(layer) + " rows cannot serve " + kvHeads + " heads of " + headSize + " at position "
                    + (firstPosition + tokens - 1));
        }
        float[][] keys = cache.keys[layer];
        float[][] values = cache.values[layer];
        workers.run(tokens * heads, 1, (begin, end, worker) -> {
            for (int item = begin; item < end; item++) {
                int t = item / heads;
                int head = item % heads;
                attend(
                        queries,
                        queryOffset + t * queryStride + head * headSize,
                        firstPosition + t,
                        keys,
                        values,
                        head / (heads / kvHeads),
                        out,
                        outOffset + t * outStride + head * headSize);
            }
        });
    }

    private void attend(
            float[] query,
            int queryAt,
            int position,
            float[][] keys,
            float[][] values,
            int kvHead,
            float[] out,
            int outAt) {
        Arrays.fill(out, outAt, outAt + headSize, 0);
        float max = Float.NEGATIVE_INFINITY;
        float sum = 0;
        int first = window == 0 ? 0 : Math.max(0, position - window + 1);
        for (int p = first; p <= position; p++) {
            int row = (kvHead * KvCache.PAGE + p % KvCache.PAGE) * headSize;
            float score = scale * dot(query, queryAt, keys[p / KvCache.PAGE], row);
            if (softCap != 0) {
                score = (float) (softCap * Math.tanh(score / softCap));
            }
            if (score > max) {
                float shrink = (float) Math.exp(max - score);
                sum *= shrink;
                for (int i = 0; i < headSize; i++) {
                    out[outAt + i] *= shrink;
                }
                max = score;
            }
            float weight = (float) Math.exp(score - max);
            sum += weight;
            float[] value = values[p / KvCache.PAGE];
            for (int i = 0; i < headSize; i++) {
                out[outAt + i] = Math.fma(weight, value[row + i], out[outAt + i]);
            }
        }
        for (int i = 0; i < headSize; i++) {
            out[outAt + i] /= sum;
        }
    }

    private float dot(float[] a, int aAt, float[] b, int bAt) {
        float sum = 0;
        for (int i = 0; i < headSize; i++) {
            sum = Math.fma(a[aAt + i], b[bAt + i], sum);
        }
        return sum;
    }
}
