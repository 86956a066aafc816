package dev.skim.tensor.block;

import java.lang.foreign.MemorySegment;

/**
 * 256 elements in 66 bytes: f16 {@code d}, then 8 groups of 8 bytes. A group is 32 elements: four 8-bit codes of 8
 * coordinates each, then 32 bits with four times 7 signs ({@link Grid#evenSigns}) and a 4-bit scale on top. An element
 * is {@code d * (scale + 1/2) / 4 * coordinate}.
 */
public final class IQ2_XXS implements BlockCodec {
    /** The coordinates of the 2-bit grids. */
    static final int[] VALUES = {8, 25, 43};

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

    @Override
    public void expand(MemorySegment source, long at, float[] target, int to, int count) {
        long[] grid = Points.GRID;
        for (int end = to + count; to < end; to += 256, at += 66) {
            float d = Fields.half(source, at);
            for (int group = 0; group < 8; group++) {
                int codes = Fields.i32(source, at + 2 + group * 8);
                int signs = Fields.i32(source, at + 6 + group * 8);
                float scale = d * (0.5f + (signs >>> 28)) * 0.25f;
                for (int k = 0; k < 4; k++) {
                    long point = grid[codes >>> 8 * k & 0xFF];
                    Grid.put(point, Grid.evenSigns(signs >>> 7 * k), scale, target, to + group * 32 + k * 8);
                }
            }
        }
    }
}
