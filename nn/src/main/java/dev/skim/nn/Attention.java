package dev.skim.nn;

import dev.skim.tensor.Tile;
import dev.skim.tensor.VectorMath;
import dev.skim.tensor.Workers;
import java.util.Arrays;

/**
 * Causal attention with grouped heads in flash form: pages of 64 keys, a running maximum and sum, no tokens x tokens
 * matrix (Dao et al. 2022, algorithm 1; Milakov and Gimelshein 2018).
 *
 * <p>Two orientations compute the same numbers bit for bit: for many tokens a panel of 32 queries stands in the vectors'
 * lanes; for few, 32 keys do in the scores and 32 dimensions in the output, and the queries of a group share the loads.
 */
public final class Attention {
    /** Query columns up to which keys and dimensions go into the lanes. */
    private static final int FEW = 16;

    /** Pages up to which a lone token's attention is one parallel region; more pages are worth two. */
    private static final int SHORT = 8;

    private static final int PANEL = Tile.SIZE;
    private static final int PAGE = KvCache.PAGE;

    /** Below every score, and finite, so that no difference of two of them is NaN. */
    private static final float LOWEST = -1e30f;

    private final int heads;
    private final int kvHeads;
    private final int group;
    private final int headSize;
    private final float scale;
    private final float softCap;
    private final int window;

    /**
     * Attention of one kind of layer.
     *
     * @param scale multiplied with every query, such as 1 / sqrt(headSize)
     * @param softCap scores become {@code softCap * tanh(score / softCap)}; 0 for none
     * @param window how many positions a token sees, itself included; 0 for all
     */
    public Attention(int heads, int kvHeads, int headSize, float scale, float softCap, int window) {
        if (kvHeads < 1 || heads % kvHeads != 0) {
            throw new IllegalArgumentException(heads + " heads cannot share " + kvHeads + " key-value heads");
        }
        this.heads = heads;
        this.kvHeads = kvHeads;
        this.group = heads / kvHeads;
        this.headSize = headSize;
        this.scale = scale;
        this.softCap = softCap;
        this.window = window;
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
        Batch batch = new Batch(
                queries, queryOffset, queryStride, tokens, firstPosition, cache, layer, out, outOffset, outStride);
        if (tokens * group <= FEW) {
            few(batch, workers);
        } else {
            int tiles = (tokens + PANEL - 1) / PANEL;
            // The last tiles see the most keys: they come first, so that the threads end together.
            workers.run(heads * tiles, 1, (begin, end, worker) -> {
                for (int i = begin; i < end; i++) {
                    many(batch, i % heads, (tiles - 1 - i / heads) * PANEL);
                }
            });
        }
    }

    private record Batch(
            float[] queries,
            int queryOffset,
            int queryStride,
            int tokens,
            int firstPosition,
            KvCache cache,
            int layer,
            float[] out,
            int outOffset,
            int outStride) {
        int lastPage() {
            return (firstPosition + tokens - 1) / PAGE;
        }
    }

    private int firstPage(int position) {
        return window == 0 ? 0 : Math.max(0, position - window + 1) / PAGE;
    }

    /** A thread's working memory. */
    private static final class Scratch {
        private static final ThreadLocal<Scratch> MINE = ThreadLocal.withInitial(Scratch::new);

        float[] query = new float[0];
        float[] output = new float[0];
        final float[] scores = new float[PAGE * PANEL];
        final float[] maxima = new float[PANEL];
        final float[] sums = new float[PANEL];

        static Scratch get(int headSize) {
            Scratch mine = MINE.get();
            int padded = (headSize + PANEL - 1) / PANEL * PANEL;
            if (mine.query.length < padded * PANEL) {
                mine.query = new float[padded * PANEL];
                mine.output = new float[padded * PANEL];
            }
            return mine;
        }
    }

