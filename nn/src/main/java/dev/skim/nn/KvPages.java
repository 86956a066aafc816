package dev.skim.nn;

import dev.skim.tensor.Tile;
import java.util.Arrays;

/**
 * The pages of a {@link KvCache} in one {@link KvType}. A panel of keys is {@code [dimension][32 keys]}, one of values
 * {@code [64 keys][32 dimensions]}; expanded to f32 they are operands of {@link Tile}.
 */
abstract sealed class KvPages permits FloatPages, BytePages {
    static final int LANES = Tile.SIZE;
    static final int ROWS = KvCache.PAGE;

    final int headSize;

    /** Panels of values, and blocks of keys, of a head. */
    final int valuePanels;

    /** Panels of keys in a page. */
    final int keyPanelsOfPage;

    /** Panels of values in a page. */
    final int valuePanelsOfPage;

    KvPages(int kvHeads, int headSize) {
        this.headSize = headSize;
        valuePanels = (headSize + LANES - 1) / LANES;
        keyPanelsOfPage = kvHeads * (ROWS / LANES);
        valuePanelsOfPage = kvHeads * valuePanels;
    }

    static KvPages of(KvType type, int layers, int kvHeads, int headSize) {
        return switch (type) {
            case F32 -> new FloatPages(layers, kvHeads, headSize);
            case F16 -> new HalfPages(layers, kvHeads, headSize);
            case Q8_0 -> new BlockPages(layers, kvHeads, headSize);
        };
    }

    /** A layer's pages, or a copy of the table that has a place for this one: a long context costs nothing until it is used. */
    static <P> P[] withRoom(P[] table, int page) {
        return page < table.length ? table : Arrays.copyOf(table, Math.max(page + 1, 2 * table.length));
    }

    /** Makes a page where there is none. */
    abstract void make(int layer, int page);

    /** Lets a page go, if it is there. */
    abstract void drop(int layer, int page);

    /** Bytes of all pages that there are. */
    abstract long bytes();

    /** Writes {@code n} keys, one a row of the source, to the lanes of a panel from {@code lane} on. */
    abstract void putKeys(int layer, int page, int panel, int lane, float[] source, int at, int stride, int n);

    /** Writes {@code n} dimensions (32, or the last of a head) of one value to a row of a panel. */
    abstract void putValue(int layer, int page, int panel, int row, float[] source, int at, int n);

    /** A panel of keys in f32, from {@link #keysAt} on: the page itself, or the scratch, which must not be too small. */
    abstract float[] keys(int layer, int page, int panel, float[] scratch, int at);

    /** Where a panel that {@link #keys} gives starts. */
    abstract int keysAt(int panel, int at);

    /** The first {@code rows} rows of a panel of values in f32. */
    abstract float[] values(int layer, int page, int panel, int rows, float[] scratch, int at);

    /** Where a panel that {@link #values} gives starts. */
    abstract int valuesAt(int panel, int at);

    /** Whether panels must be expanded to scratch. */
    abstract boolean coded();
}
