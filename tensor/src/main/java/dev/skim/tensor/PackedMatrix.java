package dev.skim.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Objects;

/**
 * A weight matrix repacked for the kernels: panels of 32 interleaved rows. Immutable.
 *
 * <p>For a given matrix and token, the product's bits do not depend on the batch that the token travels in, on the
 * number of threads or on the vector width. With {@link Activations#Activations(boolean) exact} activations every element is
 * one chain of fused multiply-adds over the columns in order; with others, types that {@link Kernels#rounds round} have chains of
 * rounded weights, or exact sums of rounded activations by groups of columns, which are then added in order.
 *
 * <p>Infinite and NaN weights of a broken file stay what they are, and so reach the product. With a factor of half precision that is one,
 * the matrix is laid out block by block as in the file: its products are exact, and slow.
 */
public final class PackedMatrix {
    /** Rows as a file has them. */
    @FunctionalInterface
    public interface Source {
        /** Puts rows {@code first} to {@code first + count - 1} into {@code target} from its start on; by many threads at once. */
        void read(int first, int count, byte[] target);
    }

    /**
     * The bytes of panels in one array: large matrices are cut so that each worker makes (clears, and so touches) the arrays
     * that it packs, and small ones so that every worker has some.
     */
    private static final int SLAB = 1 << 20;
    private static final int SMALL_SLAB = 128 << 10;

    /** Arrays of a matrix where their size allows it: with few, one worker would wait for another's last. */
    private static final int SLABS = 16;

    /**
     * Pairs of panels that take turns in a lone token's product; each panel is a stream of memory. An Emerald Rapids with vectors of
     * 512 bits reads four streams 1.06 to 1.3 times as fast as two, a Zen 3 with 256 bits does not.
     */
    static final int PAIRS = Simd.BITS == 512 ? 2 : 1;

    /** Bytes of each panel that a step of reading ahead takes, and that all steps take at most: they stay in a second-level cache. */
    private static final int STEP = 512;
    private static final int MOST = 1 << 16;

    /** Bytes of a line of the caches. */
    private static final int LINE = 64;

    /** Reads ahead what a thread will most likely multiply first with a lone token. */
    final Workers.Ahead ahead = this::readAhead;

    private final ElementType type;
    private final int rows;
    private final int columns;
    private final PanelLayout layout;
    private final int panelBytes;
    private final int slabPanels;
    private final byte[][] slabs;

    private PackedMatrix(ElementType type, PanelLayout layout, int rows, int columns) {
        this.type = type;
        this.rows = rows;
        this.columns = columns;
        this.layout = layout;
        this.panelBytes = layout.panelBytes(columns);
        int panels = panels();
        long slab = Math.clamp((long) panels * panelBytes / SLABS, SMALL_SLAB, SLAB);
        // Whole pairs, and as many as take turns, so that these are always of one array.
        this.slabPanels = Math.toIntExact(Math.max(1, slab / panelBytes / (2 * PAIRS)) * 2 * PAIRS);
        this.slabs = new byte[(panels + slabPanels - 1) / slabPanels][];
    }

    /**
     * Repacks a row-major matrix, in parallel.
     *
     * @param data rows x columns elements of {@code type}; not needed afterwards
     * @throws IllegalArgumentException when the shape is empty, the columns are not whole blocks or the data is short
     * @throws ArithmeticException when the panels that take turns take more bytes than an array can have
     */
    public static PackedMatrix pack(ElementType type, MemorySegment data, int rows, int columns, Workers workers) {
        long rowBytes = type.bytes(columns);
        if (data.byteSize() < Math.multiplyExact(rowBytes, (long) rows)) {
            throw new IllegalArgumentException(rows + " x " + columns + " elements of " + type + " take "
                    + rowBytes * rows + " bytes, but there are " + data.byteSize());
        }
        return pack(
                type,
                (first, count, target) -> MemorySegment.copy(
                        data, ValueLayout.JAVA_BYTE, first * rowBytes, target, 0, Math.toIntExact(count * rowBytes)),
                rows, columns, workers);
    }

