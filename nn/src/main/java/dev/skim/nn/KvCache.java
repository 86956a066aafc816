package dev.skim.nn;

import java.util.Arrays;

/**
 * Keys and values of all layers of one session, in pages of 64 positions that are allocated as rows arrive: a layer that
 * is never computed takes no memory. Not safe for use by several threads at once, except to read.
 */
public final class KvCache {
    /** Positions in a page. */
    static final int PAGE = 64;

    final int kvHeads;
    final int headSize;
    private final int capacity;
    private final int[] lengths;
    private final int[] pageCounts;

    /** {@code [layer][page]} of {@code [kvHead][position in the page][headSize]}. */
    final float[][][] keys;

    final float[][][] values;

    /**
     * Makes an empty cache.
     *
     * @param capacity positions at most
     */
    public KvCache(int layers, int kvHeads, int headSize, int capacity) {
        if (layers < 1 || kvHeads < 1 || headSize < 1 || capacity < 1) {
            throw new IllegalArgumentException("a cache has at least 1 layer, head, element and position, not " + layers
                    + ", " + kvHeads + ", " + headSize + " and " + capacity);
        }
        Math.multiplyExact(Math.multiplyExact(PAGE, kvHeads), headSize);
        this.kvHeads = kvHeads;
        this.headSize = headSize;
        this.capacity = capacity;
        lengths = new int[layers];
        pageCounts = new int[layers];
        keys = new float[layers][0][];
        values = new float[layers][0][];
    }

    /** Rows that the layer holds: its next row has this position. */
    public int length(int layer) {
        return lengths[layer];
    }

    /** Positions at most. */
    public int capacity() {
        return capacity;
    }

    /** Bytes that the pages take. */
    public long bytes() {
        long pages = 0;
        for (int count : pageCounts) {
            pages += count;
        }
        return pages * 2 * Float.BYTES * PAGE * kvHeads * headSize;
    }

    /**
     * Adds a row for each of {@code tokens} tokens, at the positions from {@code length(layer)} on: a sequence never has
     * holes.
     *
     * @param keys row t holds kvHeads x headSize elements from {@code keyOffset + t * keyStride} on; {@code values} alike
     * @throws IllegalStateException when the rows do not fit; nothing was added
     */
    public void append(
            int layer,
            float[] keys,
            int keyOffset,
            int keyStride,
            float[] values,
            int valueOffset,
            int valueStride,
            int tokens) {
        int length = lengths[layer];
        if (tokens > capacity - length) {
            throw new IllegalStateException(tokens + " rows do not fit into a cache of " + capacity + " positions that holds "
                    + length);
        }
        grow(layer, length + tokens);
        for (int t = 0; t < tokens; t++) {
            int position = length + t;
            float[] keyPage = this.keys[layer][position / PAGE];
            float[] valuePage = this.values[layer][position / PAGE];
            for (int head = 0; head < kvHeads; head++) {
                int to = (head * PAGE + position % PAGE) * headSize;
                System.arraycopy(keys, keyOffset + t * keyStride + head * headSize, keyPage, to, headSize);
                System.arraycopy(values, valueOffset + t * valueStride + head * headSize, valuePage, to, headSize);
            }
        }
        lengths[layer] = length + tokens;
    }

    private void grow(int layer, int length) {
        int wanted = (length + PAGE - 1) / PAGE;
        if (wanted <= pageCounts[layer]) {
            return;
        }
        if (wanted > keys[layer].length) {
            // Doubling the page table keeps a long generation from copying it at every page.
            int entries = Math.max(wanted, 2 * keys[layer].length);
            keys[layer] = Arrays.copyOf(keys[layer], entries);
            values[layer] = Arrays.copyOf(values[layer], entries);
        }
        for (int page = pageCounts[layer]; page < wanted; page++) {
            keys[layer][page] = new float[PAGE * kvHeads * headSize];
            values[layer][page] = new float[PAGE * kvHeads * headSize];
            pageCounts[layer] = page + 1;
        }
    }

    /** Forgets rows: every layer keeps at most {@code length}. Pages that hold none any more are let go. */
    public void truncate(int length) {
        if (length < 0) {
            throw new IllegalArgumentException("a cache cannot be cut to " + length + " rows");
        }
        int wanted = (int) (((long) length + PAGE - 1) / PAGE);
        for (int layer = 0; layer < lengths.length; layer++) {
            lengths[layer] = Math.min(lengths[layer], length);
            for (int page = pageCounts[layer] - 1; page >= wanted; page--) {
                keys[layer][page] = null;
                values[layer][page] = null;
            }
            pageCounts[layer] = Math.min(pageCounts[layer], wanted);
        }
    }
}
