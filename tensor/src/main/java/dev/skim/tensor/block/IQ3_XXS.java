package dev.skim.tensor.block;

import java.lang.foreign.MemorySegment;

/**
 * 256 elements in 98 bytes: f16 {@code d}, 64 8-bit codes of 4 coordinates each, then 8 times 32 bits, one for 32
 * elements, with four times 7 signs ({@link Grid#evenSigns}, for 8 elements) and a 4-bit scale on top. An element is
 * {@code d * (scale + 1/2) / 2 * coordinate}.
 */
public final class IQ3_XXS implements BlockCodec {
    private static final int[] VALUES = {4, 12, 20, 28, 36, 44, 52, 62};

    /** 256 points of 4 coordinates. */
    private static final String SET =
            "FYoFAgQAACgKBSIFAhAAARUCBYoAggAgggUgAAAAAAEACACAEIAAKIIAAAQABAAAAAAAIAAAEAAAUQAACAACAAoFChWA"
                    + "AQAABQIFAAAAAAAKBQIBAAAABAUAAQJAAEAAIgAAAAABAAAAABEAQAAAAiAAAAAAAAAAAAAEAAEAAAAFCkUCBAAAACoF"
                    + "AgEAAIgBBYIFgAEgAAACEQAAAAAAEQAAACAACAAACACAAAIAABAAAAAAAAAAAApAAAAgAAAAAgUKAAABIAQFAAECUAAA"
                    + "AAoBIAAABAAEAAIACAAAAAAAAAABgAAABEEABAAAIAAAABAAQAAACAAAAAAIAAABABCAAKAAiAAAAAAAAAAAABAAAAGA"
                    + "AQBBAIAAAAAgAAAAEAAAAAACEAAAACAACAAAAQAAAAAAAAAAIAUAAQAAAAAABAAAAgAAAUEAQAAAIAAAABAABAAAAAQE"
                    + "AAAAAAgAAAABiAAAAAAEBAAAAgAAAAAAAAAAAAEAAAAAEAAEAAAAAAAQAFAAEAAAAAIAAAACAACAAAAAABAAAAAAQQAA"
                    + "AAAAAAAAEAAAACAAAAAABAAAAAAACAAAAAAIAAIAAAAAAKgBAAQABAAAAABAAAEAAAAABAAAIAQAAAEgAAgAAAEAAAAC"
                    + "AAIAAAAFABAAAAAAAAAAAAE=";

    static final class Points {
        static final long[] GRID = Grid.points(4, VALUES, SET);
    }

    @Override
    public void expand(MemorySegment source, long at, float[] target, int to, int count) {
        long[] grid = Points.GRID;
        for (int end = to + count; to < end; to += 256, at += 98) {
            float d = Fields.half(source, at);
            for (int group = 0; group < 8; group++) {
                long codes = Fields.i64(source, at + 2 + group * 8);
                int signs = Fields.i32(source, at + 66 + group * 4);
                float scale = d * (0.5f + (signs >>> 28)) * 0.5f;
                for (int k = 0; k < 4; k++) {
                    int pair = (int) (codes >>> 16 * k);
                    long point = grid[pair & 0xFF] | grid[pair >>> 8 & 0xFF] << 32;
                    Grid.put(point, Grid.evenSigns(signs >>> 7 * k), scale, target, to + group * 32 + k * 8);
                }
            }
        }
    }
}
