package dev.skim.tensor;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * The layout of the rarer types: the file's own blocks, the 32 rows of a panel block by block side by side. Every use
 * expands them to f32 first, by the type's plain definition.
 */
final class RawLayout extends PanelLayout {
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
    void expand(byte[] panel, int at, int from, int n, float[] out, Scratch scratch) {
        MemorySegment segment = MemorySegment.ofArray(panel);
        for (int k = 0; k < n; ) {
            int column = from + k;
            int inBlock = column % block;
            int take = Math.min(n - k, block - inBlock);
            int base = at + column / block * blockBytes;
            for (int r = 0; r < ROWS; r++) {
                Blocks.expand(type, segment, base + r * type.blockBytes(), scratch.row, 0, block);
                for (int i = 0; i < take; i++) {
                    out[(k + i) * ROWS + r] = scratch.row[inBlock + i];
                }
            }
            k += take;
        }
    }

    @Override
    void dot(byte[] panel, int[] at, int pairs, int columns, float[] x, float[] y, int yo, Scratch scratch) {
        float[] w = scratch.weights;
        for (int from = 0; from < columns; from += block) {
            for (int p = 0; p < 2 * pairs; p++) {
                expand(panel, at[p], from, block, w, scratch);
                accumulate(w, x, from, block, y, yo + p * ROWS);
            }
        }
    }

    private static void accumulate(float[] w, float[] x, int xo, int n, float[] y, int yo) {
        for (int r = 0; r < ROWS; r += Simd.LANES) {
            FloatVector a = FloatVector.fromArray(Simd.F, y, yo + r);
            for (int k = 0; k < n; k++) {
                a = FloatVector.fromArray(Simd.F, w, k * ROWS + r).fma(FloatVector.broadcast(Simd.F, x[xo + k]), a);
            }
            a.intoArray(y, yo + r);
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
