package dev.skim.tensor.block;

/**
 * 256 elements in 98 bytes: f16 {@code d}, 64 8-bit codes of 4 coordinates each, then 8 times 32 bits, one for 32
 * elements, with four times 7 signs ({@link Grid#evenSigns}, for 8 elements) and a 4-bit scale on top. An element is
 * {@code d * (scale + 1/2) / 2 * coordinate}.
 */
public final class IQ3_XXS extends PointCodec {
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

    /** Made once, for its element type. */
    public IQ3_XXS() {
        super(98, 0.25f);
    }

    @Override
    public int multiple(byte[] source, int at, int group) {
        return 1 + 2 * (Fields.i32(source, at + 66 + group / 2 * 4) >>> 28);
    }

    @Override
    public long numbers(byte[] source, int at, int k) {
        int pair = Fields.u16(source, at + 2 + 2 * k);
        long point = Points.GRID[pair & 0xFF] | Points.GRID[pair >>> 8] << 32;
        return Grid.signed(point, Grid.evenSigns(Fields.i32(source, at + 66 + k / 4 * 4) >>> 7 * (k % 4)));
    }

    /** The eight sizes of numbers. */
    public static int[] sizes() {
        return VALUES.clone();
    }
}
