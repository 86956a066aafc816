package dev.skim.tensor.block;

/**
 * 256 elements in 110 bytes: f16 {@code d}, 64 bytes of low code bits, 8 bytes with the ninth bits of 8 codes each, 32
 * bytes of signs (8 for two codes), 4 bytes of 4-bit scales, one for 32 elements, low nibble first. A 9-bit code stands
 * for 4 coordinates; an element is {@code d * (2 * scale + 1) * coordinate}.
 */
public final class IQ3_S extends PointCodec {
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

    /** Made once, for its element type. */
    public IQ3_S() {
        super(110, 1);
    }

    @Override
    public int multiple(byte[] source, int at, int group) {
        return 1 + 2 * (Fields.u8(source, at + 106 + group / 4) >>> 4 * (group / 2 & 1) & 15);
    }

    @Override
    public long numbers(byte[] source, int at, int k) {
        int pair = Fields.u16(source, at + 2 + 2 * k);
        int ninth = Fields.u8(source, at + 66 + k / 4) >>> 2 * (k % 4);
        long point = Points.GRID[pair & 0xFF | (ninth & 1) << 8] | Points.GRID[pair >>> 8 | (ninth & 2) << 7] << 32;
        return Grid.signed(point, Grid.signs(Fields.u8(source, at + 74 + k)));
    }
}