    /** One head's attention for a tile of up to 32 tokens, a query a lane. */
    private void many(Batch batch, int head, int firstToken) {
        Scratch scratch = Scratch.get(headSize);
        int n = Math.min(PANEL, batch.tokens - firstToken);
        int kvHead = head / group;
        int position = batch.firstPosition + firstToken;
        int padded = (headSize + PANEL - 1) / PANEL * PANEL;
        Arrays.fill(scratch.query, 0, headSize * PANEL, 0);
        Tile.interleave(
                batch.queries, batch.queryOffset + firstToken * batch.queryStride + head * headSize,
                batch.queryStride, n, headSize, scratch.query, 0);
        VectorMath.scale(scratch.query, 0, headSize * PANEL, scale);
        Arrays.fill(scratch.output, 0, padded * PANEL, 0);
        Arrays.fill(scratch.maxima, LOWEST);
        Arrays.fill(scratch.sums, 0);
        float[] scores = scratch.scores;
        int lastPage = (position + n - 1) / PAGE;
        for (int page = firstPage(position); page <= lastPage; page++) {
            float[] keys = batch.cache.keyPage(batch.layer, page);
            float[] values = batch.cache.valuePage(batch.layer, page);
            for (int panel = 0; panel < 2; panel++) {
                Tile.multiply(
                        keys, batch.cache.keyPanel(kvHead, panel), scratch.query, 0, headSize, PANEL,
                        scores, panel * PANEL * PANEL, PANEL, false);
            }
            if (softCap != 0) {
                VectorMath.softCap(scores, 0, PAGE * PANEL, softCap);
            }
            mask(scores, page * PAGE, position, n);
            VectorMath.onlineSoftmax(
                    scores, scratch.maxima, scratch.sums, scratch.output, padded);
            for (int d = 0; d < padded; d += PANEL) {
                Tile.multiply(
                        values, batch.cache.valuePanel(kvHead, d / PANEL), scores, 0, PAGE, PANEL,
                        scratch.output, d * PANEL, PANEL, true);
            }
        }
        for (int t = 0; t < n; t++) {
            float sum = scratch.sums[t];
            int to = batch.outOffset + (firstToken + t) * batch.outStride + head * headSize;
            for (int d = 0; d < headSize; d++) {
                batch.out[to + d] = scratch.output[d * PANEL + t] / sum;
            }
        }
    }

    /** Takes the keys that a query does not see out of a page's scores {@code [key][32 queries]}. */
    private void mask(float[] scores, int firstKey, int position, int n) {
        int lastKey = firstKey + PAGE - 1;
        if (lastKey > position) {
            for (int key = Math.max(firstKey, position + 1); key <= lastKey; key++) {
                int from = (key - firstKey) * PANEL;
                Arrays.fill(scores, from, from + Math.min(PANEL, key - position), Float.NEGATIVE_INFINITY);
            }
        }
        if (window != 0 && firstKey <= position + n - 1 - window) {
            for (int key = firstKey; key <= lastKey; key++) {
                int from = (key - firstKey) * PANEL;
                int query = Math.max(0, key + window - position);
                if (query < PANEL) {
                    Arrays.fill(scores, from + query, from + PANEL, Float.NEGATIVE_INFINITY);
                }
            }
        }
    }

    /** Attention of a few tokens: scores of all pages first, then the output by panels of dimensions. */
    private void few(Batch batch, Workers workers) {
        int columns = batch.tokens * group;
        int firstPage = firstPage(batch.firstPosition);
        int pages = batch.lastPage() - firstPage + 1;
        int valuePanels = (headSize + PANEL - 1) / PANEL;
        Few few = Few.get(kvHeads * columns * pages * PAGE, kvHeads * columns * pages);
        if (pages <= SHORT) {
            workers.run(kvHeads, 1, (begin, end, worker) -> {
                for (int kvHead = begin; kvHead < end; kvHead++) {
                    prepare(batch, kvHead);
                    for (int page = 0; page < pages; page++) {
                        scores(batch, few, kvHead, firstPage, page, pages);
                    }
                    for (int panel = 0; panel < valuePanels; panel++) {
                        output(batch, few, kvHead, panel, firstPage, pages);
                    }
                }
            });
            return;
        }
        workers.run(kvHeads * pages, 4, (begin, end, worker) -> {
            for (int i = begin; i < end; i++) {
                if (i == begin || i % pages == 0) {
                    prepare(batch, i / pages);
                }
                scores(batch, few, i / pages, firstPage, i % pages, pages);
            }
        });
        workers.run(kvHeads * valuePanels, 1, (begin, end, worker) -> {
            for (int i = begin; i < end; i++) {
                output(batch, few, i / valuePanels, i % valuePanels, firstPage, pages);
            }
        });
    }

    /** Scores that all threads of a call share: {@code [kvHead][column][page][64]}, and their maxima. */
    private static final class Few {
        private static final ThreadLocal<Few> MINE = ThreadLocal.withInitial(Few::new);

