package dev.skim.tensor.block;

import java.lang.foreign.MemorySegment;

/**
 * 256 elements in 82 bytes: f16 {@code d}, 32 bytes of low code bits, 32 bytes of signs (8 for each code), 8 bytes with
 * the upper two bits of four codes each, 8 bytes of 4-bit scales, one for 16 elements, low nibble first. A 10-bit code
 * stands for 8 coordinates; an element is {@code d * (scale + 1/2) / 4 * coordinate}.
 */
public final class IQ2_S implements BlockCodec {
    /** 1024 points of 8 coordinates. */
    private static final String SET =
            "VVVVUVVFVRUFEVVVUVBFVRQFFRRUURBQVQQAEREQUFVFVVVVFVRFUVBVVRRVVRRUURBAVQQAURQEUBAAQBVVEVVVURAB"
                    + "AUAFVQREURBAQAAAARQQBRAAAABAAFRVUVFFVRUVURRUVVVFVRUFVRQAUBRBQQQFABQEAFBFVRRVVRRUURBAVRUFVRQE"
                    + "UBAAQBQFARQEABAAAEBVUQRUURBAAQAAVRQEUBAAEAAABBAEABAABAAAAABUURVRQQUEAREAVFBBQAUFARQEABAQAFEE"
                    + "AQAABQBEVRQFVRQEUBAAQBQFARQEABEAAAAFAQAEAAQAAAAAERQAUBAAAEAAABUEAAAAAAAAEAAABEAAAAAEQAEAUFVV"
                    + "RVVVFRREUVBFVQVVVRRUURBAQRUEURQEUAAAQFVVVVRVUVBFQQBVVRRUURBQQQAAVRQEUBAAQAAAEBRVUVBFQQAEAQBU"
                    + "URBAQQAAAUAAUBAAQAAAAAAAAFBFVRVVVRRUUQBAVRUFVRQEUBAAQBQFARQEABQAAABVVRRUURBAQQAAVRQEUBAAQAAA"
                    + "ABQEABEAAAAAAABUURBAQUAAAQAAUBAAQAAAAAAAABAAEAAAAABAAABERRUFURQEQBAAQBUFARQEABAAEAAEAQAEAAEA"
                    + "AAABURQEUBAAQAAAABQEABAQABAABAAEAAAAAAAAABAAUBAAAAAAEAAAARAAAEAAAAAAAAAAAAAABAAAAABAQBVFERRU"
                    + "ERBBAQBFVRRUUQBAQQBAERUAUBAAAAAAAFRVEVBFQQAFAQBUURBAQQAAAQEAUBAAUAAAAAAAABBBAQAFAQAAAEBAAQAA"
                    + "AQBAAAAAAAAABAAABUAAAAFFVRBUURBAQQAAERQAUBAQAAAAABQEABAAAAAAAEBUURBAQQAAAUAAUBAAQAAAAAAAERAA"
                    + "AAAQABAAAABAQQAQAQAAAAAAUAAAAAARAAAAAAAAAAAAAAAAQAAAEREQVBAAAAAABAEAABAAAAQAAAAQBEAUAAAARAEA"
                    + "URAAQAAAAAABQBAAEAAAAAAAAAAAAAAAAAQAAAAAAEAAQAAAAAAAAAEAAAAAQAAABAAAQAEUAQAAABAAAAE=";

    static final class Points {
        static final long[] GRID = Grid.points(8, IQ2_XXS.VALUES, SET);
    }

    @Override
    public void expand(MemorySegment source, long at, float[] target, int to, int count) {
        long[] grid = Points.GRID;
        for (int end = to + count; to < end; to += 256, at += 82) {
            float d = Fields.half(source, at);
            long high = Fields.i64(source, at + 66);
            long scales = Fields.i64(source, at + 74);
            for (int k = 0; k < 32; k++) {
                float scale = d * (0.5f + ((int) (scales >>> 4 * (k >>> 1)) & 15)) * 0.25f;
                int code = Fields.u8(source, at + 2 + k) | ((int) (high >>> 2 * k) & 3) << 8;
                Grid.put(grid[code], Grid.signs(Fields.u8(source, at + 34 + k)), scale, target, to + k * 8);
            }
        }
    }
}
