package dev.skim.tests;

import dev.skim.gguf.GgufWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** A llama with random weights, small enough to be run thousands of times. */
final class SmallLlama {
    static final int VOCABULARY = 258;
    static final int LAYERS = 6;
    static final int WIDTH = 32;
    private static final int INNER = 96;

    private SmallLlama() {}

    static Path write(Path file) throws IOException {
        Random random = new Random(11);
        List<String> tokens = tokens();
        int[] types = new int[VOCABULARY];
        Arrays.fill(types, 1);
        GgufWriter writer = GgufWriter.create()
                .string("general.architecture", "llama")
                .string("general.name", "Small")
                .u32("llama.block_count", LAYERS)
                .u32("llama.context_length", 4096)
                .u32("llama.embedding_length", WIDTH)
                .u32("llama.feed_forward_length", INNER)
                .u32("llama.attention.head_count", 4)
                .u32("llama.attention.head_count_kv", 2)
                .f32("llama.attention.layer_norm_rms_epsilon", 1e-5f)
                .string("tokenizer.ggml.model", "gpt2")
                .string("tokenizer.ggml.pre", "gpt-2")
                .strings("tokenizer.ggml.tokens", tokens)
                .integers("tokenizer.ggml.token_type", types)
                .strings("tokenizer.ggml.merges", List.of("q x"))
                .bool("tokenizer.ggml.add_bos_token", false);
        matrix(writer, random, "token_embd", WIDTH, VOCABULARY, 1);
        norm(writer, "output_norm");
        for (int layer = 0; layer < LAYERS; layer++) {
            String at = "blk." + layer + ".";
            norm(writer, at + "attn_norm");
            matrix(writer, random, at + "attn_q", WIDTH, WIDTH, 0.5);
            matrix(writer, random, at + "attn_k", WIDTH, WIDTH / 2, 0.5);
            matrix(writer, random, at + "attn_v", WIDTH, WIDTH / 2, 0.5);
            matrix(writer, random, at + "attn_output", WIDTH, WIDTH, 0.5);
            norm(writer, at + "ffn_norm");
            matrix(writer, random, at + "ffn_gate", WIDTH, INNER, 0.5);
            matrix(writer, random, at + "ffn_up", WIDTH, INNER, 0.5);
            matrix(writer, random, at + "ffn_down", INNER, WIDTH, 0.5);
        }
        writer.write(file);
        return file;
    }

    /** The bytes as GPT-2's vocabulary writes them, and two more. */
    private static List<String> tokens() {
        List<String> tokens = new ArrayList<>();
        int others = 0;
        for (int b = 0; b < 256; b++) {
            boolean printable = b >= '!' && b <= '~' || b >= 0xA1 && b != 0xAD;
            tokens.add(String.valueOf((char) (printable ? b : 256 + others++)));
        }
        tokens.addAll(List.of("<a>", "<b>"));
        return tokens;
    }

    private static void norm(GgufWriter writer, String name) {
        float[] ones = new float[WIDTH];
        Arrays.fill(ones, 1);
        writer.addTensor(name + ".weight", List.of((long) WIDTH), ones);
    }

    private static void matrix(GgufWriter writer, Random random, String name, int columns, int rows, double size) {
        float[] values = new float[rows * columns];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (size * random.nextGaussian() / Math.sqrt(columns));
        }
        writer.addTensor(name + ".weight", List.of((long) columns, (long) rows), values);
    }
}
