package dev.skim.llm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.skim.gguf.GgufFile;
import dev.skim.gguf.GgufWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A prompt keeps the tokens of the answers before it, which their text would be cut into otherwise. */
class ChatPromptsTest {
    private static final String TEMPLATE =
            "{% for m in messages %}{{ '<s>' if m.role == 'user' else '' }}{{ m.content }}{% endfor %}";

    /** The lone space of a SentencePiece vocabulary decodes to nothing at a text's beginning, and yet is cut by what is before it. */
    @Test
    void aSpaceIsNoControlToken() throws Exception {
        Path file = Path.of(System.getProperty("skim.reference", "../../shared/reference")).resolve("tokenizer/vocab-llama-spm.gguf");
        assumeTrue(Files.exists(file), () -> "no vocabulary " + file);
        Tokenizer tokenizer;
        try (GgufFile gguf = GgufFile.open(file)) {
            tokenizer = Tokenizer.of(gguf.metadata());
        }
        ChatPrompts prompts = new ChatPrompts(
                ChatTemplate.of("{% for m in messages %}{{ m.content }}{% endfor %}"), tokenizer);
        List<ChatMessage> messages = new ArrayList<>(List.of(new ChatMessage("user", "hello")));
        prompts.tokens(messages);
        prompts.answered(" wor", tokenizer.encode("wor", false, false));
        messages.add(new ChatMessage("assistant", " wor"));
        for (String rest : List.of("\u0001ld", "你好", "ld")) {
            messages.add(new ChatMessage("user", rest));
            assertArrayEquals(
                    tokenizer.encode("hello wor" + rest, true, true), prompts.tokens(messages), "with no space put in");
            messages.removeLast();
        }
    }

    @Test
    void answersKeepTheirTokensWhateverIsAskedInVain(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("vocabulary.gguf");
        GgufWriter.create()
                .string("tokenizer.ggml.model", "llama")
                .strings("tokenizer.ggml.tokens", List.of("<unk>", "<s>", "a", "b", "ab"))
                .floats("tokenizer.ggml.scores", 0, 0, 0, 0, 0)
                .integers("tokenizer.ggml.token_type", 2, 3, 1, 1, 1)
                .bool("tokenizer.ggml.add_space_prefix", false)
                .write(file);
        Tokenizer tokenizer;
        try (GgufFile gguf = GgufFile.open(file)) {
            tokenizer = Tokenizer.of(gguf.metadata());
        }
        ChatPrompts prompts = new ChatPrompts(ChatTemplate.of(TEMPLATE), tokenizer);
        List<ChatMessage> messages = new ArrayList<>(List.of(new ChatMessage("user", "b")));
        assertArrayEquals(new int[] {1, 3}, prompts.tokens(messages));
        prompts.answered("ab", new int[] {2, 3});
        messages.add(new ChatMessage("assistant", "ab"));
        int[] known = {1, 3, 2, 3};
        for (String question : List.of("a", "b", "ab")) {
            messages.add(new ChatMessage("user", question));
            int[] tokens = prompts.tokens(messages);
            assertArrayEquals(known, Arrays.copyOf(tokens, known.length), "after a question that had no answer");
            messages.removeLast();
        }
        messages.add(new ChatMessage("user", "a"));
        assertArrayEquals(new int[] {1, 3, 2, 3, 1, 2}, prompts.tokens(messages));
        prompts.answered("b", new int[] {3});
        messages.add(new ChatMessage("assistant", "b"));
        messages.add(new ChatMessage("user", "a"));
        assertArrayEquals(new int[] {1, 3, 2, 3, 1, 2, 3, 1, 2}, prompts.tokens(messages));
    }
}
