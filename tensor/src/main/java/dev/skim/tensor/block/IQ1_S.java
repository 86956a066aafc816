package dev.skim.tensor.block;

/**
 * 256 elements in 50 bytes: f16 {@code d}, 32 bytes of low code bits, then 8 times 16 bits, one for 32 elements, with
 * the upper three bits of four codes, a 3-bit scale and the sign of the shift. An 11-bit code stands for 8 ternary
 * coordinates; an element is {@code d * (2 * scale + 1) * (coordinate + shift)}, the shift 1/8 or -1/8.
 */
public final class IQ1_S extends PointCodec {
    /** Eight times the coordinates, so that the shift is a whole number too. */
    private static final int[] VALUES = {-8, 0, 8};

    /** 2048 points of 8 coordinates. */
    private static final String SET =
            "VSUUhaACQlEIRTGohiCKohoIKiAUhVAUgiBERSUVBaACgiCIGAAIgqADKqCIu6oKkKoLACIACqqMgqAIQFEIRSGIgFAU"
                    + "QlEIijAImKAIgCoIRSEUhSBIQlUIRQEswqAgiiYAKiSoqqII4q8ICCgoAKACQiiqKCCogCAKmwi5uqggyq6Joq6qOnzr"
                    + "6rq7gg64IrrK0w6SAiIAIiCoiroKggIIACpK4KI7IiArogCBQIGqiigIIgEUhVAVgiAJRSFUhaAIAiOoOiCEgiBUQlEI"
                    + "oiAIlVAUAioIuKiCgKBIAiAIgqJoogIoqyoIhSAIgjAIRUAARSEUhaAAQlEARQEpggCKgioIoTAUBVAUgigIRSEUhSAC"
                    + "AiCqKgAgErGKriiouqGqqHAAggoIAigiAoQAggBIgKDqsCqqwiCLuiLq2qeLi26okrAqqnKLikQMKiBIhEAoiioIqiDI"
                    + "zKIioq+aoOioAgACACqoiAAggKCLoqIouqCAgjIKur64uv7roqArogiKCijqogChMgIM+qTq3u8rqC6Nvn7r+vd/v+Z9"
                    + "ut5p+yf/vyb6EunhiiIQqr4OhKoIsqgLgq7/uiTpg4AEYixo8qgKpCsAAioICOKqEgACgioKpiDJgomQgigAogCMgBMA"
                    + "gggIAGyKqqq7Aqa+iqDKAoBrly7QsukQghAuqt4oFdGlBAAKggCKgiAIAaEggqo5uiIyhKAJgBgAiqJiAoEURFEARSGs"
                    + "glAUQlEIqiAoqocKEioIRSEUBaAIQlEIRQEgAqBAoiIAiAAIoghqim64qqqAACAKguLIIiEIRFAUQlEJiiAVhVAUhgoI"
                    + "qioqgAAKQlEIRSGoAFAUQlEI4iCIggoYgioIqqKqirCLAgoqqiAogoCqCigIKACpiAIioL4LKLgIirpLsq7/uqT4rqog"
                    + "UihotqAw5oAKAigIImpigCAKAqqqK6rqoqmgoggIECCgiiIAgg4ARSEUhaAKQFEIRSGpBgBKqgIIpQAQDUQUgigIRSEU"
                    + "BQAIgoKs8iAAAACqCigKuiDqogIAgkgJKOkUABFLRVEARQGoAlAUQlEIiCQIiCgKQAgARQEUBaACQFEIRQE=";

    static final class Points {
        static final long[] GRID = Grid.points(8, VALUES, SET);
    }

    /** Made once, for its element type. */
    public IQ1_S() {
        super(50, 0.125f);
    }

    @Override
    public int multiple(byte[] source, int at, int group) {
        return 1 + 2 * (Fields.u16(source, at + 34 + group / 2 * 2) >>> 12 & 7);
    }

    @Override
    public long numbers(byte[] source, int at, int k) {
        int high = Fields.u16(source, at + 34 + k / 4 * 2);
        return shifted(Fields.u8(source, at + 2 + k) | (high >>> 3 * (k % 4) & 7) << 8, high >>> 15);
    }

    /** Eight times the coordinates of an 11-bit code, each with the shift added, which is minus where {@code minus} is 1. */
    static long shifted(int code, int minus) {
        return Grid.plus(Points.GRID[code], minus == 0 ? 1 : -1);
    }
}
