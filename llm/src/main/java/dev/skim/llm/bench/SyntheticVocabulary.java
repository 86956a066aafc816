package dev.skim.llm.bench;

import dev.skim.gguf.GgufWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A SentencePiece-style vocabulary of made-up words that every reader of GGUF accepts. */
final class SyntheticVocabulary {
    /** The values of {@code tokenizer.ggml.token_type}. */
    private static final int NORMAL = 1;
    private static final int UNKNOWN = 2;
    private static final int CONTROL = 3;
    private static final int BYTE = 6;

    private SyntheticVocabulary() {}

    /** Puts the metadata of a vocabulary of {@code size} tokens: unknown, BOS, EOS, all bytes, then words. */
    static void put(GgufWriter writer, int size) {
        List<String> tokens = new ArrayList<>(List.of("<unk>", "<s>", "</s>"));
        for (int i = 0; i < 256; i++) {
            tokens.add(String.format("<0x%02X>", i));
        }
        int words = tokens.size();
        for (int i = 0; tokens.size() < size; i++) {
            tokens.add(word(i));
        }
        int[] types = new int[size];
        Arrays.fill(types, NORMAL);
        Arrays.fill(types, 0, words, BYTE);
        types[0] = UNKNOWN;
        types[1] = CONTROL;
        types[2] = CONTROL;
        float[] scores = new float[size];
        for (int i = words; i < size; i++) {
            scores[i] = words - i;
        }
        writer.string("tokenizer.ggml.model", "llama")
                .strings("tokenizer.ggml.tokens", tokens)
                .floats("tokenizer.ggml.scores", scores)
                .integers("tokenizer.ggml.token_type", types)
                .u32("tokenizer.ggml.unknown_token_id", 0)
                .u32("tokenizer.ggml.bos_token_id", 1)
                .u32("tokenizer.ggml.eos_token_id", 2)
                .bool("tokenizer.ggml.add_bos_token", true);
    }

    /** The words a, b, ... z, aa, ab, ..., each after a space (U+2581). */
    private static String word(int number) {
        StringBuilder word = new StringBuilder();
        for (int rest = number + 1; rest > 0; rest = (rest - 1) / 26) {
            word.append((char) ('a' + (rest - 1) % 26));
        }
        return word.append('\u2581').reverse().toString();
    }
}
