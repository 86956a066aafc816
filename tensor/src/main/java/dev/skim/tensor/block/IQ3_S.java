package dev.skim.tensor.block;

import java.lang.foreign.MemorySegment;

/**
 * 256 elements in 110 bytes: f16 {@code d}, 64 bytes of low code bits, 8 bytes with the ninth bits of 8 codes each, 32
 * bytes of signs (8 for two codes), 4 bytes of 4-bit scales, one for 32 elements, low nibble first. A 9-bit code stands
 * for 4 coordinates; an element is {@code d * (2 * scale + 1) * coordinate}.
 */
public final class IQ3_S implements BlockCodec {
    private static final int[] VALUES = {1, 3, 5, 7, 9, 11, 13, 15};

    /** 512 points of 4 coordinates. */
    private static final String SET =
            "p1cjCKUKBZIXI4kiEAAiBKNJIhGkCgAJCCIFShAFgCIBiBIECQIAARQARQiiAEAIQAoAAgAEAAIVAEUIABEAABerBVIA"
                    + "UAIESxECCQIFAEEBpBEECSABBJIJghECAAQBKBQACkQRAAACCQIFAAIAAAAAkQBQAAAACgUCIAIABAGrVYoFKgWAKQWJ"
                    + "JBIEAgAAkgAKgQKIABIlAhQKBAFAAIIACSQCAAAkEAIEgAEIAAGFAAIAACACACACQAEIAQAABKoEKpQCCAIqEAoAAQAB"
                    + "RAEEARQAAQAAAhGKAYogAAgIQgQCAAQRAAIFIAQQQAAIAEAAAAIAAAAKAAUgAAAAABEEkQQCAQABhAoEIQgiAAAKIQII"
                    + "AYAEARAKBSIAAAAABQAQgAEAAAKgAAIAAAAEAAAIABAAAAEAACEAAQgCAAAEEQQAkQRAECoEAgQAAAAEAQIIQQAIAACE"
                    + "AYAAEAIgCBIAAQRAAAAAAARAAAAKAAAAAAAABAAAABQABAAAAAAAACoACgAAAQABAIEAAAAQAAAEABAEIAQBARACAAEA"
                    + "AAAAACAACAAEAAkAABAAAAEAIAAAAAEAAAAACgAAAAAAAJEABUABEAQABAIQACgAAAASQQIBAAIAAAQAACQACAAAIggB"
                    + "AAABAAAAAAQABAAAAAQAAAIAAAAAAQ==";

    static final class Points {
        static final long[] GRID = Grid.points(4, VALUES, SET);
    }

    @Override
    public void expand(MemorySegment source, long at, float[] target, int to, int count) {
        long[] grid = Points.GRID;
        for (int end = to + count; to < end; to += 256, at += 110) {
            float d = Fields.half(source, at);
            int scales = Fields.i32(source, at + 106);
            for (int group = 0; group < 8; group++) {
                long codes = Fields.i64(source, at + 2 + group * 8);
                int ninth = Fields.u8(source, at + 66 + group);
                int signs = Fields.i32(source, at + 74 + group * 4);
                float scale = d * (1 + 2 * (scales >>> 4 * group & 15));
                for (int k = 0; k < 4; k++) {
                    int pair = (int) (codes >>> 16 * k);
                    int bits = ninth >>> 2 * k;
                    long point = grid[pair & 0xFF | (bits & 1) << 8] | grid[pair >>> 8 & 0xFF | (bits & 2) << 7] << 32;
                    Grid.put(point, Grid.signs(signs >>> 8 * k), scale, target, to + group * 32 + k * 8);
                }
            }
        }
    }
}
