package dev.skim.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.MemorySegment;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.FloatRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class CodedPanelTest {
    private static float half(float value) {
        return Float.float16ToFloat(Float.floatToFloat16(value));
    }

    @Property
    void halvesAreRounded(@ForAll @FloatRange(min = -65504, max = 65504) float large, @ForAll long seed) {
        Random random = new Random(seed);
        float[] values = new float[32];
        byte[] bytes = new byte[5 + 64];
        for (int i = 0; i < 32; i++) {
            values[i] = i == 3 ? large : (float) (random.nextGaussian() * Math.pow(2, -random.nextInt(26)));
            CodedPanel.putHalf(bytes, 5 + 2 * i, values[i]);
        }
        float[] out = new float[34];
        CodedPanel.expandHalves(bytes, 5, out, 2, 32);
        for (int i = 0; i < 32; i++) {
            assertEquals(half(values[i]), out[2 + i]);
        }
    }

    @Test
    void halvesSaturate() {
        byte[] bytes = new byte[64];
        CodedPanel.putHalf(bytes, 0, 1e9f);
        CodedPanel.putHalf(bytes, 2, Float.NEGATIVE_INFINITY);
        float[] out = new float[32];
        CodedPanel.expandHalves(bytes, 0, out, 0, 32);
        assertEquals(65504f, out[0]);
        assertEquals(-65504f, out[1]);
    }

    private static float[] block(Random random, int n) {
        float[] block = new float[32];
        double size = Math.pow(10, random.nextInt(12) - 6);
        for (int i = 0; i < n; i++) {
            block[i] = random.nextInt(5) == 0 ? 0 : (float) (random.nextGaussian() * size);
        }
        return block;
    }

    /** What the format's own blocks expand to; numbers missing from a block are zeros. */
    private static float[] reference(float[] block) {
        MemorySegment bytes = MemorySegment.ofArray(new byte[34]);
        Blocks.quantise(ElementType.Q8_0, block, 0, 32, bytes, 0);
        float[] out = new float[32];
        Blocks.expand(ElementType.Q8_0, bytes, 0, out, 0, 32);
        return out;
    }

    /** The inverse of a scale is infinite then, and the scale 0 in f16. */
    @Test
    void tinyBlocksAreBlocks() {
        float[] block = new float[32];
        block[3] = 1e-38f;
        block[5] = -1e-38f;
        byte[] bytes = new byte[34];
        Blocks.quantise(ElementType.Q8_0, block, 0, 32, MemorySegment.ofArray(bytes), 0);
        byte[] panel = new byte[34];
        CodedPanel.putBlock(block, 0, 32, panel, 2, 1, 0);
        assertArrayEquals(bytes, panel);
        byte[] expected = new byte[34];
        expected[2 + 3] = 127;
        expected[2 + 5] = -127;
        assertArrayEquals(expected, bytes);
    }

    /** Rows of 32 dimensions, a scale a row. */
    @Property
    void rowsAreBlocks(
            @ForAll @IntRange(min = 1, max = 64) int rows, @ForAll @IntRange(min = 1, max = 32) int n, @ForAll long seed) {
        Random random = new Random(seed);
        byte[] page = new byte[3 + 64 * 34];
        float[][] expected = new float[rows][];
        for (int row = 0; row < rows; row++) {
            float[] block = block(random, n);
            expected[row] = reference(block);
            CodedPanel.putBlock(block, 0, n, page, 3 + row * 32, 1, 3 + 64 * 32 + 2 * row);
        }
        float[] out = new float[2 + 64 * 32];
        CodedPanel.expandByRow(page, 3, rows, page, 3 + 64 * 32, out, 2);
        for (int i = 0; i < rows * 32; i++) {
            assertEquals(expected[i / 32][i % 32], out[2 + i], "element " + i);
        }
    }

    /** Columns of up to 32 dimensions, a scale a lane. */
    @Property
    void lanesAreBlocks(@ForAll @IntRange(min = 1, max = 32) int n, @ForAll long seed) {
        Random random = new Random(seed);
        byte[] page = new byte[3 + 32 * 34];
        float[][] expected = new float[32][];
        for (int lane = 0; lane < 32; lane++) {
            float[] block = block(random, n);
            expected[lane] = reference(block);
            CodedPanel.putBlock(block, 0, n, page, 3 + lane, 32, 3 + 32 * 32 + 2 * lane);
        }
        float[] out = new float[2 + 32 * 32];
        CodedPanel.expandByLane(page, 3, n, page, 3 + 32 * 32, out, 2);
        for (int d = 0; d < n; d++) {
            for (int lane = 0; lane < 32; lane++) {
                assertEquals(expected[lane][d], out[2 + d * 32 + lane], "lane " + lane);
            }
        }
    }

    @Test
    void largeScalesSaturate() {
        byte[] page = new byte[34 * 64];
        CodedPanel.putBlock(new float[] {3e38f, -3e38f, 1}, 0, 3, page, 0, 1, 32 * 64);
        float[] out = new float[32];
        CodedPanel.expandByRow(page, 0, 1, page, 32 * 64, out, 0);
        assertEquals(127f * 65504, out[0]);
        assertEquals(-127f * 65504, out[1]);
        assertEquals(0, out[2]);
    }
}
