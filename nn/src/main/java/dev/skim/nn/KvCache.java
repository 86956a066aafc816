package dev.skim.nn;

/**
 * Keys and values of all layers of one session, in pages of 64 positions.
 *
 * <p>A page holds, for every key-value head, two panels of 32 keys interleaved ({@code [dimension][32 keys]}) and the
 * values in panels of 32 dimensions ({@code [64 keys][32 dimensions]}), in one of the {@link KvType}s. Pages come into
 * being as rows are written; a layer whose attention is left out has none.
 */
public final class KvCache {
    /** Positions of a page. */
    public static final int PAGE = 64;

    private static final int PANEL = KvPages.LANES;

    private final KvType type;
    private final int kvHeads;
    private final int headSize;
    private final int capacity;
    private final int[] lengths;
    private final KvPages pages;

    /**
     * An empty cache.
     *
     * @param headSize elements of a head's key and of its value
     * @param capacity positions at most
     * @throws IllegalArgumentException when the capacity is negative, or there are no heads or no elements
     */
    public KvCache(KvType type, int layers, int kvHeads, int headSize, int capacity) {
        if (kvHeads < 1 || headSize < 1 || capacity < 0) {
            throw new IllegalArgumentException("a cache cannot hold " + capacity + " positions of " + kvHeads
                    + " key-value heads of " + headSize + " elements");
        }
        this.type = type;
        this.kvHeads = kvHeads;
        this.headSize = headSize;
        this.capacity = capacity;
        this.lengths = new int[layers];
        this.pages = KvPages.of(type, layers, kvHeads, headSize);
    }

    /** How keys and values are held. */
    public KvType type() {
        return type;
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
        return pages.bytes();
    }

    /**
     * Writes rows at positions {@code length(layer)} and on. Where it fails, the layer is as it was.
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
        boolean complete = false;
        try {
            write(layer, from, rowKeys, keyOffset, keyStride, rowValues, valueOffset, valueStride, tokens);
            lengths[layer] = from + tokens;
            complete = true;
        } finally {
            if (!complete) {
                // Memory ran out, say: what was made for these rows is not to take the place of what else needs it.
                drop(layer, from, from + tokens);
            }
        }
    }

    private void write(
            int layer,
            int from,
            float[] rowKeys,
            int keyOffset,
            int keyStride,
            float[] rowValues,
            int valueOffset,
            int valueStride,
            int tokens) {
        for (int t = 0; t < tokens; ) {
            int position = from + t;
            int page = position / PAGE;
            int inPage = position % PAGE;
            int n = Math.min(PANEL - position % PANEL, tokens - t);
            pages.make(layer, page);
            for (int head = 0; head < kvHeads; head++) {
                int key = keyOffset + t * keyStride + head * headSize;
                pages.putKeys(
                        layer, page, keyPanel(head, inPage / PANEL), position % PANEL, rowKeys, key, keyStride, n);
                for (int i = 0; i < n; i++) {
                    int value = valueOffset + (t + i) * valueStride + head * headSize;
                    for (int d = 0; d < headSize; d += PANEL) {
                        pages.putValue(
                                layer, page, valuePanel(head, d / PANEL), inPage + i, rowValues, value + d,
                                Math.min(PANEL, headSize - d));
                    }
                }
            }
            t += n;
        }
    }

    /** Lets the pages go that hold only rows from {@code from} to before {@code to}, the last of the layer. */
    private void drop(int layer, int from, int to) {
        for (int page = Math.ceilDiv(from, PAGE); page < Math.ceilDiv(to, PAGE); page++) {
            pages.drop(layer, page);
        }
    }

    /** Forgets all rows from position {@code length} on, in every layer. */
    public void truncate(int length) {
        for (int layer = 0; layer < lengths.length; layer++) {
            drop(layer, length, lengths[layer]);
            lengths[layer] = Math.min(lengths[layer], length);
        }
    }

    KvPages pages() {
        return pages;
    }

    /** The number in a page of a panel of 32 keys of a head. */
    int keyPanel(int head, int panel) {
        return head * (PAGE / PANEL) + panel;
    }

    /** The number in a page of a panel of 32 dimensions of a head. */
    int valuePanel(int head, int panel) {
        return head * pages.valuePanels + panel;
    }
}
