package dev.skim.tensor;

import java.lang.foreign.MemorySegment;

/**
 * The layout of the rarer types, and of what no other layout can pack: the file's own blocks, the 32 rows of a panel block by block
 * side by side. Every use expands them to f32 first, by the type's plain definition.
 */
class RawLayout extends PanelLayout {
    private final ElementType type;

    RawLayout(ElementType type) {
        super(type.blockSize(), ROWS * type.blockBytes());
        this.type = type;
    }

    /** Whole blocks, so that none is expanded twice. */
    @Override
    int chunk() {
        return Math.max(CHUNK, block);
    }

    @Override
    boolean pack(byte[] rows, int from, int rowBytes, int columns, byte[] panel, int at, long[] planes) {
        int bytes = type.blockBytes();
        for (int lane = 0; lane < ROWS; lane++) {
            for (int b = 0; b < columns / block; b++) {
                System.arraycopy(
                        rows, from + lane * rowBytes + b * bytes, panel, at + b * blockBytes + lane * bytes, bytes);
            }
        }
        return true;
    }

    @Override
    void expand(byte[] panel, int at, int from, int n, float[] out, int to, Scratch scratch) {
        MemorySegment segment = MemorySegment.ofArray(panel);
        for (int k = 0; k < n; ) {
            int column = from + k;
            int inBlock = column % block;
            int take = Math.min(n - k, block - inBlock);
            int base = at + column / block * blockBytes;
            for (int r = 0; r < ROWS; r++) {
                Blocks.expand(type, segment, base + r * type.blockBytes(), scratch.row, 0, block);
                for (int i = 0; i < take; i++) {
                    out[to + (k + i) * ROWS + r] = scratch.row[inBlock + i];
                }
            }
            k += take;
        }
    }

    @Override
    void dot(byte[] panel, int[] at, int pairs, int columns, float[] x, float[] y, int yo, Scratch scratch) {
        float[] w = scratch.weights;
        for (int from = 0; from < columns; from += block) {
            for (int pair = 0; pair < pairs; pair++) {
                expand(panel, at[2 * pair], from, block, w, 0, scratch);
                expand(panel, at[2 * pair + 1], from, block, w, block * ROWS, scratch);
                dot(w, block, x, from, y, yo + 2 * pair * ROWS);
            }
        }
    }

    @Override
    void row(byte[] panel, int at, int columns, int lane, float[] out, int offset) {
        MemorySegment segment = MemorySegment.ofArray(panel);
        for (int b = 0; b < columns / block; b++) {
            int from = at + b * blockBytes + lane * type.blockBytes();
            Blocks.expand(type, segment, from, out, offset + b * block, block);
        }
    }
}
