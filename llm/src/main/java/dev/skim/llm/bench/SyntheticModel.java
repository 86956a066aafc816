package dev.skim.llm.bench;

import dev.skim.gguf.GgufWriter;
import dev.skim.gguf.TensorSource;
import dev.skim.llm.SkimException;
import dev.skim.tensor.ElementType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.function.DoubleConsumer;
import java.util.stream.Collectors;

/**
 * A model of a real one's shape with random weights: it says nonsense, at the speed of the real one.
 *
 * @param shape what it is cut to
 * @param mix its element types
 */
public record SyntheticModel(Shape shape, Mix mix) {
    /** Positions of the context: enough for every measurement, whatever the real model was trained for. */
    private static final int CONTEXT = 32_768;

    /** The shapes of real models. */
    public enum Shape {
        /** SmolLM2-135M. */
        S135M("135m", 576, 30, 9, 3, 64, 1536, 49_152, true, 100_000),
        /** SmolLM2-360M. */
        S360M("360m", 960, 32, 15, 5, 64, 2560, 49_152, true, 100_000),
        /** Llama-3.2-1B. */
        S1B("1b", 2048, 16, 32, 8, 64, 8192, 128_256, true, 500_000),
        /** Llama-3.2-1B with a small vocabulary. */
        S1B_32K("1b-32k", 2048, 16, 32, 8, 64, 8192, 32_000, true, 500_000),
        /** Llama-3.2-3B. */
        S3B("3b", 3072, 28, 24, 8, 128, 8192, 128_256, true, 500_000),
        /** Llama-2-7B. */
        S7B("7b", 4096, 32, 32, 32, 128, 11_008, 32_000, false, 10_000);

        final String label;
        final int width;
        final int layers;
        final int heads;
        final int kvHeads;
        final int headSize;
        final int feedForward;
        final int vocabulary;
        final boolean tied;
        final double ropeBase;

        Shape(String label, int width, int layers, int heads, int kvHeads, int headSize, int feedForward,
                int vocabulary, boolean tied, double ropeBase) {
            this.label = label;
            this.width = width;
            this.layers = layers;
            this.heads = heads;
            this.kvHeads = kvHeads;
            this.headSize = headSize;
            this.feedForward = feedForward;
            this.vocabulary = vocabulary;
            this.tied = tied;
            this.ropeBase = ropeBase;
        }

        /**
         * The shape of this name.
         *
         * @throws SkimException where there is none
         */
        public static Shape of(String label) {
            return Arrays.stream(values())
                    .filter(shape -> shape.label.equals(label.toLowerCase(Locale.ROOT)))
                    .findAny()
                    .orElseThrow(() -> new SkimException("There is no shape " + label + "; the shapes are "
                            + Arrays.stream(values()).map(s -> s.label).collect(Collectors.joining(", ")) + "."));
        }

        /** The name that users type. */
        public String label() {
            return label;
        }
    }

    /**
     * Which element type each matrix has: one for all, or a mix of two as llama.cpp's quantiser makes it.
     *
     * @param name as users type it
     * @param base of most matrices
     * @param finer of the output head, and of the value and down projections of every other layer or so
     * @param fileType the GGUF key {@code general.file_type}
     */
    public record Mix(String name, ElementType base, ElementType finer, int fileType) {
        private static final List<Mix> ALL = List.of(
                one(ElementType.F16, 1),
                one(ElementType.Q4_0, 2),
                one(ElementType.Q4_1, 3),
                one(ElementType.Q8_0, 7),
                one(ElementType.Q5_0, 8),
                one(ElementType.Q5_1, 9),
                one(ElementType.Q2_K, 10),
                one(ElementType.Q3_K, 11),
                one(ElementType.Q4_K, 14),
                one(ElementType.Q5_K, 16),
                one(ElementType.Q6_K, 18),
                one(ElementType.IQ2_XXS, 19),
                one(ElementType.IQ2_XS, 20),
                one(ElementType.IQ3_XXS, 23),
                one(ElementType.IQ1_S, 24),
                one(ElementType.IQ4_NL, 25),
                one(ElementType.IQ3_S, 26),
                one(ElementType.IQ2_S, 28),
                one(ElementType.IQ4_XS, 30),
                new Mix("Q4_K_M", ElementType.Q4_K, ElementType.Q6_K, 15),
                new Mix("Q5_K_M", ElementType.Q5_K, ElementType.Q6_K, 17));

        private static Mix one(ElementType type, int fileType) {
            return new Mix(type.name(), type, type, fileType);
        }

        /**
         * The type or mix of this name.
         *
         * @throws SkimException where there is none
         */
        public static Mix of(String name) {
            return ALL.stream()
                    .filter(mix -> mix.name.equalsIgnoreCase(name))
                    .findAny()
                    .orElseThrow(() -> new SkimException("Random weights cannot be of type " + name + "; the types are "
                            + ALL.stream().map(Mix::name).collect(Collectors.joining(", ")) + "."));
        }

        private ElementType type(boolean fine, int columns) {
            ElementType type = fine ? finer : base;
            if (columns % type.blockSize() == 0) {
                return type;
            }
            // What llama.cpp's quantiser falls back on where a row is not whole blocks of 256.
            return switch (type) {
                case Q2_K, Q3_K, IQ1_S, IQ2_XXS, IQ2_XS, IQ2_S, IQ3_XXS, IQ3_S, IQ4_XS -> ElementType.IQ4_NL;
                case Q4_K -> ElementType.Q5_0;
                case Q5_K -> ElementType.Q5_1;
                default -> ElementType.Q8_0;
            };
        }
    }

