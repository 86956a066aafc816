package dev.skim.nn;

/** Pages of bytes, whose panels are expanded before they are used. */
abstract sealed class BytePages extends KvPages permits HalfPages, BlockPages {
    private final byte[][][] keys;
    private final byte[][][] values;

    /** Bytes of a panel of keys, and of one of values. */
    final int keyBytes;

    final int valueBytes;

    BytePages(int layers, int kvHeads, int headSize, int keyBytes, int valueBytes) {
        super(kvHeads, headSize);
        this.keyBytes = keyBytes;
        this.valueBytes = valueBytes;
        keys = new byte[layers][0][];
        values = new byte[layers][0][];
    }

    @Override
    final void make(int layer, int page) {
        values[layer] = withRoom(values[layer], page);
        keys[layer] = withRoom(keys[layer], page);
        if (keys[layer][page] == null) {
            // The one that is asked for comes last: memory may run out.
            values[layer][page] = new byte[valuePanelsOfPage * valueBytes];
            keys[layer][page] = new byte[keyPanelsOfPage * keyBytes];
        }
    }

    @Override
    final void drop(int layer, int page) {
        // A page that could not be made may have no place in the tables either; that of the values has grown first.
        if (page < keys[layer].length) {
            keys[layer][page] = null;
            values[layer][page] = null;
        }
    }

    @Override
    final long bytes() {
        long bytes = 0;
        for (int layer = 0; layer < keys.length; layer++) {
            for (int page = 0; page < keys[layer].length; page++) {
                if (keys[layer][page] != null) {
                    bytes += keys[layer][page].length + values[layer][page].length;
                }
            }
        }
        return bytes;
    }

    @Override
    final void putKeys(int layer, int page, int panel, int lane, float[] source, int at, int stride, int n) {
        for (int i = 0; i < n; i++) {
            putKey(keys[layer][page], panel * keyBytes, lane + i, source, at + i * stride);
        }
    }

    @Override
    final void putValue(int layer, int page, int panel, int row, float[] source, int at, int n) {
        putRow(values[layer][page], panel * valueBytes, row, source, at, n);
    }

    @Override
    final float[] keys(int layer, int page, int panel, float[] scratch, int at) {
        expandKeys(keys[layer][page], panel * keyBytes, scratch, at);
        return scratch;
    }

    @Override
    final int keysAt(int panel, int at) {
        return at;
    }

    @Override
    final float[] values(int layer, int page, int panel, int rows, float[] scratch, int at) {
        expandValues(values[layer][page], panel * valueBytes, rows, scratch, at);
        return scratch;
    }

    @Override
    final int valuesAt(int panel, int at) {
        return at;
    }

    @Override
    final boolean coded() {
        return true;
    }

    /** Writes one key to a lane of the panel that starts at {@code base}. */
    abstract void putKey(byte[] page, int base, int lane, float[] source, int at);

    /** Writes {@code n} dimensions of a value to a row of the panel that starts at {@code base}. */
    abstract void putRow(byte[] page, int base, int row, float[] source, int at, int n);

    abstract void expandKeys(byte[] page, int base, float[] target, int to);

    abstract void expandValues(byte[] page, int base, int rows, float[] target, int to);
}
