package dev.skim.tensor;

import jdk.incubator.vector.FloatVector;

/** F32, F16 and BF16: elements as they are in the file, column by column, 32 rows side by side. */
final class FloatLayout extends PanelLayout {
    private final ElementType type;
    private final int size;

    FloatLayout(ElementType type) {
        super(1, ROWS * type.blockBytes());
        this.type = type;
        this.size = type.blockBytes();
    }

    @Override
    void pack(byte[] rows, int rowBytes, int columns, byte[] panel, int at, long[] planes) {
        // A cache line of every row at a time: rows may lie a power of two apart, and then fall into the same cache sets.
        int step = 64 / size;
        for (int from = 0; from < columns; from += step) {
            int end = Math.min(from + step, columns);
            for (int lane = 0; lane < ROWS; lane++) {
                if (size == 4) {
                    packInts(rows, lane * rowBytes, from, end, panel, at + lane * 4);
                } else {
                    packShorts(rows, lane * rowBytes, from, end, panel, at + lane * 2);
                }
            }
        }
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

    private static FloatVector load(ElementType type, byte[] a, int at) {
        return switch (type) {
            case F32 -> Simd.singles(a, at);
            case F16 -> Simd.halves(a, at);
            default -> Simd.brains(a, at);
        };
    }

    @Override
    void expand(byte[] panel, int at, int columns, int from, int n, float[] out, Scratch scratch) {
        switch (type) {
            case F32 -> expand(ElementType.F32, panel, at + from * blockBytes, n, out);
            case F16 -> expand(ElementType.F16, panel, at + from * blockBytes, n, out);
            default -> expand(ElementType.BF16, panel, at + from * blockBytes, n, out);
        }
    }

    private static void expand(ElementType type, byte[] panel, int at, int n, float[] out) {
        int size = type == ElementType.F32 ? 4 : 2;
        for (int k = 0; k < n; k++) {
            for (int r = 0; r < ROWS; r += Simd.LANES) {
                load(type, panel, at + (k * ROWS + r) * size).intoArray(out, k * ROWS + r);
            }
        }
    }

    @Override
    void dot(byte[] panel, int first, int second, int columns, float[] x, float[] y, int yo, Scratch scratch) {
        for (int strip = 0; strip < ROWS; strip += Simd.STRIP) {
            int a = first + strip * size;
            int b = second + strip * size;
            switch (type) {
                case F32 -> dot(ElementType.F32, panel, a, b, columns, x, y, yo + strip);
                case F16 -> dot(ElementType.F16, panel, a, b, columns, x, y, yo + strip);
                default -> dot(ElementType.BF16, panel, a, b, columns, x, y, yo + strip);
            }
        }
    }

    private static void dot(
            ElementType type, byte[] panel, int a, int b, int columns, float[] x, float[] y, int yo) {
        int l = Simd.LANES;
        int size = type == ElementType.F32 ? 4 : 2;
        FloatVector a0 = FloatVector.fromArray(Simd.F, y, yo), a1 = FloatVector.fromArray(Simd.F, y, yo + l);
        FloatVector b0 = FloatVector.fromArray(Simd.F, y, yo + ROWS);
        FloatVector b1 = FloatVector.fromArray(Simd.F, y, yo + ROWS + l);
        for (int k = 0; k < columns; k++) {
            FloatVector xk = FloatVector.broadcast(Simd.F, x[k]);
            a0 = load(type, panel, a + k * ROWS * size).fma(xk, a0);
            a1 = load(type, panel, a + (k * ROWS + l) * size).fma(xk, a1);
            b0 = load(type, panel, b + k * ROWS * size).fma(xk, b0);
            b1 = load(type, panel, b + (k * ROWS + l) * size).fma(xk, b1);
        }
        a0.intoArray(y, yo);
        a1.intoArray(y, yo + l);
        b0.intoArray(y, yo + ROWS);
        b1.intoArray(y, yo + ROWS + l);
    }

    @Override
    void row(byte[] panel, int at, int columns, int lane, float[] out, int offset) {
        float[] panelRow = new float[ROWS];
        for (int c = 0; c < columns; c++) {
            expand(panel, at, columns, c, 1, panelRow, null);
            out[offset + c] = panelRow[lane];
        }
    }
}