    /** A tensor to be: its GGUF name, type, and extent. A vector has one row. */
    record Tensor(String name, ElementType type, int rows, int columns) {
        long bytes() {
            return type.bytes((long) rows * columns);
        }

        boolean isVector() {
            return type == ElementType.F32;
        }
    }

    /** The model's name: Skim synthetic, shape, type. */
    public String name() {
        return "Skim synthetic " + shape.label + " " + mix.name;
    }

    /** Bytes of all tensors. */
    public long bytes() {
        return tensors().stream().mapToLong(Tensor::bytes).sum();
    }

    /** The tensors in the file's order. */
    List<Tensor> tensors() {
        List<Tensor> tensors = new ArrayList<>();
        int width = shape.width;
        int keys = shape.kvHeads * shape.headSize;
        // A tied head is the embedding: it is multiplied with, and so is made as fine as a head.
        tensors.add(matrix("token_embd", shape.tied, shape.vocabulary, width));
        for (int layer = 0; layer < shape.layers; layer++) {
            String block = "blk." + layer + ".";
            boolean fine = isFine(layer, shape.layers);
            tensors.add(vector(block + "attn_norm"));
            tensors.add(matrix(block + "attn_q", false, shape.heads * shape.headSize, width));
            tensors.add(matrix(block + "attn_k", false, keys, width));
            tensors.add(matrix(block + "attn_v", fine, keys, width));
            tensors.add(matrix(block + "attn_output", false, width, shape.heads * shape.headSize));
            tensors.add(vector(block + "ffn_norm"));
            tensors.add(matrix(block + "ffn_gate", false, shape.feedForward, width));
            tensors.add(matrix(block + "ffn_up", false, shape.feedForward, width));
            tensors.add(matrix(block + "ffn_down", fine, width, shape.feedForward));
        }
        tensors.add(vector("output_norm"));
        if (!shape.tied) {
            tensors.add(matrix("output", true, shape.vocabulary, width));
        }
        return tensors;
    }

    /** The first and last eighth of the layers, and every third between: the layers that llama.cpp's mixes make finer. */
    private static boolean isFine(int layer, int layers) {
        int eighth = layers / 8;
        return layer < eighth || layer >= 7 * layers / 8 || (layer - eighth) % 3 == 2;
    }

    private Tensor matrix(String name, boolean fine, int rows, int columns) {
        return new Tensor(name + ".weight", mix.type(fine, columns), rows, columns);
    }

    private Tensor vector(String name) {
        return new Tensor(name + ".weight", ElementType.F32, 1, shape.width);
    }

    /**
     * Writes the model as a GGUF file that llama.cpp loads too. The same shape and type give the same bytes.
     *
     * @param progress told the share that is written, 0 to 1
     */
    public void write(Path file, DoubleConsumer progress) throws IOException {
        GgufWriter writer = GgufWriter.create()
                .string("general.architecture", "llama")
                .string("general.name", name())
                .u32("general.file_type", mix.fileType)
                .u32("general.quantization_version", 2)
                .u32("llama.context_length", CONTEXT)
                .u32("llama.embedding_length", shape.width)
                .u32("llama.block_count", shape.layers)
                .u32("llama.feed_forward_length", shape.feedForward)
                .u32("llama.attention.head_count", shape.heads)
                .u32("llama.attention.head_count_kv", shape.kvHeads)
                .f32("llama.attention.layer_norm_rms_epsilon", 1e-5f)
                .u32("llama.rope.dimension_count", shape.headSize)
                .f32("llama.rope.freq_base", (float) shape.ropeBase)
                .u32("llama.vocab_size", shape.vocabulary);
        SyntheticVocabulary.put(writer, shape.vocabulary);
        long all = bytes();
        long done = 0;
        SplittableRandom random = new SplittableRandom(shape.ordinal());
        for (Tensor tensor : tensors()) {
            done += tensor.bytes();
            double share = (double) done / all;
            SplittableRandom own = random.split();
            if (tensor.isVector()) {
                float[] ones = new float[tensor.columns];
                Arrays.fill(ones, 1);
                writer.addTensor(tensor.name, List.of((long) tensor.columns), ones);
            } else {
                TensorSource source = weights(tensor, own);
                writer.addTensor(tensor.name, tensor.type, List.of((long) tensor.columns, (long) tensor.rows), out -> {
                    source.writeTo(out);
                    progress.accept(share);
                });
            }
        }
        writer.write(file);
    }

    /** Weights that keep the size of what they are multiplied with: of deviation 1 / sqrt(columns). */
    private static TensorSource weights(Tensor tensor, SplittableRandom random) {
        return out -> {
            int blockBytes = tensor.type.blockBytes();
            byte[] piece = new byte[Math.max(1, (1 << 20) / blockBytes) * blockBytes];
            for (long left = tensor.bytes(); left > 0; left -= piece.length) {
                int length = (int) Math.min(left, piece.length);
                MemorySegment segment = MemorySegment.ofArray(piece).asSlice(0, length);
                RandomBlocks.fill(tensor.type, segment, 1 / Math.sqrt(tensor.columns), random);
                out.write(ByteBuffer.wrap(piece, 0, length));
            }
        };
    }
}
