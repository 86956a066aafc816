package dev.skim.tensor.block;

/**
 * 256 elements in 74 bytes: f16 {@code d}, 32 times 16 bits with a 9-bit code of 8 coordinates and, above it, 7 signs
 * ({@link Grid#evenSigns}), then 8 bytes of 4-bit scales, one for 16 elements, low nibble first. An element is
 * {@code d * (scale + 1/2) / 4 * coordinate}.
 */
public final class IQ2_XS extends PointCodec {
    /** 512 points of 8 coordinates. */
    private static final String SET =
            "VVVVUVVFQRVFAVRVVVBFQRAFAQBUURBAQQQAAQEAUFVFQRUVARQEAFBFQQAFAQQEAABAQQAQBQAAQAAAQFUFERQEARAA"
                    + "QEAFAQAEAABAEAAAAQAEAQAAAAAQAVRVUVBFQUAFAQBUURBAQQAAAVAAUBEAQAAAAQAAAFBFQQBFARAEAABAQQAAAQAA"
                    + "AAAAQAAEAAABAAAAAAAFBQAEQAAABAAAEQAAAAAABAAAAAAAAABAAAAAAABVVRBAQQAAAQAEUBAAQBAAEAAAABAAAAEA"
                    + "AAAEAABEQQBAAQAAAAAAQAAAAAQQAAAAEAABAAEAAAAAAAAQQQEEAAABABAABAAAAAAAABAAAQAAARAAAAAARAEAUFVF"
                    + "QVUFERQEAFBFQQAFAQBEAEBAQQFAAQAAAAAAQBVFARQEABAAAQAFARAEAAAAAEAAAQEAQBAAAAAAABQEABABAQEAAAAE"
                    + "EAAAQQBAAAAAQAAAAAAAAAAAAFBFQRAFAQAEAABAQQQABQAAAAAAQAAAABAAAAAAAEAFAQQEABBAAAABQQAAAAAAQBAA"
                    + "AAAAEAAAABAAAAQEQABAQAAAAAABAAAQQAEAAAAAAAAAAAAAAABAAABAQQAAARAQAAEAUAAAAAAAAAAAAAAAABAABAAA"
                    + "AAEAAUAAAAAAAAAAAAAEABABAAAAABAAAAAAAAAAAAAAEAAAAAAAAAEAAAAAAAQAAAAAAAAABAAAABAQAAAAQBUFARUE"
                    + "AFAAAFAVAQAEEAQAAAAAAQAEAAAAQAEAQRRUABAAQABAAAAEAAAAAQAAAABAAAAEAAAAAAEAABAEAAQAAAEUAAAEBAAA"
                    + "AAAAAAAAAAAABAAAABAEBBAFAQAEAAEAAQAAAQAQAAAAAQAAAAAAAAAABABAAABEAAAAQRAAAAAAAAAAEAAAAAAUAAAA"
                    + "AAABAAAAAAAAAAAAAAQAAAAABAAAAAABAAAAAAAAEAAAABAAAAAARQEEBAAAAAAAAQAAAABAEAAAAEAUAQAQAAAAAQAE"
                    + "AAAAQAAAAABAAAAAAAAAAAAAAAAAAAAAAABAAAAEAEAARQAAAAAAQBAEAAAAAAAABQAAAAAABQAAAAABAAE=";

    static final class Points {
        static final long[] GRID = Grid.points(8, IQ2_XXS.VALUES, SET);
    }

    /** Made once, for its element type. */
    public IQ2_XS() {
        super(74, 0.125f);
    }

    @Override
    public int multiple(byte[] source, int at, int group) {
        return 1 + 2 * (Fields.u8(source, at + 66 + group / 2) >>> 4 * (group & 1) & 15);
    }

    @Override
    public long numbers(byte[] source, int at, int k) {
        int code = Fields.u16(source, at + 2 + k * 2);
        return Grid.signed(Points.GRID[code & 511], Grid.evenSigns(code >>> 9));
    }
}
