package dev.skim.gguf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.skim.tensor.ElementType;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Files that llama.cpp wrote; skipped where they are absent. */
class ReferenceFilesTest {
    private static final Path REFERENCE = Path.of(System.getProperty("skim.reference", "../shared/reference"));
    private static final Path MODEL = REFERENCE.resolveSibling("models").resolve("SmolLM2-135M-Instruct.Q4_1.gguf");

    @TempDir
    Path folder;

    /** Reader and writer against files of another hand: what is read and written again has the same bytes. */
    @TestFactory
    Stream<DynamicTest> rewritingGivesTheSameBytes() throws IOException {
        return ggufFiles().map(file -> DynamicTest.dynamicTest(file.getFileName().toString(), () -> {
            Path copy = folder.resolve("copy.gguf");
            try (GgufFile gguf = GgufFile.open(file); Arena arena = Arena.ofConfined()) {
                assertEquals(3, gguf.version());
                GgufWriter writer = GgufWriter.create().copy(gguf.metadata());
                for (TensorInfo tensor : gguf.tensors()) {
                    writer.addTensor(tensor.name(), tensor.type(), tensor.shape(), TensorSource.of(gguf.map(tensor, arena)));
                }
                writer.write(copy);
            }
            assertEquals(-1, Files.mismatch(file, copy), "the first byte that differs");
        }));
    }

    private static Stream<Path> ggufFiles() throws IOException {
        assumeTrue(Files.isDirectory(REFERENCE), "no reference folder at " + REFERENCE.toAbsolutePath());
        try (Stream<Path> tiny = Files.list(REFERENCE.resolve("tiny")); Stream<Path> vocabularies = Files.list(REFERENCE.resolve("tokenizer"))) {
            List<Path> files = Stream.concat(tiny, vocabularies).filter(file -> file.toString().endsWith(".gguf")).sorted().toList();
            assertTrue(files.size() > 0, "no GGUF files under " + REFERENCE.toAbsolutePath());
            return files.stream();
        }
    }

    @Test
    void readsSmolLm2() throws IOException {
        assumeTrue(Files.exists(MODEL), "no model at " + MODEL.toAbsolutePath());
        try (GgufFile gguf = GgufFile.open(MODEL); Arena arena = Arena.ofConfined()) {
            Metadata metadata = gguf.metadata();
            assertEquals("llama", metadata.string("general.architecture").orElseThrow());
            assertEquals(30, metadata.integer("llama.block_count", 0));
            assertEquals(1e-5, metadata.number("llama.attention.layer_norm_rms_epsilon", 0), 1e-12);
            List<String> tokens = metadata.strings("tokenizer.ggml.tokens").orElseThrow();
            assertEquals(49_152, tokens.size());
            assertEquals("<|endoftext|>", tokens.get(0));
            assertEquals("<|im_start|>", tokens.get(1));
            assertEquals(49_152, metadata.integers("tokenizer.ggml.token_type").orElseThrow().length);
            assertEquals(272, gguf.tensors().size());
            TensorInfo down = gguf.tensor("blk.29.ffn_down.weight").orElseThrow();
            assertEquals(List.of(1536L, 576L), down.shape());
            assertEquals(ElementType.Q4_1, down.type());
            assertEquals(down.bytes(), gguf.map(down, arena).byteSize());
            assertEquals(Files.size(MODEL), gguf.size());
        }
    }
}
