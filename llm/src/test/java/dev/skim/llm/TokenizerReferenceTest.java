package dev.skim.llm;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skim.gguf.GgufFile;
import dev.skim.llm.tokenizer.Texts;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
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
        checks.add(() -> randomTextsComeBack(tokenizer));
        checks.add(() -> streamingGivesWhatDecodingGives(tokenizer));
        assertAll(checks);
    }

    private static void randomTextsComeBack(Tokenizer tokenizer) {
        Random random = new Random(1);
        for (int i = 0; i < 500; i++) {
            // A space mark is a space to SentencePiece, and Falcon's vocabulary has no vertical tab.
            String text = Texts.random(random).replace('\u2581', '.').replace('\u000b', '.');
            assertEquals(text, tokenizer.decode(tokenizer.encode(text, i % 2 == 0, false)));
        }
    }

    private static void streamingGivesWhatDecodingGives(Tokenizer tokenizer) {
        Random random = new Random(2);
        for (int i = 0; i < 500; i++) {
            int[] tokens = random.ints(random.nextInt(30), 0, tokenizer.vocabularySize()).toArray();
            if (i % 2 == 0) {
                tokens = tokenizer.encode(Texts.random(random), true, true);
            }
            Tokenizer.StreamDecoder stream = tokenizer.stream();
            StringBuilder all = new StringBuilder();
            for (int token : tokens) {
                all.append(wellFormed(stream.push(token)));
            }
            all.append(wellFormed(stream.flush()));
            assertEquals(tokenizer.decode(tokens), all.toString());
        }
    }

    private static String wellFormed(String part) {
        assertEquals(part, new String(part.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8), "half a character");
        return part;
    }

    @Test
    void wikitextComesBack() throws IOException {
        Path reference = Path.of(System.getProperty("skim.reference"));
        Path text = reference.resolveSibling("data").resolve("wikitext-2-test.txt");
        Path model = reference.resolveSibling("models").resolve("SmolLM2-135M-Instruct.Q4_1.gguf");
        assumeTrue(Files.exists(text) && Files.exists(model), () -> "no " + text + " or no " + model);
        String wikitext = Files.readString(text);
        try (GgufFile gguf = GgufFile.open(model)) {
            Tokenizer tokenizer = Tokenizer.of(gguf.metadata());
            int[] tokens = assertTimeout(Duration.ofSeconds(10), () -> tokenizer.encode(wikitext, false, false));
            assertEquals(wikitext, tokenizer.decode(tokens));
            assertThrows(IndexOutOfBoundsException.class, () -> tokenizer.decode(new int[] {tokenizer.vocabularySize()}));
            assertThrows(IndexOutOfBoundsException.class, () -> tokenizer.piece(-1));
            assertEquals("<|im_end|>", tokenizer.piece(tokenizer.eos()));
            assertTrue(tokenizer.isEndOfGeneration(tokenizer.eos()));
            assertFalse(tokenizer.isEndOfGeneration(tokenizer.bos()));
        }
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
