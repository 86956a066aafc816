package dev.skim.nn;

import dev.skim.tensor.Tile;

/** Pages in f32: panels are used where they lie. */
final class FloatPages extends KvPages {
    private final float[][][] keys;
    private final float[][][] values;

    FloatPages(int layers, int kvHeads, int headSize) {
        super(kvHeads, headSize);
        keys = new float[layers][0][];
        values = new float[layers][0][];
    }

    @Override
    void make(int layer, int page) {
        values[layer] = withRoom(values[layer], page);
        keys[layer] = withRoom(keys[layer], page);
        if (keys[layer][page] == null) {
            // The one that is asked for comes last: memory may run out.
            values[layer][page] = new float[valuePanelsOfPage * ROWS * LANES];
            keys[layer][page] = new float[keyPanelsOfPage * headSize * LANES];
        }
    }

    @Override
    void drop(int layer, int page) {
        // A page that could not be made may have no place in the tables either; that of the values has grown first.
        if (page < keys[layer].length) {
            keys[layer][page] = null;
            values[layer][page] = null;
        }
    }

    @Override
    long bytes() {
        long floats = 0;
        for (int layer = 0; layer < keys.length; layer++) {
            for (int page = 0; page < keys[layer].length; page++) {
                if (keys[layer][page] != null) {
                    floats += keys[layer][page].length + values[layer][page].length;
                }
            }
        }
        return floats * Float.BYTES;
    }

    @Override
    void putKeys(int layer, int page, int panel, int lane, float[] source, int at, int stride, int n) {
        Tile.interleave(source, at, stride, n, headSize, keys[layer][page], keysAt(panel, 0) + lane);
    }

    @Override
    void putValue(int layer, int page, int panel, int row, float[] source, int at, int n) {
        System.arraycopy(source, at, values[layer][page], valuesAt(panel, 0) + row * LANES, n);
    }

    @Override
    float[] keys(int layer, int page, int panel, float[] scratch, int at) {
        return keys[layer][page];
    }

    @Override
    int keysAt(int panel, int at) {
        return panel * headSize * LANES;
    }

    @Override
    float[] values(int layer, int page, int panel, int rows, float[] scratch, int at) {
        return values[layer][page];
    }

    @Override
    int valuesAt(int panel, int at) {
        return panel * ROWS * LANES;
    }

    @Override
    boolean coded() {
        return false;
    }
}