    /**
     * Repacks a row-major matrix as it is read, in parallel.
     *
     * @param source rows of {@code columns} elements of {@code type}, which may be asked for up to three times; what it throws is thrown on;
     *     not needed afterwards
     * @throws IllegalArgumentException when the shape is empty or the columns are not whole blocks
     * @throws ArithmeticException when the panels that take turns take more bytes than an array can have
     */
    public static PackedMatrix pack(ElementType type, Source source, int rows, int columns, Workers workers) {
        if (rows < 1 || columns < 1) {
            throw new IllegalArgumentException("a matrix has at least one row and column, not " + rows + " x " + columns);
        }
        PanelLayout layout = PanelLayout.of(type);
        PackedMatrix matrix = new PackedMatrix(type, layout, rows, columns);
        while (!matrix.fill(source, workers)) {
            layout = layout.substitute(type);
            matrix = new PackedMatrix(type, layout, rows, columns);
        }
        return matrix;
    }

    /** Returns whether the layout could pack it all. */
    private boolean fill(Source source, Workers workers) {
        int rowBytes = Math.toIntExact(type.bytes(columns));
        Packing packing = new Packing(this, source, rowBytes, slabs, slabPanels);
        workers.run(slabs.length, 1, packing);
        return packing.complete();
    }

    private byte[] slab(int panel) {
        return slabs[panel / slabPanels];
    }

