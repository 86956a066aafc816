package dev.skim.tests.cli;

import dev.skim.gguf.GgufWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;

/** A llama of two layers with random weights, a token for each byte, and a chat template: enough to be run. */
final class TinyModel {
    static final int END = 257;
    private static final int WIDTH = 32;
    private static final int INNER = 64;
    private static final int CONTEXT = 100_000;
    private static final String TEMPLATE =
            """
            {%- for message in messages %}{{ '<|start|>' + message['role'] + ':' + message['content'] + '<|end|>' }}{% endfor %}
            {%- if add_generation_prompt %}{{ '<|start|>assistant:' }}{% endif %}""";

    private TinyModel() {}

    /** Writes the model; {@code template} tells whether it can chat. */
    static Path write(Path file, boolean template) throws IOException {
        return write(file, template, writer -> writer.string("tokenizer.ggml.pre", "gpt-2"));
    }

    /** The same with further keys. */
    static Path write(Path file, boolean template, Consumer<GgufWriter> more) throws IOException {
        Random random = new Random(7);
        List<String> tokens = tokens();
        int[] types = new int[tokens.size()];
        Arrays.fill(types, 1);
        types[256] = 3;
        types[END] = 3;
        GgufWriter writer = GgufWriter.create()
                .string("general.architecture", "llama")
                .string("general.name", "Tiny")
                .u32("llama.block_count", 2)
                .u32("llama.context_length", CONTEXT)
                .u32("llama.embedding_length", WIDTH)
                .u32("llama.feed_forward_length", INNER)
                .u32("llama.attention.head_count", 2)
                .u32("llama.attention.head_count_kv", 1)
                .f32("llama.attention.layer_norm_rms_epsilon", 1e-5f)
                .string("tokenizer.ggml.model", "gpt2")
                .strings("tokenizer.ggml.tokens", tokens)
                .integers("tokenizer.ggml.token_type", types)
                .strings("tokenizer.ggml.merges", List.of("q x"))
                .u32("tokenizer.ggml.bos_token_id", 256)
                .u32("tokenizer.ggml.eos_token_id", END)
                .bool("tokenizer.ggml.add_bos_token", false);
        more.accept(writer);
        if (template) {
            writer.string("tokenizer.chat_template", TEMPLATE);
        }
        matrix(writer, random, "token_embd", WIDTH, tokens.size());
        norm(writer, "output_norm");
        for (int layer = 0; layer < 2; layer++) {
            String at = "blk." + layer + ".";
            norm(writer, at + "attn_norm");
            matrix(writer, random, at + "attn_q", WIDTH, WIDTH);
            matrix(writer, random, at + "attn_k", WIDTH, WIDTH / 2);
            matrix(writer, random, at + "attn_v", WIDTH, WIDTH / 2);
            matrix(writer, random, at + "attn_output", WIDTH, WIDTH);
            norm(writer, at + "ffn_norm");
            matrix(writer, random, at + "ffn_gate", WIDTH, INNER);
            matrix(writer, random, at + "ffn_up", WIDTH, INNER);
            matrix(writer, random, at + "ffn_down", INNER, WIDTH);
        }
        output(writer, random, tokens.size());
        writer.write(file);
        return file;
    }

    /** Only lower-case letters and the space are ever likely, so that what the model says can be printed. */
    private static void output(GgufWriter writer, Random random, int vocabulary) {
        float[] values = new float[vocabulary * WIDTH];
        for (int token = 0; token < vocabulary; token++) {
            boolean said = token >= 'a' - '!' && token <= 'z' - '!';
            for (int i = 0; i < WIDTH; i++) {
                values[token * WIDTH + i] = said ? (float) random.nextGaussian() : 0;
            }
        }
        writer.addTensor("output.weight", List.of((long) WIDTH, (long) vocabulary), values);
    }

    private static void norm(GgufWriter writer, String name) {
        float[] ones = new float[WIDTH];
        Arrays.fill(ones, 1);
        writer.addTensor(name + ".weight", List.of((long) WIDTH), ones);
    }

    private static void matrix(GgufWriter writer, Random random, String name, int columns, int rows) {
        float[] values = new float[rows * columns];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (random.nextGaussian() / Math.sqrt(columns));
        }
        writer.addTensor(name + ".weight", List.of((long) columns, (long) rows), values);
    }

    /** The bytes as GPT-2's vocabulary writes them, printable ones first, then two control tokens. */
    private static List<String> tokens() {
        List<String> printable = new ArrayList<>();
        List<String> others = new ArrayList<>();
        for (int b = 0; b < 256; b++) {
            if (b >= '!' && b <= '~' || b >= 0xA1 && b != 0xAD) {
                printable.add(String.valueOf((char) b));
            } else {
                others.add(String.valueOf((char) (256 + others.size())));
            }
        }
        printable.addAll(others);
        printable.add("<|start|>");
        printable.add("<|end|>");
        return printable;
    }
}
