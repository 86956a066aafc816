package dev.skim.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every type against blocks of the reference quantiser and blocks of random bytes: {@code quants/} of the reference. */
class BlocksReferenceTest {
    private static final int ROWS = 16;
    private static final int COLUMNS = 512;
    private static final Path FOLDER =
            Path.of(System.getProperty("skim.reference", "../shared/reference"), "quants");

    @ParameterizedTest
    @EnumSource
    void expandsTheReferenceQuantisersBlocks(ElementType type) throws IOException {
        assertEquals(ROWS * COLUMNS, expandAll(type, type + ".blocks", type + ".values"));
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = {"F32", "F16", "BF16"})
    void expandsRandomBlocks(ElementType type) throws IOException {
        assertEquals(64 * type.blockSize(), expandAll(type, type + ".random.blocks", type + ".random.values"));
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0"})
    void quantisesToTheReferencesBlocks(ElementType type) throws IOException {
        float[] source = floats("source.f32");
        byte[] expected = bytes(type + ".blocks");
        byte[] actual = new byte[expected.length];
        for (int row = 0; row < ROWS; row++) {
            Blocks.quantise(
                    type, source, row * COLUMNS, COLUMNS, MemorySegment.ofArray(actual), row * type.bytes(COLUMNS));
        }
        assertArrayEquals(expected, actual);
    }

    private static int expandAll(ElementType type, String blocksFile, String valuesFile) throws IOException {
        byte[] blocks = bytes(blocksFile);
        float[] expected = floats(valuesFile);
        assertEquals(type.bytes(expected.length), blocks.length);
        float[] actual = new float[expected.length];
        Blocks.expand(type, MemorySegment.ofArray(blocks), 0, actual, 0, actual.length);
        for (int i = 0; i < actual.length; i++) {
            if (Float.floatToRawIntBits(expected[i]) != Float.floatToRawIntBits(actual[i])) {
                fail(type + " element " + i + ": expected " + expected[i] + " but was " + actual[i]);
            }
        }
        return actual.length;
    }

    private static float[] floats(String name) throws IOException {
        return MemorySegment.ofArray(bytes(name))
                .toArray(ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN));
    }

    private static byte[] bytes(String name) throws IOException {
        Path file = FOLDER.resolve(name);
        assumeTrue(Files.exists(file), () -> "no reference file " + file + "; set -Dskim.reference=FOLDER");
        return Files.readAllBytes(file);
    }
}