    private int offset(int panel) {
        return panel % slabPanels * panelBytes;
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
     * {@code x}, summed as the class's comment says.
     *
     * @param add whether the sum of each element starts from what stands in {@code out}, else from 0
     * @throws IllegalArgumentException when the activations have another number of columns
     * @throws IndexOutOfBoundsException when {@code out} is too short
     */
    public void multiply(Activations x, float[] out, int outOffset, int outStride, boolean add, Workers workers) {
        new Products().add(this, out, outOffset, outStride, add).run(x, workers);
    }

    int panels() {
        return (rows - 1) / Tile.SIZE + 1;
    }

    int panelBytes() {
        return panelBytes;
    }

    PanelLayout layout() {
        return layout;
    }

    /** Multiplies {@code pairs} pairs of panels, the first of which is {@code pair}, with a lone token. */
    void dot(int pair, int pairs, Activations x, float[] out, int outOffset, boolean add) {
        Scratch scratch = Scratch.get();
        float[] sums = scratch.sums;
        int[] at = scratch.panels;
        int first = 2 * pair;
        for (int i = 0; i < pairs; i++) {
            at[2 * i] = offset(first + 2 * i);
            at[2 * i + 1] = offset(neighbour(first + 2 * i));
        }
        int from = first * Tile.SIZE;
        int n = Math.min(2 * pairs * Tile.SIZE, rows - from);
        if (add) {
            System.arraycopy(out, outOffset + from, sums, 0, n);
        } else {
            Arrays.fill(sums, 0);
        }
        if (x.rounds(layout)) {
            layout.roundedDot(slab(first), at, pairs, columns, x, sums, 0, scratch);
        } else {
            layout.dot(slab(first), at, pairs, columns, x.tiles, sums, 0, scratch);
        }
        System.arraycopy(sums, 0, out, outOffset + from, n);
    }

    /** Threads claim pieces in the order in which they join: the caller first. Lines come in the order in which a product reads them. */
    private boolean readAhead(int worker, int step) {
        long first = 2L * PAIRS * worker * Products.grain(PAIRS * panelBytes);
        int from = step * STEP;
        int to = Math.min(from + STEP, Math.min(panelBytes, MOST));
        if (from >= to || first + 2 * PAIRS > panels()) {
            return false;
        }
        byte[] q = slab((int) first);
        int start = offset((int) first);
        int sum = 0;
        for (int i = from; i < to; i += LINE) {
            for (int panel = 0; panel < 2 * PAIRS; panel++) {
                sum += q[start + panel * panelBytes + i];
            }
        }
        Scratch.get().ahead += sum;
        return true;
    }

    /** Panels that a product has in a unit: two for a lone token, and where it rounds. */
    int unitPanels(Activations x) {
        return x.tokens == 1 || x.rounds(layout) ? 2 : 1;
    }

    /** Units of panels that a product consists of. */
    int units(Activations x) {
        return (panels() - 1) / unitPanels(x) + 1;
    }

    /**
     * Multiplies {@code count} units of panels, the first of which is {@code unit}, with all tokens. A tile's columns then come
     * from the third-level cache or from memory once for all the units.
     */
    void product(int unit, int count, Activations x, float[] out, int outOffset, int outStride, boolean add) {
        Scratch scratch = Scratch.get();
        int width = unitPanels(x) * Tile.SIZE;
        int size = x.tokens * width;
        int at = outOffset + unit * width;
        int rows = Math.min(count * width, this.rows - unit * width);
        float[] results = scratch.results(count * size);
        if (!add || rows < count * width) {
            Arrays.fill(results, 0, count * size, 0);
        }
        if (add) {
            start(results, width, x.tokens, rows, out, at, outStride);
        }
        int chunk = layout.chunk();
        for (int from = 0; from < columns; from += chunk) {
            int n = Math.min(chunk, columns - from);
            for (int i = 0; i < count; i++) {
                expand(unit + i, x, from, n, scratch.expansions[i], scratch);
            }
            for (int t = 0; t < x.tokens; t += Tile.SIZE) {
                for (int i = 0; i < count; i++) {
                    multiply(x, t, from, n, scratch.expansions[i], results, i * size + t * width, scratch);
                }
            }
        }
        finish(results, width, x.tokens, rows, out, at, outStride);
    }

    private void expand(int unit, Activations x, int from, int n, Expansion to, Scratch scratch) {
        if (x.rounds(layout)) {
            int p = 2 * unit;
            layout.roundedExpand(slab(p), offset(p), offset(neighbour(p)), from, n, to, scratch);
        } else {
            layout.expand(slab(unit), offset(unit), from, n, to.weights, 0, scratch);
        }
    }

    private void multiply(
            Activations x, int token, int from, int n, Expansion w, float[] results, int to, Scratch scratch) {
        int tokens = Math.min(Tile.SIZE, x.tokens - token);
        if (x.rounds(layout)) {
            layout.roundedMultiply(x, token, tokens, from, n, w, results, to, scratch);
        } else {
            int at = token * columns + from * Tile.SIZE;
            Tile.multiply(x.tiles, at, w.weights, 0, n, tokens, results, to, Tile.SIZE, true);
        }
    }

    /** The panel beside an even one. A last one without a neighbour is multiplied twice; the second result is dropped. */
    private int neighbour(int p) {
        return p + 1 < panels() ? p + 1 : p;
    }

    // Sums grow unit by unit, and not in out: its columns often lie a power of two apart, and then fall into the same cache sets.
    // They come and go token by token, since each token's column is on pages of its own.

    private static void start(float[] results, int width, int tokens, int rows, float[] out, int at, int stride) {
        for (int t = 0; t < tokens; t++) {
            for (int r = 0; r < rows; r += width) {
                System.arraycopy(out, at + t * stride + r, results, r * tokens + t * width, Math.min(width, rows - r));
            }
        }
    }

    private static void finish(float[] results, int width, int tokens, int rows, float[] out, int at, int stride) {
        for (int t = 0; t < tokens; t++) {
            for (int r = 0; r < rows; r += width) {
                System.arraycopy(results, r * tokens + t * width, out, at + t * stride + r, Math.min(width, rows - r));
            }
        }
    }

    /**
     * Expands one row to f32, as the file means it (an embedding).
     *
     * @param out takes as many elements as there are columns, from {@code offset} on
     * @throws IndexOutOfBoundsException when there is no such row, or {@code out} is too short
     */
    public void row(int row, float[] out, int offset) {
        int panel = Objects.checkIndex(row, rows) / Tile.SIZE;
        layout.row(slab(panel), offset(panel), columns, row % Tile.SIZE, out, offset);
    }
}
