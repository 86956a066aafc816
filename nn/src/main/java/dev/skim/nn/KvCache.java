package dev.skim.nn;

import dev.skim.tensor.Tile;

/**
 * Keys and values of all layers of one session, in pages of 64 positions.
 *
 * <p>A page holds, for every key-value head, two panels of 32 keys interleaved ({@code [dimension][32 keys]}) and the
 * values in panels of 32 dimensions ({@code [64 keys][32 dimensions]}): both are operands of {@link Tile} as they lie.
 * Pages come into being as rows are written; a layer whose attention is left out has none.
 */
public final class KvCache {
    /** Positions of a page. */
    public static final int PAGE = 64;

    private static final int PANEL = Tile.SIZE;

    private final int kvHeads;
    private final int headSize;
    private final int valuePanels;
    private final int capacity;
    private final int[] lengths;
    private final float[][][] keys;
    private final float[][][] values;

    /**
     * An empty cache.
     *
     * @param headSize elements of a head's key and of its value
     * @param capacity positions at most
     */
    public KvCache(int layers, int kvHeads, int headSize, int capacity) {
        this.kvHeads = kvHeads;
        this.headSize = headSize;
        this.valuePanels = (headSize + PANEL - 1) / PANEL;
        this.capacity = capacity;
        this.lengths = new int[layers];
        int pages = (capacity + PAGE - 1) / PAGE;
        this.keys = new float[layers][pages][];
        this.values = new float[layers][pages][];
    }

    /** Positions that the cache can hold. */
    public int capacity() {
        return capacity;
    }

    /** Rows that a layer holds: positions 0 to length - 1, without holes. */
    public int length(int layer) {
        return lengths[layer];
    }

    /** Bytes of all pages. */
    public long bytes() {
        long floats = 0;
        for (int layer = 0; layer < lengths.length; layer++) {
            for (int page = 0; page < keys[layer].length; page++) {
                if (keys[layer][page] != null) {
                    floats += keys[layer][page].length + values[layer][page].length;
                }
            }
        }
        return floats * Float.BYTES;
    }

    /**
     * Writes rows at positions {@code length(layer)} and on.
     *
     * @param rowKeys {@code tokens} rows of kvHeads x headSize elements, row t at {@code keyOffset + t * keyStride}
     * @param rowValues the same for values
     * @throws IllegalArgumentException when they do not fit
     */
    public void append(
            int layer,
            float[] rowKeys,
            int keyOffset,
            int keyStride,
            float[] rowValues,
            int valueOffset,
            int valueStride,
            int tokens) {
        int from = lengths[layer];
        if (tokens > capacity - from) {
            throw new IllegalArgumentException(
                    "the cache holds " + capacity + " positions, " + from + " are taken, " + tokens + " do not fit");
        }
        for (int t = 0; t < tokens; ) {
            int position = from + t;
            int inPage = position % PAGE;
            int n = Math.min(PANEL - position % PANEL, tokens - t);
            float[] keyPage = page(keys[layer], position, kvHeads * PAGE * headSize);
            float[] valuePage = page(values[layer], position, kvHeads * PAGE * valuePanels * PANEL);
            for (int head = 0; head < kvHeads; head++) {
                int key = keyOffset + t * keyStride + head * headSize;
                Tile.interleave(
                        rowKeys, key, keyStride, n, headSize,
                        keyPage, keyPanel(head, inPage / PANEL) + position % PANEL);
                for (int i = 0; i < n; i++) {
                    int value = valueOffset + (t + i) * valueStride + head * headSize;
                    for (int d = 0; d < headSize; d += PANEL) {
                        System.arraycopy(
                                rowValues, value + d,
                                valuePage, valuePanel(head, d / PANEL) + (inPage + i) * PANEL,
                                Math.min(PANEL, headSize - d));
                    }
                }
            }
            t += n;
        }
        lengths[layer] = from + tokens;
    }

    private static float[] page(float[][] pages, int position, int size) {
        int page = position / PAGE;
        if (pages[page] == null) {
            pages[page] = new float[size];
        }
        return pages[page];
    }

    /** Forgets all rows from position {@code length} on, in every layer. */
    public void truncate(int length) {
        for (int layer = 0; layer < lengths.length; layer++) {
            lengths[layer] = Math.min(lengths[layer], length);
            for (int page = (length + PAGE - 1) / PAGE; page < keys[layer].length; page++) {
                keys[layer][page] = null;
                values[layer][page] = null;
            }
        }
    }

    float[] keyPage(int layer, int page) {
        return keys[layer][page];
    }

    float[] valuePage(int layer, int page) {
        return values[layer][page];
    }

    /** Where a panel of 32 keys of a head starts in a page of keys. */
    int keyPanel(int head, int panel) {
        return (head * 2 + panel) * headSize * PANEL;
    }

    /** Where a panel of 32 dimensions of a head starts in a page of values. */
    int valuePanel(int head, int panel) {
        return (head * valuePanels + panel) * PAGE * PANEL;
    }
}
