package dev.skim.llm;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skim.gguf.GgufFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.function.Executable;

/** Every case of the reference's tokenizers: ids with and without special tokens, and back. */
class TokenizerReferenceTest {
    private record Case(String text, int[] plain, int[] special) {}

    @TestFactory
    Stream<DynamicTest> references() throws IOException {
        Path folder = Path.of(System.getProperty("skim.reference"), "tokenizer");
        assumeTrue(Files.isDirectory(folder), () -> "no reference tokenizers in " + folder);
        List<Path> files;
        try (Stream<Path> listed = Files.list(folder)) {
            files = listed.filter(p -> p.toString().endsWith(".json")).sorted().toList();
        }
        return files.stream().map(json -> {
            String name = json.getFileName().toString().replace(".json", "");
            return DynamicTest.dynamicTest(name, () -> check(name, json));
        });
    }

    private static void check(String name, Path json) throws IOException {
        Path file = vocabulary(name, json);
        assumeTrue(Files.exists(file), () -> "no vocabulary " + file);
        Tokenizer tokenizer;
        try (GgufFile gguf = GgufFile.open(file)) {
            tokenizer = Tokenizer.of(gguf.metadata());
        }
        assertEquals(List.of(), tokenizer.warnings());
        List<Executable> checks = new ArrayList<>();
        for (Case c : cases(json)) {
            checks.add(() -> assertArrayEquals(c.plain, tokenizer.encode(c.text, false, false), "plain: " + c.text));
            checks.add(() -> assertArrayEquals(c.special, tokenizer.encode(c.text, true, true), "special: " + c.text));
            checks.add(() -> assertEquals(c.text, tokenizer.decode(c.plain)));
            checks.add(() -> assertEquals(c.text, tokenizer.decode(tokenizer.encode(c.text, true, false))));
        }
        assertAll(checks);
    }

    private static Path vocabulary(String name, Path json) {
        return name.equals("smollm2")
                ? json.resolve("../../../models/SmolLM2-135M-Instruct.Q4_1.gguf").normalize()
                : json.resolveSibling("vocab-" + name + ".gguf");
    }

    private static List<Case> cases(Path json) throws IOException {
        JsonNode root = new ObjectMapper().readTree(json.toFile());
        return StreamSupport.stream(root.spliterator(), false)
                .map(node -> new Case(node.get("text").textValue(), ints(node.get("plain")), ints(node.get("special"))))
                .toList();
    }

    private static int[] ints(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false).mapToInt(JsonNode::intValue).toArray();
    }
}
