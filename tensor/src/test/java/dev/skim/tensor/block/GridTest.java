package dev.skim.tensor.block;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.zip.CRC32;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class GridTest {
    /** The random reference blocks do not meet every code; the checksums are of the tables in the gguf Python package. */
    @Test
    void gridsAreThoseOfTheFormat() {
        assertAll(
                () -> assertGrid(256, 8, 1, 0x9924FF02L, IQ2_XXS.Points.GRID),
                () -> assertGrid(512, 8, 1, 0xFA1E1BFDL, IQ2_XS.Points.GRID),
                () -> assertGrid(1024, 8, 1, 0x25AE5BF1L, IQ2_S.Points.GRID),
                () -> assertGrid(256, 4, 1, 0x07BA9ED0L, IQ3_XXS.Points.GRID),
                () -> assertGrid(512, 4, 1, 0xF576E4F3L, IQ3_S.Points.GRID),
                () -> assertGrid(2048, 8, 8, 0xB85E6CCFL, IQ1_S.Points.GRID));
    }

    private static void assertGrid(int points, int coordinates, int multiple, long checksum, long[] grid) {
        assertEquals(points, grid.length);
        CRC32 crc = new CRC32();
        for (long point : grid) {
            for (int j = 0; j < coordinates; j++) {
                crc.update((byte) (point >>> 8 * j) / multiple);
            }
        }
        assertEquals(checksum, crc.getValue());
    }

    @Property
    void evenSignsKeepTheirSevenAndMakeTheMinusSignsEven(@ForAll @IntRange(max = 127) int bits) {
        long mask = Grid.evenSigns(bits);
        assertEquals(0, Long.bitCount(mask) % 16);
        for (int j = 0; j < 7; j++) {
            assertEquals((bits >>> j & 1) == 0 ? 0 : 0xFF, (int) (mask >>> 8 * j) & 0xFF);
        }
    }

    @Property
    void signedPointsAreTheirCoordinatesWithSigns(
            @ForAll @IntRange(max = 1023) int code, @ForAll @IntRange(max = 255) int signs) {
        long point = IQ2_S.Points.GRID[code];
        float[] elements = new float[10];
        Grid.put(Grid.signed(point, Grid.signs(signs)), 0.5f, elements, 1);
        for (int j = 0; j < 8; j++) {
            int coordinate = (int) (point >>> 8 * j) & 0xFF;
            assertEquals((signs >>> j & 1) == 0 ? 0.5f * coordinate : -0.5f * coordinate, elements[1 + j]);
        }
        assertEquals(0, elements[0] + elements[9]);
    }
}
