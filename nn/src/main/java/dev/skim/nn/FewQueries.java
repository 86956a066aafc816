package dev.skim.nn;

import dev.skim.tensor.RowTile;
import dev.skim.tensor.Softmax;
import dev.skim.tensor.VectorMath;
import dev.skim.tensor.Workers;
import java.util.Arrays;

/**
 * Attention of a few tokens: 32 keys stand in the vectors' lanes for the scores, 32 dimensions for the output, and the
 * queries that share a key-value head share every load. Three steps, each over pieces that threads take in any order:
 * scores by pages, weights by queries, output by panels of dimensions.
 */
final class FewQueries {
    /** Queries of a key-value head up to which this form is taken. */
    static final int MOST = 32;

    /**
     * Pages up to which all steps of a key-value head are one piece of work, even if some threads have less of them than
     * others; with more of them three regions cost less than the waiting.
     */
    private static final int SHORT = 8;

    /** The same where all threads have as many heads: 1.04 to 1.13 x as fast up to here, and no faster at twice as many. */
    private static final int SHORT_AND_BALANCED = 32;

    private static final int PANEL = KvPages.LANES;
    private static final int PAGE = KvCache.PAGE;

    private final Attention of;
    private final AttentionBatch batch;
    private final KvCache cache;
    private final KvPages pages;
    private final Shared shared;

    /** Queries of a key-value head: those of its group for every token. */
    private final int columns;

    private final int firstPage;
    private final int count;
    private final int valuePanels;

    private FewQueries(Attention of, AttentionBatch batch) {
        this.of = of;
        this.batch = batch;
        cache = batch.cache();
        pages = cache.pages();
        columns = batch.tokens() * of.group;
        firstPage = of.firstPage(batch.firstPosition());
        count = (batch.firstPosition() + batch.tokens() - 1) / PAGE - firstPage + 1;
        valuePanels = pages.valuePanels;
        shared = Shared.get(of.kvHeads * columns, of.headSize, count);
    }

    static void apply(Attention of, AttentionBatch batch, Workers workers) {
        new FewQueries(of, batch).run(workers);
    }

    /** What all threads of a call share; a query's number is {@code kvHead * columns + column}. */
    private static final class Shared {
        private static final ThreadLocal<Shared> MINE = ThreadLocal.withInitial(Shared::new);

        /** {@code [query][dimension]}, scaled. */
        float[] queries = new float[0];

        /** {@code [query][page][64 keys]}: scores, then weights. */
        float[] scores = new float[0];

        /** {@code [query][page]}: the largest score, then by what the output so far shrinks. */
        float[] maxima = new float[0];

        /** {@code [query]}. */
        float[] sums = new float[0];

        static Shared get(int queries, int headSize, int pages) {
            Shared mine = MINE.get();
            mine.queries = Workspace.fit(mine.queries, queries, headSize);
            mine.sums = Workspace.fit(mine.sums, queries, 1);
            if (mine.scores.length < queries * pages * PAGE) {
                // Half as much again: a context that grows token by token must not allocate at every page.
                int some = queries * (pages + pages / 2);
                mine.maxima = new float[some];
                // The one that is asked for its length comes last: memory may run out.
                mine.scores = new float[some * PAGE];
            }
            return mine;
        }
    }

    /** A thread's working memory. */
    private static final class Scratch {
        private static final ThreadLocal<Scratch> MINE = ThreadLocal.withInitial(Scratch::new);

        final float[] output = new float[MOST * PANEL];
        float[] panel = new float[PAGE * PANEL];

        static Scratch get(int headSize) {
            Scratch mine = MINE.get();
            mine.panel = Workspace.fit(mine.panel, Math.max(PAGE, headSize), PANEL);
            return mine;
        }
    }

    private void run(Workers workers) {
        for (int kvHead = 0; kvHead < of.kvHeads; kvHead++) {
            for (int column = 0; column < columns; column++) {
                System.arraycopy(
                        batch.queries(),
                        batch.queryAt(column / of.group, kvHead * of.group + column % of.group, of.headSize),
                        shared.queries, (kvHead * columns + column) * of.headSize, of.headSize);
            }
        }
        VectorMath.scale(shared.queries, 0, of.kvHeads * columns * of.headSize, of.scale);
        if (count <= (of.kvHeads % workers.threads() == 0 ? SHORT_AND_BALANCED : SHORT)) {
            workers.run(of.kvHeads, 1, (begin, end, worker) -> {
                for (int kvHead = begin; kvHead < end; kvHead++) {
                    for (int page = 0; page < count; page++) {
                        scores(kvHead, page);
                    }
                    for (int column = 0; column < columns; column++) {
                        weights(kvHead * columns + column);
                    }
                    for (int panel = 0; panel < valuePanels; panel++) {
                        output(kvHead, panel);
                    }
                }
            });
            return;
        }
        workers.run(of.kvHeads * count, 4, (begin, end, worker) -> {
            for (int i = begin; i < end; i++) {
                scores(i / count, i % count);
            }
        });
        workers.run(of.kvHeads * columns, 1, (begin, end, worker) -> {
            for (int query = begin; query < end; query++) {
                weights(query);
            }
        });
        workers.run(of.kvHeads * valuePanels, 1, (begin, end, worker) -> {
            for (int i = begin; i < end; i++) {
                output(i / valuePanels, i % valuePanels);
            }
        });
    }

