package dev.skim.tensor.block;

import java.lang.foreign.MemorySegment;

/**
 * 256 elements in 50 bytes: f16 {@code d}, 32 bytes of low code bits, then 8 times 16 bits, one for 32 elements, with
 * the upper three bits of four codes, a 3-bit scale and the sign of the shift. An 11-bit code stands for 8 ternary
 * coordinates; an element is {@code d * (2 * scale + 1) * (coordinate + shift)}, the shift 1/8 or -1/8.
 */
public final class IQ1_S implements BlockCodec {
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

    @Override
    public void expand(MemorySegment source, long at, float[] target, int to, int count) {
        for (int end = to + count; to < end; to += 256, at += 50) {
            float d = Fields.half(source, at);
            for (int group = 0; group < 8; group++) {
                int codes = Fields.i32(source, at + 2 + group * 4);
                int high = Fields.u16(source, at + 34 + group * 2);
                float scale = d * (2 * (high >>> 12 & 7) + 1);
                boolean minus = high >>> 15 != 0;
                for (int k = 0; k < 4; k++) {
                    int code = codes >>> 8 * k & 0xFF | (high >>> 3 * k & 7) << 8;
                    put(code, minus, scale, target, to + group * 32 + k * 8);
                }
            }
        }
    }

    /** Writes the 8 elements of an 11-bit code; {@link IQ1_M} has the same ones. */
    static void put(int code, boolean minus, float scale, float[] target, int to) {
        long point = Points.GRID[code];
        // An eighth of an f16 times at most 15 is exact in f32, and so are the products: the reference's own bits.
        float eighth = scale * 0.125f;
        int shift = minus ? -1 : 1;
        for (int j = 0; j < 8; j++) {
            target[to + j] = eighth * ((byte) (point >>> 8 * j) + shift);
        }
    }
}
