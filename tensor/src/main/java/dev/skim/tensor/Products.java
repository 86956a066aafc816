package dev.skim.tensor;

import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.Map;

/**
 * Products of several matrices with the same activations in one parallel region: handing work to the threads costs a
 * small model as much as the work. Reused from call to call; not safe for use by several threads.
 */
public final class Products {
    /** The most panels that a batch is multiplied with in one go: what they are unpacked to stays in a second-level cache. */
    static final int TOGETHER = 8;

    /** Pieces of work for each thread that are to be had before units of panels go together for a batch. */
    private static final int ENOUGH = 4;

    private final Workers.Task work = this::work;
    private PackedMatrix[] matrices = new PackedMatrix[4];
    private float[][] outs = new float[4][];
    private int[] offsets = new int[4];
    private int[] strides = new int[4];
    private boolean[] adds = new boolean[4];
    private int[] ends = new int[4];

    /** Units that go together, and how many pieces of as many there are; the rest go one by one. */
    private int[] together = new int[4];
    private int[] wide = new int[4];
    private int count;
    private Activations activations;

    /**
     * Which matrix came after which, each the first of its region: a decoder has the same ones in the same order for every token, and
     * threads that wait read the next one ahead.
     */
    private final Map<PackedMatrix, PackedMatrix> followers = new IdentityHashMap<>();

    private PackedMatrix last;

    /** Makes an empty list. */
    public Products() {}

    /** Adds a product with the meaning of {@link PackedMatrix#multiply}; returns this. */
    public Products add(PackedMatrix matrix, float[] out, int outOffset, int outStride, boolean add) {
        if (count == matrices.length) {
            int more = 2 * count;
            matrices = Arrays.copyOf(matrices, more);
            outs = Arrays.copyOf(outs, more);
            offsets = Arrays.copyOf(offsets, more);
            strides = Arrays.copyOf(strides, more);
            adds = Arrays.copyOf(adds, more);
            ends = Arrays.copyOf(ends, more);
            together = Arrays.copyOf(together, more);
            wide = Arrays.copyOf(wide, more);
        }
        matrices[count] = matrix;
        outs[count] = out;
        offsets[count] = outOffset;
        strides[count] = outStride;
        adds[count] = add;
        count++;
        return this;
    }

    /**
     * Computes all products and empties the list, which it does also when it throws.
     *
     * @throws IllegalArgumentException when a matrix has another number of columns than the activations
     */
    public void run(Activations activations, Workers workers) {
        this.activations = activations;
        try {
            multiply(workers);
        } finally {
            this.activations = null;
            Arrays.fill(outs, 0, count, null);
            Arrays.fill(matrices, 0, count, null);
            count = 0;
        }
    }

    private void multiply(Workers workers) {
        boolean single = activations.tokens == 1;
        int items = 0;
        int bytes = 1;
        for (int i = 0; i < count; i++) {
            PackedMatrix matrix = matrices[i];
            if (activations.columns != matrix.columns()) {
                throw new IllegalArgumentException("a matrix of " + matrix.columns()
                        + " columns cannot be multiplied with activations of " + activations.columns);
            }
            activations.prepare(matrix.layout(), workers);
            int units = matrix.units(activations);
            if (single) {
                // The last ones are for every thread to have as many.
                together[i] = PackedMatrix.PAIRS;
                wide[i] = Math.max(0, units - workers.threads()) / together[i];
            } else {
                together[i] = Math.clamp(units / (ENOUGH * workers.threads()), 1, TOGETHER / matrix.unitPanels(activations));
                wide[i] = units / together[i];
            }
            items += wide[i] + units - wide[i] * together[i];
            ends[i] = items;
            bytes = Math.max(bytes, together[i] * matrix.panelBytes());
        }
        PackedMatrix follower = single ? follower(matrices[0]) : null;
        workers.ahead(follower == null ? null : follower.ahead);
        workers.run(items, single ? grain(bytes) : 1, work);
    }

    /** Pieces of twice so many bytes that a thread claims at a time for a lone token: about 64 KiB, some 3 microseconds of work. */
    static int grain(int bytes) {
        return Math.max(1, 32_768 / bytes);
    }

    /** What came after {@code first} when it was multiplied last; notes that it came after the one before. */
    private PackedMatrix follower(PackedMatrix first) {
        if (last != null) {
            followers.put(last, first);
        }
        last = first;
        return followers.get(first);
    }

    private int owner(int item) {
        int i = 0;
        while (item >= ends[i]) {
            i++;
        }
        return i;
    }

    private void work(int begin, int end, int worker) {
        for (int item = begin; item < end; item++) {
            int i = owner(item);
            PackedMatrix matrix = matrices[i];
            int piece = item - (i == 0 ? 0 : ends[i - 1]);
            int units = piece < wide[i] ? together[i] : 1;
            int unit = Math.min(piece, wide[i]) * together[i] + Math.max(0, piece - wide[i]);
            if (activations.tokens == 1) {
                matrix.dot(unit, units, activations, outs[i], offsets[i], adds[i]);
            } else {
                matrix.product(unit, units, activations, outs[i], offsets[i], strides[i], adds[i]);
            }
        }
    }
}
