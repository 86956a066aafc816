package dev.skim.gguf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SplitFileTest {
    @TempDir
    Path folder;

    private static RawGguf part(int number, int count, int tensors, int held) {
        return RawGguf.header(3, held, 3)
                .key("split.no", 2).bytes(number, 0)
                .key("split.count", 2).bytes(count, 0)
                .key("split.tensors.count", 5).u32(tensors);
    }

    private Path twoParts() throws IOException {
        part(1, 2, 2, 1).tensor("b", 0, 0, 1).data(32, 4).in(folder, "m-00002-of-00002.gguf");
        return part(0, 2, 2, 1).tensor("a", 0, 0, 1).data(32, 4).in(folder, "m-00001-of-00002.gguf");
    }

    @Test
    void opensAllParts() throws IOException {
        Path first = twoParts();
        try (GgufFile gguf = GgufFile.open(first); Arena arena = Arena.ofConfined()) {
            assertEquals(List.of("a", "b"), gguf.tensors().stream().map(TensorInfo::name).toList());
            assertEquals(List.of(0, 1), gguf.tensors().stream().map(TensorInfo::part).toList());
            assertEquals(Files.size(first) + Files.size(folder.resolve("m-00002-of-00002.gguf")), gguf.size());
            for (TensorInfo tensor : gguf.tensors()) {
                assertEquals(0x03020100, gguf.map(tensor, arena).get(ValueLayout.JAVA_INT, 0));
            }
        }
    }

    @Test
    void aFirstPartMayHoldNoTensors() throws IOException {
        part(1, 2, 1, 1).tensor("b", 0, 0, 1).data(32, 4).in(folder, "m-00002-of-00002.gguf");
        assertEquals(1, GgufFile.open(part(0, 2, 1, 0).in(folder, "m-00001-of-00002.gguf")).tensors().size());
    }

    @Test
    void opensWhatWasMergedAgain() throws IOException {
        // gguf-split --merge leaves the keys in, with a count of 0.
        assertEquals(1, GgufFile.open(part(0, 0, 1, 1).tensor("a", 0, 0, 1).data(32, 4).in(folder)).tensors().size());
        assertEquals(1, GgufFile.open(part(0, 1, 1, 1).tensor("a", 0, 0, 1).data(32, 4).in(folder, "m-00001-of-00001.gguf")).tensors().size());
    }

    @Test
    void refusesOtherPartsThanTheFirst() throws IOException {
        twoParts();
        refuses(folder.resolve("m-00002-of-00002.gguf"), "this is part 2 of 2 of a split model, accepted is its first part, m-00001-of-00002.gguf");
    }

    @Test
    void refusesNamesThatDisagree() throws IOException {
        Path first = twoParts();
        Path renamed = Files.copy(first, folder.resolve("m.gguf"));
        refuses(renamed, "holds part 1 of 2 and is named like a whole model, accepted is a name that ends in -00001-of-00002.gguf");
        refuses(Files.copy(first, folder.resolve("m-00001-of-00003.gguf")), "is named like part 1 of 3");
        refuses(Files.copy(first, folder.resolve("n-00002-of-00002.gguf")), "is named like part 2 of 2");
        refuses(RawGguf.header(3, 0, 0).in(folder, "n-00001-of-00002.gguf"), "holds part 1 of 1 and is named like part 1 of 2");
    }

    @Test
    void refusesPartsThatAreMissingOrForeign() throws IOException {
        Path first = twoParts();
        Path second = folder.resolve("m-00002-of-00002.gguf");
        Files.copy(first, second, StandardCopyOption.REPLACE_EXISTING);
        refuses(first, "m-00002-of-00002.gguf: metadata keys 'split.no' and 'split.count' say part 0 (from 0) of 2, accepted here is part 1 (from 0) of 2");
        RawGguf.header(3, 0, 0).in(folder, "m-00002-of-00002.gguf");
        refuses(first, "m-00002-of-00002.gguf: metadata keys 'split.no' and 'split.count' are missing, accepted here is part 1 (from 0) of 2");
        part(1, 2, 2, 1).tensor("a", 0, 0, 1).data(32, 4).in(folder, "m-00002-of-00002.gguf");
        refuses(first, "m-00002-of-00002.gguf: tensor 'a' appears in an earlier part too");
        part(1, 2, 2, 0).in(folder, "m-00002-of-00002.gguf");
        refuses(first, "'split.tensors.count' is 2, but the 2 parts hold 1 tensors");
        Files.delete(second);
        refuses(first, "m-00002-of-00002.gguf: there is no such file");
    }

    @Test
    void refusesCountsThatMakeNoSense() throws IOException {
        refuses(part(5, 2, 0, 0).in(folder), "say part 5 (from 0) of 2");
        refuses(RawGguf.header(3, 0, 1).key("split.count", 5).u32(-3).in(folder), "(from 0) of -3");
        refuses(RawGguf.header(3, 0, 1).key("split.count", 10).u64(Long.MAX_VALUE).in(folder), "(from 0) of 9223372036854775807");
        refuses(RawGguf.header(3, 0, 1).key("split.count", 8).str("2").in(folder), "'split.count' is of type str, an integer is accepted");
        part(1, 2, 0, 0).in(folder, "m-00002-of-00002.gguf");
        refuses(RawGguf.header(3, 0, 1).key("split.count", 2).bytes(2, 0).in(folder, "m-00001-of-00002.gguf"), "'split.tensors.count' is missing");
        refuses(part(0, 1, 7, 1).tensor("a", 0, 0, 1).data(32, 4).in(folder), "'split.tensors.count' is 7, but the 1 part holds 1 tensors");
    }

    private static void refuses(Path file, String part) {
        GgufException e = assertThrows(GgufException.class, () -> GgufFile.open(file));
        assertTrue(e.getMessage().contains(part), e.getMessage());
        assertFalse(e.getMessage().contains("\n"), e.getMessage());
    }
}