    /** Scores of a page for the queries of a key-value head, and their maxima. */
    private void scores(int kvHead, int page) {
        Scratch scratch = Scratch.get(of.headSize);
        float[] scores = shared.scores;
        int stride = count * PAGE;
        int base = kvHead * columns * stride + page * PAGE;
        int firstKey = (firstPage + page) * PAGE;
        int last = batch.firstPosition() + batch.tokens() - 1;
        for (int panel = 0; panel < 2; panel++) {
            // The second half of the last page may not be seen by any token.
            if (firstKey + panel * PANEL <= last) {
                int number = cache.keyPanel(kvHead, panel);
                float[] keys = pages.keys(batch.layer(), firstPage + page, number, scratch.panel, 0);
                RowTile.multiply(
                        shared.queries, kvHead * columns * of.headSize, of.headSize, keys, pages.keysAt(number, 0),
                        of.headSize, columns, scores, base + panel * PANEL, stride, false);
            }
        }
        for (int column = 0; column < columns; column++) {
            int row = base + column * stride;
            int position = batch.firstPosition() + column / of.group;
            int end = Math.clamp(position + 1 - firstKey, 0, PAGE);
            if (of.softCap != 0) {
                VectorMath.softCap(scores, row, PAGE, of.softCap);
            }
            if (end < PAGE) {
                Arrays.fill(scores, row + end, row + PAGE, Float.NEGATIVE_INFINITY);
            }
            if (of.window != 0 && firstKey <= position - of.window) {
                int unseen = Math.min(PAGE, position - of.window + 1 - firstKey);
                Arrays.fill(scores, row, row + unseen, Float.NEGATIVE_INFINITY);
            }
            shared.maxima[(kvHead * columns + column) * count + page] = Softmax.max(scores, row);
        }
    }

    /** Turns a query's scores into weights, page after page, and its maxima into corrections. */
    private void weights(int query) {
        float[] maxima = shared.maxima;
        float max = Softmax.LOWEST;
        float sum = 0;
        for (int i = query * count; i < (query + 1) * count; i++) {
            float top = Math.max(max, maxima[i]);
            float correction = Softmax.correction(max, top);
            sum = Math.fma(sum, correction, Softmax.weights(shared.scores, i * PAGE, top));
            maxima[i] = correction;
            max = top;
        }
        shared.sums[query] = sum;
    }

    /** The output of a panel of dimensions for the queries of a key-value head. */
    private void output(int kvHead, int panel) {
        Scratch scratch = Scratch.get(of.headSize);
        float[] output = scratch.output;
        int number = cache.valuePanel(kvHead, panel);
        int last = batch.firstPosition() + batch.tokens() - 1;
        Arrays.fill(output, 0, columns * PANEL, 0);
        for (int page = 0; page < count; page++) {
            for (int column = 0; column < columns; column++) {
                float correction = shared.maxima[(kvHead * columns + column) * count + page];
                if (correction != 1) {
                    VectorMath.scale(output, column * PANEL, PANEL, correction);
                }
            }
            int seen = Math.min(PAGE, last + 1 - (firstPage + page) * PAGE);
            float[] values = pages.values(
                    batch.layer(), firstPage + page, number, (seen + PANEL - 1) / PANEL * PANEL, scratch.panel, 0);
            RowTile.multiply(
                    shared.scores, (kvHead * columns * count + page) * PAGE, count * PAGE,
                    values, pages.valuesAt(number, 0), seen, columns, output, 0, PANEL, true);
        }
        int dimensions = Math.min(PANEL, of.headSize - panel * PANEL);
        for (int column = 0; column < columns; column++) {
            float sum = shared.sums[kvHead * columns + column];
            int to = batch.outAt(column / of.group, kvHead * of.group + column % of.group, of.headSize) + panel * PANEL;
            for (int d = 0; d < dimensions; d++) {
                batch.out()[to + d] = output[column * PANEL + d] / sum;
            }
        }
    }
}
