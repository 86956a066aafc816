package dev.skim.tensor.block;

/**
 * 256 elements in 66 bytes: f16 {@code d}, then 8 groups of 8 bytes. A group is 32 elements: four 8-bit codes of 8
 * coordinates each, then 32 bits with four times 7 signs ({@link Grid#evenSigns}) and a 4-bit scale on top. An element
 * is {@code d * (scale + 1/2) / 4 * coordinate}.
 */
public final class IQ2_XXS extends PointCodec {
    /** The coordinates of the 2-bit grids. */
    static final int[] VALUES = {8, 25, 43};

    /** The three sizes of numbers. */
    public static int[] sizes() {
        return VALUES.clone();
    }

    /** 256 points of 8 coordinates. */
    private static final String SET =
            "VRUUVRBEQUEABBREABAAAAAEQAAUAEAAAAAABAAAUBBAQREAARQEQFAEQAAQAAAFEAAAUAAAAQAAQAAAQRQEQBQUAAAE"
                    + "AAAEAAAEAAAAAAAABBAAAAAAAAAAABQEEBAAQAAEEQAEARAAQEAAAQAAAAAAAQQAAAAAABAEQARAAAAEAAAAABAAAAAQ"
                    + "AAAAQAAQAAAAAAAAAAAFAQAEAABAAAAAEQAAAAAAAAAAAQAAAABAAAAAAAAUBAAAAQABBQAAAAAAEBAAAAAAAFAAAAAA"
                    + "AAAAAABAQQAAAUAAAAAAQAAAAAQAQAAAAAAAAAAAAAAAQAAAQAAEAAAAAAAEAAAAAAAAAAAAAAAAAAAAAQAAAAAAUBBE"
                    + "QRAQARQEABAAQAAAAAREAABAQAAAQEAAAQAAQBAAAQAAABAAEAAABBAAAAAAAAAAAQAAAAAAAAAAABQEABABAAAAAAAE"
                    + "AAAAABABBAAAAAAAAAQAAAAEABBEUAAAAAAEAQAAAQAABAAAAAAAAQAAAAAAAABAAAAAAAAAAAAAQAEAAAEAAAAAAAAA"
                    + "AAQAAAAAAQAAAAAEEAQAAAAEAAAAAAAAQAAAAAAAAAAEAAAAAAAAAAAAQQAAAQAAAQAAQAAAAABAAAAAAAAAQAAAABAA"
                    + "AAAAEQAAAAAAAAAAAAAUAAAAAAAEAAAAAAAAAAAAAAAAAAAAAAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAQEEAAAQA"
                    + "AEAAAAAEQAAEAAAAAAAAAAQAAAAAAAAAABREABAAQAAAAAAEAAAABAAAABAAAAQAQAAAAQAAAEAAAAAAAAAAAAAAAQAA"
                    + "AAAAAAAAAAABAAAAAAAAAAAEARAEAAAAAAABAEAAAAAAQAAAAAAAAAABAAAAAAAEAEAAAQAAAAAAAAAAAAABAAAAAAAA"
                    + "AAAAAAAAAAAAAAAAAAAAEAAAAAAAAQAAAAAAAAAAAAAAAAAAAAAABAAAABAAAAQAAAABAAAAAAAAAAAEAAAAAAAAAAAA"
                    + "AAAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAEAAAAAAAE";

    static final class Points {
        static final long[] GRID = Grid.points(8, VALUES, SET);
    }

    /** Made once, for its element type. */
    public IQ2_XXS() {
        super(66, 0.125f);
    }

    @Override
    public int multiple(byte[] source, int at, int group) {
        return 1 + 2 * (Fields.i32(source, at + 6 + group / 2 * 8) >>> 28);
    }

    @Override
    public long numbers(byte[] source, int at, int k) {
        long point = Points.GRID[Fields.u8(source, at + 2 + k / 4 * 8 + k % 4)];
        return Grid.signed(point, Grid.evenSigns(Fields.i32(source, at + 6 + k / 4 * 8) >>> 7 * (k % 4)));
    }
}
