package dev.skim.tensor;

/** Columns of a panel or two, unpacked once and multiplied with all tiles of a batch. */
final class Expansion {
    /** The most groups of columns that a panel's scales are kept for, and room for factors that they share. */
    static final int GROUPS = 17;

    /** A panel's columns in f32, or as many of two panels as {@link PanelLayout#CHUNK}. */
    final float[] weights = new float[PanelLayout.LONGEST * Tile.SIZE];

    /** The codes of two panels' columns as {@link ShortTile} multiplies them. */
    final short[] codes = new short[PanelLayout.CHUNK * ShortTile.ROWS];

    /** The minima of two panels' groups of 16 columns, where they are a tile's weights: {@code [panel][group][32]}. */
    final float[] minima = new float[2 * PanelLayout.LONGEST / WholeProduct.GROUP * Tile.SIZE];

    /** Scales and minima of two panels. */
    final float[] scales = new float[GROUPS * QuantLayout.SCALES];
}
