package dev.skim.tensor;

import jdk.incubator.vector.FloatVector;

/**
 * How the rows of a weight matrix lie in memory: panels of 32 rows, cut into blocks of columns, rows side by side.
 *
 * <p>A layout knows how to pack a row, to expand a panel's columns to f32, and to multiply two panels with one
 * activation while unpacking in registers. All three mean the same weights: {@code expand} and {@code dot} use the same
 * operations in the same order, so a product's bits do not tell which of them was taken.
 */
abstract class PanelLayout {
    /** Rows of a panel. */
    static final int ROWS = Tile.SIZE;

    /**
     * Columns that are worked on in one go, where a block is not longer: their expansion is 16 KiB, which with as much of
     * the activations stays in a 32 KiB first-level cache.
     */
    static final int CHUNK = 128;

    /** The most columns that are expanded at once: the longest block. */
    static final int LONGEST = 256;

    /** Columns of a block; a row is a whole number of blocks. */
    final int block;

    /** Bytes of a panel's block. */
    final int blockBytes;

    /** Columns to expand in one go. */
    int chunk() {
        return CHUNK;
    }

    PanelLayout(int block, int blockBytes) {
        this.block = block;
        this.blockBytes = blockBytes;
    }

    /** The layout for the rows of a matrix of this type. */
    static PanelLayout of(ElementType type) {
        return switch (type) {
            case F32 -> new FloatLayout(type);
            case F16 -> new FloatLayout(type);
            case BF16 -> new FloatLayout(type);
            case Q4_0 -> new Legacy(type, 4);
            case Q4_1 -> new Legacy(type, 4);
            case Q5_0 -> new Legacy(type, 5);
            case Q5_1 -> new Legacy(type, 5);
            case Q8_0 -> new Legacy8();
            case Q4_K -> new KQuant45(4);
            case Q5_K -> new KQuant45(5);
            case Q2_K, TQ1_0, TQ2_0 -> new KQuant2(type);
            case Q3_K -> new KQuant36(4);
            case Q6_K -> new KQuant36(6);
            case IQ1_S, IQ1_M -> new PointLayout(type);
            case IQ2_XXS, IQ2_XS, IQ2_S -> new IQuant2(type);
            case IQ3_S -> new IQuant3();
            case IQ4_NL, MXFP4 -> new TableLayout(type);
            case IQ4_XS, IQ3_XXS -> new WholeTableLayout(type);
            default -> new RawLayout(type);
        };
    }

    /** Bytes of a panel. */
    final int panelBytes(int columns) {
        return Math.multiplyExact(columns / block, blockBytes);
    }

    /**
     * Packs 32 rows into a panel.
     *
     * @param rows the rows as the file has them, {@code rowBytes} apart from {@code from} on, and 8 bytes behind the last
     * @param planes room for the planes of {@link #LONGEST} bytes
     * @return whether it could; else the matrix must have the {@link #substitute}, whatever is in the panel now
     */
    abstract boolean pack(byte[] rows, int from, int rowBytes, int columns, byte[] panel, int at, long[] planes);

    /**
     * The layout for matrices of this type that this one cannot pack: most cannot where a half-precision number is infinite or NaN,
     * which their kernels would take for a finite one. {@link RawLayout} can pack all.
     */
    PanelLayout substitute(ElementType type) {
        return new RawLayout(type);
    }

    /** Expands columns {@code from} to {@code from + n - 1} of a panel to {@code out[to + k * 32 + row]}. */
    abstract void expand(byte[] panel, int at, int from, int n, float[] out, int to, Scratch scratch);

    /**
     * Multiplies pairs of panels of the same array with one activation: rows of the first go to {@code y[yo ..]}, those of
     * the second to {@code y[yo + 32 ..]}, and so on; the chains start from what stands there.
     *
     * @param at where the panels start, two for each of {@code pairs} pairs, which take turns as often as they can
     */
    abstract void dot(byte[] panel, int[] at, int pairs, int columns, float[] x, float[] y, int yo, Scratch scratch);

    /**
     * Multiplies {@code n} columns of two panels that are expanded, the second behind the first, with a lone token and adds the products
     * to {@code y}: for layouts without a loop that unpacks in registers.
     */
    static void dot(float[] w, int n, float[] x, int xo, float[] y, int yo) {
        for (int strip = 0; strip < ROWS; strip += Simd.STRIP) {
            dot(w, strip, n, x, xo, y, yo + strip);
        }
    }

    private static void dot(float[] w, int strip, int n, float[] x, int xo, float[] y, int yo) {
        int l = Simd.LANES;
        FloatVector a0 = FloatVector.fromArray(Simd.F, y, yo), a1 = FloatVector.fromArray(Simd.F, y, yo + l);
        FloatVector b0 = FloatVector.fromArray(Simd.F, y, yo + ROWS);
        FloatVector b1 = FloatVector.fromArray(Simd.F, y, yo + ROWS + l);
        int steps = Simd.steps(n);
        int a = Simd.index(strip);
        int b = Simd.index(strip + n * ROWS);
        int xi = Simd.index(xo);
        for (int k = 0; k < steps; k++) {
            FloatVector xk = FloatVector.broadcast(Simd.F, x[xi + k]);
            a0 = FloatVector.fromArray(Simd.F, w, a + k * ROWS).fma(xk, a0);
            a1 = FloatVector.fromArray(Simd.F, w, a + k * ROWS + l).fma(xk, a1);
            b0 = FloatVector.fromArray(Simd.F, w, b + k * ROWS).fma(xk, b0);
            b1 = FloatVector.fromArray(Simd.F, w, b + k * ROWS + l).fma(xk, b1);
        }
        a0.intoArray(y, yo);
        a1.intoArray(y, yo + l);
        b0.intoArray(y, yo + ROWS);
        b1.intoArray(y, yo + ROWS + l);
    }

    /** How products round, unless they are to be exact. */
    Rounding rounding() {
        return Rounding.NONE;
    }

    /** {@link #dot} with a rounded token; only where there is a {@link #rounding}. */
    void roundedDot(
            byte[] panel, int[] at, int pairs, int columns, Activations x, float[] y, int yo, Scratch scratch) {
        throw new UnsupportedOperationException();
    }

    /** Unpacks columns {@code from} to {@code from + n - 1} of two panels for a rounded batch; only where there is a {@link #rounding}. */
    void roundedExpand(byte[] panel, int first, int second, int from, int n, Expansion to, Scratch scratch) {
        throw new UnsupportedOperationException();
    }

    /**
     * Adds the products of what {@link #roundedExpand} has unpacked with a tile of {@code tokens} tokens, the first of which
     * is {@code token}, to {@code y[yo + t * 64 + row]}; only where there is a {@link #rounding}.
     */
    void roundedMultiply(
            Activations x, int token, int tokens, int from, int n, Expansion w, float[] y, int yo, Scratch scratch) {
        throw new UnsupportedOperationException();
    }

    /** Expands one row. */
    abstract void row(byte[] panel, int at, int columns, int lane, float[] out, int offset);
}
