package dev.skim.tensor;

/** A thread's working memory for the kernels; small enough for the second-level cache. */
final class Scratch {
    private static final ThreadLocal<Scratch> MINE = ThreadLocal.withInitial(Scratch::new);

    /** Bytes of a cache line. */
    private static final int LINE = 64;

    /** Columns of a panel, expanded. */
    final float[] weights = new float[PanelLayout.LONGEST * Tile.SIZE];

    /** Scales and minima of two panels: up to 16 groups of 64 numbers each. */
    final float[] scales = new float[2 * 16 * 64];

    /** One row's block, expanded. */
    final float[] row = new float[PanelLayout.LONGEST];

    /** The results of two panels, or the sums of a tree. */
    final float[] sums = new float[2 * Tile.SIZE];

    /** The results of a panel for a tile of tokens, where it has fewer than 32 rows, or the sums of 32 trees. */
    final float[] edge = new float[Tile.SIZE * Tile.SIZE];

    /** The codes of two panels' columns as bytes. */
    final byte[] bytes = new byte[2 * PanelLayout.LONGEST * Tile.SIZE + Simd.SLACK];

    /** The codes of two panels' columns as shorts. */
    final short[] codes = new short[PanelLayout.LONGEST * ShortTile.ROWS];

    /** Sums in 16-bit lanes: two panels for a tile of tokens. */
    final short[] shortSums = new short[Tile.SIZE * ShortTile.ROWS];

    /** Read by no one: it keeps {@link #touch} from being optimised away. */
    private int touched;

    private float[] pairEdge = new float[0];

    private Scratch() {}

    static Scratch get() {
        return MINE.get();
    }

    /**
     * Reads a byte of each cache line of two ranges, for what computes on them next. Out of memory, a lone token's product is
     * bound by the latency of its loads: few of them fit into a processor's window among so much arithmetic. These follow
     * one another without any, and so overlap: Q8_0 a fifth faster, Q4_0 a tenth (Zen 3). Java has no prefetch.
     */
    void touch(byte[] array, int first, int second, int count) {
        int sum = 0;
        for (int i = 0; i < count; i += LINE) {
            sum += array[first + i];
        }
        for (int i = 0; i < count; i += LINE) {
            sum += array[second + i];
        }
        touched += sum;
    }

    /** The results of two panels for all tokens of a batch, where they have fewer than 64 rows. */
    float[] pairEdge(int tokens) {
        if (pairEdge.length < tokens * ShortTile.ROWS) {
            pairEdge = new float[tokens * ShortTile.ROWS];
        }
        return pairEdge;
    }
}
