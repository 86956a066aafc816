package dev.skim.tensor;

import java.lang.foreign.MemorySegment;

/**
 * A weight matrix repacked for the kernels. Immutable.
 *
 * <p>For a given matrix and token, the product's bits do not depend on the batch that the token travels in, on the
 * number of threads or on the vector width: every row is one chain of fused multiply-adds over the columns in order.
 */
public final class PackedMatrix {
    private final ElementType type;
    private final int rows;
    private final int columns;
    private final float[] plain;

    private PackedMatrix(ElementType type, int rows, int columns, float[] plain) {
        this.type = type;
        this.rows = rows;
        this.columns = columns;
        this.plain = plain;
    }

    /**
     * Repacks a row-major matrix, in parallel.
     *
     * @param data rows x columns elements of {@code type}; not needed afterwards
     */
    public static PackedMatrix pack(ElementType type, MemorySegment data, int rows, int columns, Workers workers) {
        float[] plain = new float[rows * columns];
        for (int r = 0; r < rows; r++) {
            Blocks.expand(type, data, r * type.bytes(columns), plain, r * columns, columns);
        }
        return new PackedMatrix(type, rows, columns, plain);
    }

    /** The element type of the file. */
    public ElementType type() {
        return type;
    }

    /** Rows: elements of a product's column. */
    public int rows() {
        return rows;
    }

    /** Columns: elements of an activation. */
    public int columns() {
        return columns;
    }

    /**
     * Multiplies: {@code out[outOffset + t * outStride + r] = sum over c of W[r][c] * x[t][c]} for every token t of
     * {@code x}.
     *
     * @param add whether the products are added to what stands in {@code out} (the chain of a row starts from it)
     */
    public void multiply(Activations x, float[] out, int outOffset, int outStride, boolean add, Workers workers) {
        workers.run(rows, 16, (begin, end, worker) -> {
            for (int r = begin; r < end; r++) {
                for (int t = 0; t < x.tokens; t++) {
                    int base = t / Activations.TILE * Activations.TILE * columns + t % Activations.TILE;
                    int at = outOffset + t * outStride + r;
                    float sum = add ? out[at] : 0;
                    for (int c = 0; c < columns; c++) {
                        sum = Math.fma(plain[r * columns + c], x.tiles[base + c * Activations.TILE], sum);
                    }
                    out[at] = sum;
                }
            }
        });
    }

    /** Expands one row to f32, as the file means it (an embedding). */
    public void row(int row, float[] out, int offset) {
        System.arraycopy(plain, row * columns, out, offset, columns);
    }

    /** Bytes that the matrix takes in memory. */
    public long bytes() {
        return 4L * plain.length;
    }
}
