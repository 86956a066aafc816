package dev.skim.nn;

import dev.skim.tensor.Softmax;
import dev.skim.tensor.Tile;
import dev.skim.tensor.VectorMath;
import dev.skim.tensor.Workers;
import java.util.Arrays;

/**
 * Attention of many tokens: tiles of 32 tokens, a query a lane. The heads of a group go through a tile's pages together,
 * so that a page is expanded, or comes from memory, once for all of them.
 */
final class QueryTiles {
    private static final int PANEL = Tile.SIZE;
    private static final int PAGE = KvCache.PAGE;

    /** Elements of queries and outputs of the heads that go together: with a page they must stay in the L2 cache. */
    private static final int MOST_ELEMENTS = 1 << 16;

    /** Pieces of work for each thread from which on the heads of a group go together. */
    private static final int ENOUGH = 4;

    private QueryTiles() {}

    static void apply(Attention of, AttentionBatch batch, Workers workers) {
        int tiles = (batch.tokens() + PANEL - 1) / PANEL;
        int together = Math.clamp(MOST_ELEMENTS / (2 * padded(of.headSize) * PANEL), 1, of.group);
        while (together > 1 && (of.group % together != 0
                || of.heads / together * tiles < ENOUGH * workers.threads())) {
            together--;
        }
        int heads = together;
        // The last tiles see the most keys: they come first, so that the threads end together.
        workers.run(of.heads / heads * tiles, 1, (begin, end, worker) -> {
            for (int i = begin; i < end; i++) {
                int tile = tiles - 1 - i * heads / of.heads;
                tile(of, batch, i * heads % of.heads, heads, tile * PANEL);
            }
        });
    }

    private static int padded(int headSize) {
        return (headSize + PANEL - 1) / PANEL * PANEL;
    }

    /** A thread's working memory. */
    private static final class Scratch {
        private static final ThreadLocal<Scratch> MINE = ThreadLocal.withInitial(Scratch::new);

        float[] queries = new float[0];
        float[] outputs = new float[0];
        float[] maxima = new float[0];
        float[] sums = new float[0];
        float[] keys = new float[0];
        float[] values = new float[0];
        final float[] scores = new float[PAGE * PANEL];
        final float[] max = new float[PANEL];
        final float[] sum = new float[PANEL];

        static Scratch get(int heads, int headSize, boolean coded) {
            Scratch mine = MINE.get();
            mine.queries = Workspace.fit(mine.queries, heads * headSize, PANEL);
            mine.outputs = Workspace.fit(mine.outputs, heads * padded(headSize), PANEL);
            mine.maxima = Workspace.fit(mine.maxima, heads, PANEL);
            mine.sums = Workspace.fit(mine.sums, heads, PANEL);
            if (coded) {
                mine.keys = Workspace.fit(mine.keys, headSize, PAGE);
                mine.values = Workspace.fit(mine.values, padded(headSize), PAGE);
            }
            return mine;
        }
    }

    /** Attention of {@code heads} heads of a group for a tile of up to 32 tokens. */
    private static void tile(Attention of, AttentionBatch batch, int firstHead, int heads, int firstToken) {
        int headSize = of.headSize;
        KvPages pages = batch.cache().pages();
        Scratch scratch = Scratch.get(heads, headSize, pages.coded());
        int n = Math.min(PANEL, batch.tokens() - firstToken);
        int position = batch.firstPosition() + firstToken;
        int querySize = headSize * PANEL;
        Arrays.fill(scratch.queries, 0, heads * querySize, 0);
        for (int h = 0; h < heads; h++) {
            Tile.interleave(
                    batch.queries(), batch.queryAt(firstToken, firstHead + h, headSize), batch.queryStride(), n,
                    headSize, scratch.queries, h * querySize);
        }
        VectorMath.scale(scratch.queries, 0, heads * querySize, of.scale);
        Arrays.fill(scratch.outputs, 0, heads * padded(headSize) * PANEL, 0);
        Arrays.fill(scratch.maxima, 0, heads * PANEL, Softmax.LOWEST);
        Arrays.fill(scratch.sums, 0, heads * PANEL, 0);
        int lastPage = (position + n - 1) / PAGE;
        for (int page = of.firstPage(position); page <= lastPage; page++) {
            // Half a page is left out where no query of the tile sees any of it.
            int seen = position + n - page * PAGE <= PANEL ? PANEL : PAGE;
            page(of, batch, pages, scratch, firstHead, heads, page, seen, position, n);
        }
        int outputSize = padded(headSize) * PANEL;
        for (int h = 0; h < heads; h++) {
            System.arraycopy(scratch.sums, h * PANEL, scratch.sum, 0, PANEL);
            Softmax.divide(scratch.outputs, h * outputSize, headSize, scratch.sum);
            Tile.separate(
                    scratch.outputs, h * outputSize, n, headSize,
                    batch.out(), batch.outAt(firstToken, firstHead + h, headSize), batch.outStride());
        }
    }

