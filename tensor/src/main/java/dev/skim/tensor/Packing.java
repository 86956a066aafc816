package dev.skim.tensor;

import java.util.Arrays;

/**
 * Packs the rows of a matrix into arrays of panels as they are read.
 *
 * <p>A class of its own because skim.jvm names it: all the work is in what it calls, and as one method with that it takes the
 * compiler longer than all of loading.
 */
final class Packing implements Workers.Task {
    /** Bytes that are read at once, where a panel does not take more: few calls, and a second-level cache still holds them. */
    private static final int READ = 256 << 10;

    private final PackedMatrix matrix;
    private final PackedMatrix.Source source;
    private final int rowBytes;
    private final byte[][] slabs;
    private final int slabPanels;
    private volatile boolean incomplete;

    /**
     * Prepares it.
     *
     * @param slabs take an array each of {@code slabPanels} panels, the last of what is left
     */
    Packing(PackedMatrix matrix, PackedMatrix.Source source, int rowBytes, byte[][] slabs, int slabPanels) {
        this.matrix = matrix;
        this.source = source;
        this.rowBytes = rowBytes;
        this.slabs = slabs;
        this.slabPanels = slabPanels;
    }

    /** Whether the layout could pack all panels. */
    boolean complete() {
        return !incomplete;
    }

    @Override
    public void run(int begin, int end, int worker) {
        int panelRows = Math.multiplyExact(Tile.SIZE, rowBytes);
        int step = Math.clamp(READ / panelRows, 1, slabPanels);
        byte[] buffer = Scratch.get().rows(Math.addExact(step * panelRows, Long.BYTES));
        long[] planes = new long[PanelLayout.LONGEST * BytePlanes.LONGS];
        PanelLayout layout = matrix.layout();
        int panelBytes = matrix.panelBytes();
        for (int i = begin; i < end; i++) {
            int first = i * slabPanels;
            int count = Math.min(slabPanels, matrix.panels() - first);
            byte[] slab = new byte[Math.addExact(Math.multiplyExact(count, panelBytes), Simd.SLACK)];
            for (int p = 0; p < count; p += step) {
                int group = Math.min(step, count - p);
                int row = (first + p) * Tile.SIZE;
                int n = Math.min(group * Tile.SIZE, matrix.rows() - row);
                source.read(row, n, buffer);
                // The last panel may have fewer rows.
                Arrays.fill(buffer, n * rowBytes, group * panelRows + Long.BYTES, (byte) 0);
                for (int k = 0; k < group; k++) {
                    if (!layout.pack(buffer, k * panelRows, rowBytes, matrix.columns(), slab, (p + k) * panelBytes, planes)) {
                        incomplete = true;
                    }
                }
            }
            slabs[i] = slab;
        }
    }
}
