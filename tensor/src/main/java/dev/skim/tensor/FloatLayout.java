package dev.skim.tensor;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** F32, F16 and BF16: elements as they are in the file, column by column, 32 rows side by side. */
final class FloatLayout extends PanelLayout {
    /** Columns of two panels that a lone token's product expands in one go: they stay in the first-level cache. */
    private static final int PIECE = 16;

    private final ElementType type;
    private final int size;

    FloatLayout(ElementType type) {
        super(1, ROWS * type.blockBytes());
        this.type = type;
        this.size = type.blockBytes();
    }

    @Override
    boolean pack(byte[] rows, int from, int rowBytes, int columns, byte[] panel, int at, long[] planes) {
        // A cache line of every row at a time: rows may lie a power of two apart, and then fall into the same cache sets.
        int step = 64 / size;
        for (int column = 0; column < columns; column += step) {
            int end = Math.min(column + step, columns);
            for (int lane = 0; lane < ROWS; lane++) {
                int row = from + lane * rowBytes;
                if (size == 4) {
                    packInts(rows, row, column, end, panel, at + lane * 4);
                } else {
                    packShorts(rows, row, column, end, panel, at + lane * 2);
                }
            }
        }
        // By itself, eight bytes at a time: the rows lie one behind the other, the copies do not.
        return type != ElementType.F16 || BytePlanes.finite(rows, from, ROWS * rowBytes);
    }

    private static void packInts(byte[] rows, int row, int from, int end, byte[] panel, int at) {
        for (int c = from; c < end; c++) {
            BytePlanes.INT.set(panel, at + c * ROWS * 4, (int) BytePlanes.INT.get(rows, row + c * 4));
        }
    }

    private static void packShorts(byte[] rows, int row, int from, int end, byte[] panel, int at) {
        for (int c = from; c < end; c++) {
            BytePlanes.SHORT.set(panel, at + c * ROWS * 2, (short) BytePlanes.SHORT.get(rows, row + c * 2));
        }
    }

    @Override
    void expand(byte[] panel, int at, int from, int n, float[] out, int to, Scratch scratch) {
        expand(panel, at + from * blockBytes, n * ROWS, out, to);
    }

    private void expand(byte[] panel, int at, int n, float[] out, int to) {
        switch (type) {
            case F32 -> expandF32(panel, at, n, out, to);
            case F16 -> Halves.expand(panel, at, n, out, to);
            default -> expandBF16(panel, at, n, out, to);
        }
    }

    private static void expandF32(byte[] panel, int at, int n, float[] out, int to) {
        for (int i = 0; i < n; i += Simd.LANES) {
            ByteVector.fromArray(Simd.WORDS, panel, at + i * 4).reinterpretAsFloats().intoArray(out, to + i);
        }
    }

    private static void expandBF16(byte[] panel, int at, int n, float[] out, int to) {
        for (int i = 0; i < n; i += Simd.LANES) {
            IntVector bits = (IntVector) ByteVector.fromArray(Simd.HALF_BYTES, panel, at + i * 2)
                    .reinterpretAsShorts()
                    .convertShape(VectorOperators.S2I, Simd.I, 0);
            bits.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().intoArray(out, to + i);
        }
    }

    // Expanded first, also for a lone token: one loop for three types that no processor is kept waiting by. With the choice
    // of a load inside the loop, C2 boxed what the load returned, and a product was 10 times slower.

    @Override
    void dot(byte[] panel, int[] at, int pairs, int columns, float[] x, float[] y, int yo, Scratch scratch) {
        float[] w = scratch.weights;
        for (int from = 0; from < columns; from += PIECE) {
            int n = Math.min(PIECE, columns - from);
            for (int pair = 0; pair < pairs; pair++) {
                expand(panel, at[2 * pair] + from * blockBytes, n * ROWS, w, 0);
                expand(panel, at[2 * pair + 1] + from * blockBytes, n * ROWS, w, n * ROWS);
                dot(w, n, x, from, y, yo + 2 * pair * ROWS);
            }
        }
    }

    @Override
    void row(byte[] panel, int at, int columns, int lane, float[] out, int offset) {
        float[] panelRow = new float[ROWS];
        for (int c = 0; c < columns; c++) {
            expand(panel, at + c * blockBytes, ROWS, panelRow, 0);
            out[offset + c] = panelRow[lane];
        }
    }
}