    private static void page(
            Attention of,
            AttentionBatch batch,
            KvPages pages,
            Scratch scratch,
            int firstHead,
            int heads,
            int page,
            int seen,
            int position,
            int n) {
        int headSize = of.headSize;
        int kvHead = firstHead / of.group;
        int layer = batch.layer();
        float[] scores = scratch.scores;
        float[] keys = scratch.keys;
        float[] values = scratch.values;
        int panels = padded(headSize) / PANEL;
        if (pages.coded()) {
            for (int panel = 0; panel < seen / PANEL; panel++) {
                pages.keys(layer, page, batch.cache().keyPanel(kvHead, panel), keys, panel * headSize * PANEL);
            }
            for (int panel = 0; panel < panels; panel++) {
                pages.values(layer, page, batch.cache().valuePanel(kvHead, panel), seen, values, panel * PAGE * PANEL);
            }
        } else {
            keys = pages.keys(layer, page, 0, null, 0);
            values = pages.values(layer, page, 0, seen, null, 0);
        }
        for (int h = 0; h < heads; h++) {
            for (int panel = 0; panel < seen / PANEL; panel++) {
                Tile.multiply(
                        keys,
                        pages.keysAt(batch.cache().keyPanel(kvHead, panel), panel * headSize * PANEL),
                        scratch.queries, h * headSize * PANEL, headSize, PANEL,
                        scores, panel * PANEL * PANEL, PANEL, false);
            }
            if (of.softCap != 0) {
                VectorMath.softCap(scores, 0, seen * PANEL, of.softCap);
            }
            mask(of, scores, page * PAGE, seen, position, n);
            System.arraycopy(scratch.maxima, h * PANEL, scratch.max, 0, PANEL);
            System.arraycopy(scratch.sums, h * PANEL, scratch.sum, 0, PANEL);
            int output = h * panels * PANEL * PANEL;
            Softmax.page(scores, seen, scratch.max, scratch.sum, scratch.outputs, output, panels * PANEL);
            System.arraycopy(scratch.max, 0, scratch.maxima, h * PANEL, PANEL);
            System.arraycopy(scratch.sum, 0, scratch.sums, h * PANEL, PANEL);
            for (int panel = 0; panel < panels; panel++) {
                Tile.multiply(
                        values,
                        pages.valuesAt(batch.cache().valuePanel(kvHead, panel), panel * PAGE * PANEL),
                        scores, 0, seen, PANEL,
                        scratch.outputs, output + panel * PANEL * PANEL, PANEL, true);
            }
        }
    }

    /** Takes the keys that a query does not see out of a page's scores {@code [key][32 queries]}. */
    private static void mask(Attention of, float[] scores, int firstKey, int keys, int position, int n) {
        int lastKey = firstKey + keys - 1;
        if (lastKey > position) {
            for (int key = Math.max(firstKey, position + 1); key <= lastKey; key++) {
                int from = (key - firstKey) * PANEL;
                Arrays.fill(scores, from, from + Math.min(PANEL, key - position), Float.NEGATIVE_INFINITY);
            }
        }
        if (of.window != 0 && firstKey <= position + n - 1 - of.window) {
            for (int key = firstKey; key <= lastKey; key++) {
                int from = (key - firstKey) * PANEL;
                int query = Math.max(0, key + of.window - position);
                if (query < PANEL) {
                    Arrays.fill(scores, from + query, from + PANEL, Float.NEGATIVE_INFINITY);
                }
            }
        }
    }
}
