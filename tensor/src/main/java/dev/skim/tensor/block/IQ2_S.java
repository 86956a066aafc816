package dev.skim.tensor.block;

/**
 * 256 elements in 82 bytes: f16 {@code d}, 32 bytes of low code bits, 32 bytes of signs (8 for each code), 8 bytes with
 * the upper two bits of four codes each, 8 bytes of 4-bit scales, one for 16 elements, low nibble first. A 10-bit code
 * stands for 8 coordinates; an element is {@code d * (scale + 1/2) / 4 * coordinate}.
 */
public final class IQ2_S extends PointCodec {
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

    /** Made once, for its element type. */
    public IQ2_S() {
        super(82, 0.125f);
    }

    @Override
    public int multiple(byte[] source, int at, int group) {
        return 1 + 2 * (Fields.u8(source, at + 74 + group / 2) >>> 4 * (group & 1) & 15);
    }

    @Override
    public long numbers(byte[] source, int at, int k) {
        int high = Fields.u8(source, at + 66 + k / 4) >>> 2 * (k % 4) & 3;
        long point = Points.GRID[Fields.u8(source, at + 2 + k) | high << 8];
        return Grid.signed(point, Grid.signs(Fields.u8(source, at + 34 + k)));
    }
}
