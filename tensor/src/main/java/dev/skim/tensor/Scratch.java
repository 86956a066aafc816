package dev.skim.tensor;

import java.util.Arrays;

/** A thread's working memory for the kernels; small enough for the second-level cache. */
final class Scratch {
    private static final ThreadLocal<Scratch> MINE = ThreadLocal.withInitial(Scratch::new);

    /** What a batch is multiplied with in one go. */
    final Expansion[] expansions = new Expansion[Products.TOGETHER];

    /** A block of two panels, expanded. */
    final float[] weights = new float[2 * PanelLayout.LONGEST * Tile.SIZE];

    /** Scales and minima of two panels, for each pair of panels that take turns. */
    final float[][] pairScales = new float[PackedMatrix.PAIRS][Expansion.GROUPS * QuantLayout.SCALES];

    /** Those of the first pair, or the only one. */
    final float[] scales = pairScales[0];

    /** Where the panels of those pairs start. */
    final int[] panels = new int[2 * PackedMatrix.PAIRS];

    /** A block of two panels as bytes, four columns in a number. */
    final int[] numbers = new int[2 * PanelLayout.LONGEST / Integer.BYTES * Tile.SIZE];

    /** One row's block, expanded. */
    final float[] row = new float[PanelLayout.LONGEST];

    /** The results of those panels, or the sums of a tree. */
    final float[] sums = new float[2 * PackedMatrix.PAIRS * Tile.SIZE];

    /** A panel's numbers for a tile of tokens, or the sums of 32 trees. */
    final float[] square = new float[Tile.SIZE * Tile.SIZE];

    /** Some columns of a tile of tokens before they are rounded; half a first-level cache. */
    final float[] chunk = new float[PanelLayout.CHUNK * Tile.SIZE];

    /** A vector of each of four rows, while they are interleaved. */
    final float[] fours = new float[4 * Simd.LANES];

    /** A lone token's sums of a group in halves of 32 bits, for all panels that take turns. */
    final int[] halves = new int[2 * PackedMatrix.PAIRS * Tile.SIZE];

    /** Sums in 16-bit lanes: two panels for a tile of tokens. */
    final short[] shortSums = new short[Tile.SIZE * ShortTile.ROWS];

    /** A sum of what was read ahead, which would not be read if nobody wanted it. */
    int ahead;

    private float[] results = new float[0];
    private byte[] rows = new byte[0];

    private Scratch() {
        Arrays.setAll(expansions, i -> new Expansion());
    }

    static Scratch get() {
        return MINE.get();
    }

    /** Room for the results of the panels that are worked on together, for all tokens of a batch. */
    float[] results(int size) {
        if (results.length < size) {
            results = new float[size];
        }
        return results;
    }

    /** Room for rows as the file has them, while they are packed. */
    byte[] rows(int size) {
        if (rows.length < size) {
            rows = new byte[size];
        }
        return rows;
    }
}
