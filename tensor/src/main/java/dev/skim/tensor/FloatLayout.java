package dev.skim.tensor;

import jdk.incubator.vector.FloatVector;

/** F32, F16 and BF16: elements as they are in the file, column by column, 32 rows side by side. */
final class FloatLayout extends PanelLayout {
    /** Bytes of a panel that a lone token works on in one go. */
    private static final int CHUNK_BYTES = 8 << 10;

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

    @Override
    void expand(byte[] panel, int at, int columns, int from, int n, float[] out, Scratch scratch) {
        int start = at + from * blockBytes;
        switch (type) {
            case F32 -> expandF32(panel, start, n, out);
            case F16 -> Halves.expand(panel, start, n * ROWS, 1, out, 0);
            default -> expandBF16(panel, start, n, out);
        }
    }

    // A loop for each type: with the choice inside, C2 boxed the vector that it returned, and a product was 20 times slower.

    private static void expandF32(byte[] panel, int at, int n, float[] out) {
        for (int i = 0; i < n * ROWS; i += Simd.LANES) {
            Simd.singles(panel, at + i * 4).intoArray(out, i);
        }
    }

    private static void expandBF16(byte[] panel, int at, int n, float[] out) {
        for (int i = 0; i < n * ROWS; i += Simd.LANES) {
            Simd.brains(panel, at + i * 2).intoArray(out, i);
        }
    }

    @Override
    void dot(byte[] panel, int first, int second, int columns, float[] x, float[] y, int yo, Scratch scratch) {
        // So many columns of both panels stay in the first-level cache from strip to strip.
        int step = CHUNK_BYTES / blockBytes;
        for (int from = 0; from < columns; from += step) {
            int n = Math.min(step, columns - from);
            int a = first + from * blockBytes;
            int b = second + from * blockBytes;
            scratch.touch(panel, a, b, n * blockBytes);
            for (int strip = 0; strip < ROWS; strip += Simd.STRIP) {
                int at = strip * size;
                switch (type) {
                    case F32 -> dotF32(panel, a + at, b + at, n, x, from, y, yo + strip);
                    case F16 -> dotF16(panel, a + at, b + at, n, x, from, y, yo + strip);
                    default -> dotBF16(panel, a + at, b + at, n, x, from, y, yo + strip);
                }
            }
        }
    }

    private static void dotF32(byte[] panel, int a, int b, int n, float[] x, int xo, float[] y, int yo) {
        int l = Simd.LANES;
        FloatVector a0 = FloatVector.fromArray(Simd.F, y, yo), a1 = FloatVector.fromArray(Simd.F, y, yo + l);
        FloatVector b0 = FloatVector.fromArray(Simd.F, y, yo + ROWS);
        FloatVector b1 = FloatVector.fromArray(Simd.F, y, yo + ROWS + l);
        for (int k = 0; k < n; k++) {
            FloatVector xk = FloatVector.broadcast(Simd.F, x[xo + k]);
            int at = k * ROWS * 4;
            a0 = Simd.singles(panel, a + at).fma(xk, a0);
            a1 = Simd.singles(panel, a + at + l * 4).fma(xk, a1);
            b0 = Simd.singles(panel, b + at).fma(xk, b0);
            b1 = Simd.singles(panel, b + at + l * 4).fma(xk, b1);
        }
        a0.intoArray(y, yo);
        a1.intoArray(y, yo + l);
        b0.intoArray(y, yo + ROWS);
        b1.intoArray(y, yo + ROWS + l);
    }

    private static void dotF16(byte[] panel, int a, int b, int n, float[] x, int xo, float[] y, int yo) {
        int l = Simd.LANES;
        FloatVector a0 = FloatVector.fromArray(Simd.F, y, yo), a1 = FloatVector.fromArray(Simd.F, y, yo + l);
        FloatVector b0 = FloatVector.fromArray(Simd.F, y, yo + ROWS);
        FloatVector b1 = FloatVector.fromArray(Simd.F, y, yo + ROWS + l);
        for (int k = 0; k < n; k++) {
            FloatVector xk = FloatVector.broadcast(Simd.F, x[xo + k]);
            int at = k * ROWS * 2;
            a0 = Simd.halves(panel, a + at).fma(xk, a0);
            a1 = Simd.halves(panel, a + at + l * 2).fma(xk, a1);
            b0 = Simd.halves(panel, b + at).fma(xk, b0);
            b1 = Simd.halves(panel, b + at + l * 2).fma(xk, b1);
        }
        a0.intoArray(y, yo);
        a1.intoArray(y, yo + l);
        b0.intoArray(y, yo + ROWS);
        b1.intoArray(y, yo + ROWS + l);
    }

    private static void dotBF16(byte[] panel, int a, int b, int n, float[] x, int xo, float[] y, int yo) {
        int l = Simd.LANES;
        FloatVector a0 = FloatVector.fromArray(Simd.F, y, yo), a1 = FloatVector.fromArray(Simd.F, y, yo + l);
        FloatVector b0 = FloatVector.fromArray(Simd.F, y, yo + ROWS);
        FloatVector b1 = FloatVector.fromArray(Simd.F, y, yo + ROWS + l);
        for (int k = 0; k < n; k++) {
            FloatVector xk = FloatVector.broadcast(Simd.F, x[xo + k]);
            int at = k * ROWS * 2;
            a0 = Simd.brains(panel, a + at).fma(xk, a0);
            a1 = Simd.brains(panel, a + at + l * 2).fma(xk, a1);
            b0 = Simd.brains(panel, b + at).fma(xk, b0);
            b1 = Simd.brains(panel, b + at + l * 2).fma(xk, b1);
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