        float[] scores = new float[0];
        float[] maxima = new float[0];

        static Few get(int scores, int maxima) {
            Few mine = MINE.get();
            if (mine.scores.length < scores) {
                // Half as much again: a context that grows token by token must not allocate at every page.
                mine.scores = new float[scores + scores / 2];
                mine.maxima = new float[maxima + maxima / 2];
            }
            return mine;
        }
    }

    /** Interleaves and scales the queries of all tokens that share a key-value head. */
    private void prepare(Batch batch, int kvHead) {
        Scratch scratch = Scratch.get(headSize);
        Arrays.fill(scratch.query, 0, headSize * PANEL, 0);
        for (int t = 0; t < batch.tokens; t++) {
            Tile.interleave(
                    batch.queries, batch.queryOffset + t * batch.queryStride + kvHead * group * headSize,
                    headSize, group, headSize, scratch.query, t * group);
        }
        VectorMath.scale(scratch.query, 0, headSize * PANEL, scale);
    }

    private void scores(Batch batch, Few few, int kvHead, int firstPage, int page, int pages) {
        Scratch scratch = Scratch.get(headSize);
        int columns = batch.tokens * group;
        float[] keys = batch.cache.keyPage(batch.layer, firstPage + page);
        int base = (kvHead * columns * pages + page) * PAGE;
        int stride = pages * PAGE;
        for (int panel = 0; panel < 2; panel++) {
            Tile.multiply(
                    scratch.query, 0, keys, batch.cache.keyPanel(kvHead, panel), headSize, columns,
                    few.scores, base + panel * PANEL, stride, false);
        }
        int firstKey = (firstPage + page) * PAGE;
        for (int column = 0; column < columns; column++) {
            int row = base + column * stride;
            if (softCap != 0) {
                VectorMath.softCap(few.scores, row, PAGE, softCap);
            }
            int position = batch.firstPosition + column / group;
            if (firstKey + PAGE - 1 > position) {
                int seen = Math.max(0, position + 1 - firstKey);
                Arrays.fill(few.scores, row + seen, row + PAGE, Float.NEGATIVE_INFINITY);
            }
            if (window != 0 && firstKey <= position - window) {
                int unseen = Math.min(PAGE, position - window + 1 - firstKey);
                Arrays.fill(few.scores, row, row + unseen, Float.NEGATIVE_INFINITY);
            }
            few.maxima[(kvHead * columns + column) * pages + page] = VectorMath.max(few.scores, row, PAGE);
        }
    }

    private void output(Batch batch, Few few, int kvHead, int panel, int firstPage, int pages) {
        Scratch scratch = Scratch.get(headSize);
        int columns = batch.tokens * group;
        float[] output = scratch.output;
        float[] weights = scratch.scores;
        float[] row = scratch.query;
        Arrays.fill(output, 0, columns * PANEL, 0);
        Arrays.fill(scratch.maxima, LOWEST);
        Arrays.fill(scratch.sums, 0);
        for (int page = 0; page < pages; page++) {
            for (int column = 0; column < columns; column++) {
                int at = (kvHead * columns + column) * pages + page;
                float old = scratch.maxima[column];
                float top = Math.max(old, few.maxima[at]);
                System.arraycopy(few.scores, at * PAGE, row, 0, PAGE);
                float sum = VectorMath.expSum(row, 0, top);
                for (int key = 0; key < PAGE; key++) {
                    weights[key * PANEL + column] = row[key];
                }
                float correction = VectorMath.correction(old, top);
                scratch.sums[column] = Math.fma(scratch.sums[column], correction, sum);
                scratch.maxima[column] = top;
                if (old < top) {
                    VectorMath.scale(output, column * PANEL, PANEL, correction);
                }
            }
            Tile.multiply(
                    weights, 0, batch.cache.valuePage(batch.layer, firstPage + page),
                    batch.cache.valuePanel(kvHead, panel), PAGE, columns, output, 0, PANEL, true);
        }
        int dimensions = Math.min(PANEL, headSize - panel * PANEL);
        for (int column = 0; column < columns; column++) {
            int token = column / group;
            int head = kvHead * group + column % group;
            int to = batch.outOffset + token * batch.outStride + head * headSize + panel * PANEL;
            for (int d = 0; d < dimensions; d++) {
                batch.out[to + d] = output[column * PANEL + d] / scratch.sums[column];
            }
        }
    }
}
