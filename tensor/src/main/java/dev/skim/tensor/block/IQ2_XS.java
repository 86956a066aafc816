package dev.skim.tensor.block;

import java.lang.foreign.MemorySegment;

/**
 * 256 elements in 74 bytes: f16 {@code d}, 32 times 16 bits with a 9-bit code of 8 coordinates and, above it, 7 signs
 * ({@link Grid#evenSigns}), then 8 bytes of 4-bit scales, one for 16 elements, low nibble first. An element is
 * {@code d * (scale + 1/2) / 4 * coordinate}.
 */
public final class IQ2_XS implements BlockCodec {
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

    @Override
    public void expand(MemorySegment source, long at, float[] target, int to, int count) {
        long[] grid = Points.GRID;
        for (int end = to + count; to < end; to += 256, at += 74) {
            float d = Fields.half(source, at);
            long scales = Fields.i64(source, at + 66);
            for (int k = 0; k < 32; k++) {
                float scale = d * (0.5f + ((int) (scales >>> 4 * (k >>> 1)) & 15)) * 0.25f;
                int code = Fields.u16(source, at + 2 + k * 2);
                Grid.put(grid[code & 511], Grid.evenSigns(code >>> 9), scale, target, to + k * 8);
            }
        }
    }
}
