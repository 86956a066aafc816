package dev.skim.tests;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.skim.gguf.GgufFile;
import dev.skim.gguf.GgufWriter;
import dev.skim.gguf.TensorInfo;
import dev.skim.gguf.TensorSource;
import dev.skim.gguf.ValueType;
import dev.skim.llm.LoadOptions;
import dev.skim.llm.Model;
import dev.skim.llm.Session;
import dev.skim.llm.SessionOptions;
import dev.skim.llm.SkimException;
import dev.skim.nn.Rope;
import dev.skim.skip.SkipPolicy;
import dev.skim.tensor.ElementType;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Files that do not make a model are refused in one sentence; files that say the same in another way give the same. */
class ModelFileTest {
    @TempDir
    Path folder;

    private int files;

    /** Copies a small model, with other metadata and other tensors. */
    private Path changed(String model, Consumer<GgufWriter> metadata, BiConsumer<GgufWriter, Tensor> tensors) {
        Path file = folder.resolve("changed-" + ++files + ".gguf");
        try (GgufFile whole = GgufFile.open(Reference.path("tiny/" + model)); Arena arena = Arena.ofConfined()) {
            GgufWriter writer = GgufWriter.create().copy(whole.metadata());
            metadata.accept(writer);
            for (TensorInfo info : whole.tensors()) {
                tensors.accept(writer, new Tensor(info, TensorSource.of(whole.map(info, arena))));
            }
            writer.write(file);
        } catch (IOException fault) {
            throw new IllegalStateException(fault);
        }
        return file;
    }

    private record Tensor(TensorInfo info, TensorSource source) {
        void copyTo(GgufWriter writer) {
            copyTo(writer, info.name(), info.shape());
        }

        void copyTo(GgufWriter writer, String name, List<Long> shape) {
            writer.addTensor(name, info.type(), shape, source);
        }
    }

    private static void copy(GgufWriter writer, Tensor tensor) {
        tensor.copyTo(writer);
    }

    private static String refusal(Path file) {
        SkimException refusal = assertThrows(SkimException.class, () -> Model.load(file).close());
        String message = refusal.getMessage();
        assertTrue(message.endsWith(".") && message.indexOf('\n') < 0, message);
        return message;
    }

    private record Broken(String what, Consumer<GgufWriter> change, String... mentioned) {}

    @TestFactory
    Stream<DynamicTest> metadataThatMakeNoModel() {
        return Stream.of(
                        new Broken("unknown architecture", w -> w.string("general.architecture", "mamba"), "mamba", "qwen2"),
                        new Broken("no architecture", w -> w.remove("general.architecture"), "general.architecture"),
                        new Broken("no layers", w -> w.remove("llama.block_count"), "llama.block_count"),
                        new Broken("too many layers", w -> w.u32("llama.block_count", 4), "blk.3."),
                        new Broken("too few layers", w -> w.u32("llama.block_count", 2), "blk.2."),
                        new Broken("absurd layers", w -> w.u32("llama.block_count", 4_000_000_000L), "4000000000"),
                        new Broken("no width", w -> w.u32("llama.embedding_length", 0), "embedding_length", "0"),
                        new Broken("another width", w -> w.u32("llama.embedding_length", 512), "token_embd", "256"),
                        new Broken("absurd width", w -> w.u32("llama.embedding_length", 1L << 31), "embedding_length"),
                        new Broken("absurd inner", w -> w.u32("llama.feed_forward_length", 1L << 31), "feed_forward"),
                        new Broken("another inner", w -> w.u32("llama.feed_forward_length", 256), "ffn_"),
                        new Broken("heads", w -> w.u32("llama.attention.head_count", 0), "head_count"),
                        new Broken("sharing", w -> w.u32("llama.attention.head_count_kv", 3), "head_count_kv", "divisor"),
                        new Broken("other heads", w -> w.u32("llama.attention.head_count_kv", 4), "attn_k"),
                        new Broken("absurd head", w -> w.u32("llama.attention.key_length", 1L << 31), "key_length"),
                        new Broken("values", w -> w.u32("llama.attention.value_length", 32), "value_length", "32", "64"),
                        new Broken("no context", w -> w.u32("llama.context_length", 0), "context_length"),
                        new Broken("no epsilon", w -> w.remove("llama.attention.layer_norm_rms_epsilon"), "epsilon"),
                        new Broken("NaN", w -> w.f32("llama.attention.layer_norm_rms_epsilon", Float.NaN), "epsilon", "NaN"),
                        new Broken("rope", w -> w.u32("llama.rope.dimension_count", 128), "dimension_count", "64"),
                        new Broken("odd rope", w -> w.u32("llama.rope.dimension_count", 33), "dimension_count", "even"),
                        new Broken("base", w -> w.f32("llama.rope.freq_base", -1), "freq_base"),
                        new Broken("scaling", w -> w.string("llama.rope.scaling.type", "magic"), "magic", "yarn"),
                        new Broken(
                                "yarn",
                                w -> w.string("llama.rope.scaling.type", "yarn")
                                        .f32("llama.rope.scaling.yarn_beta_fast", 2)
                                        .f32("llama.rope.scaling.yarn_beta_slow", 2),
                                "yarn_beta_slow", "yarn_beta_fast"),
                        new Broken("absurd context", w -> w.u32("llama.context_length", 1L << 30), "context_length"),
                        new Broken("experts", w -> w.u32("llama.expert_count", 8), "experts"),
                        new Broken("type", w -> w.string("llama.block_count", "three"), "block_count"),
                        new Broken(
                                "vocabulary",
                                w -> w.strings("tokenizer.ggml.tokens", List.of("<unk>", "a"))
                                        .floats("tokenizer.ggml.scores", 0, 0)
                                        .integers("tokenizer.ggml.token_type", 2, 1)
                                        .remove("tokenizer.ggml.bos_token_id")
                                        .remove("tokenizer.ggml.eos_token_id"),
                                "512"))
                .map(broken -> DynamicTest.dynamicTest(broken.what(), () -> {
                    String message =
                            refusal(changed("llama.Q4_K_M.gguf", broken.change(), ModelFileTest::copy));
                    for (String word : broken.mentioned()) {
                        assertTrue(message.contains(word), message);
                    }
                }));
    }

    /** What only gemma 3 has: a rope base of the layers with a window, and a list of them. */
    @Test
    void windowsThatMakeNoModel() {
        String model = "gemma3.F16.gguf";
        for (Consumer<GgufWriter> change : List.<Consumer<GgufWriter>>of(
                w -> w.f32("gemma3.rope.freq_base_swa", 0),
                w -> w.integers("gemma3.attention.sliding_window_pattern", 1, 1, 1, 1, 1, 0),
                w -> w.put(
                        "gemma3.attention.sliding_window_pattern",
                        ValueType.ARRAY,
                        new ValueType.Array(ValueType.BOOL, List.of(true))))) {
            String message = refusal(changed(model, change, ModelFileTest::copy));
            assertTrue(message.contains("freq_base_swa") || message.contains("sliding_window_pattern"), message);
        }
    }

    /** What is known from the header is said before a weight is read. */
    @Test
    void aWrongVocabularyIsToldBeforeTheWeightsAreRead() {
        Path file = changed(
                "llama.Q4_K_M.gguf",
                w -> w.strings("tokenizer.ggml.tokens", List.of("<unk>", "a"))
                        .floats("tokenizer.ggml.scores", 0, 0)
                        .integers("tokenizer.ggml.token_type", 2, 1),
                ModelFileTest::copy);
        LoadOptions noted = LoadOptions.DEFAULT.withProgress(share -> {
            throw new AssertionError("weights were read: " + share);
        });
        assertThrows(SkimException.class, () -> Model.load(file, noted));
    }

    @Test
    void everyTensorIsNeeded() {
        List<String> names = new ArrayList<>();
        try (GgufFile whole = GgufFile.open(Reference.path("tiny/qwen3.F16.gguf"))) {
            whole.tensors().forEach(tensor -> names.add(tensor.name()));
        }
        // The head alone may be missing: the embedding stands in for it.
        names.remove("output.weight");
        for (String name : names.subList(0, 16)) {
            Path file = changed("qwen3.F16.gguf", w -> {}, (writer, tensor) -> {
                if (!tensor.info().name().equals(name)) {
                    tensor.copyTo(writer);
                }
            });
            assertTrue(refusal(file).contains(name.contains("ffn_gate") ? "ffn_up" : name), refusal(file));
        }
    }

    @Test
    void aTensorThatNobodyKnowsIsRefused() {
        Path file = changed("llama.Q4_K_M.gguf", w -> {}, (writer, tensor) -> {
            tensor.copyTo(writer);
            if (tensor.info().name().equals("output_norm.weight")) {
                writer.addTensor("blk.0.attn_q_norm.weight", ElementType.F32, List.of(64L), TensorSource.of(new float[64]));
            }
        });
        assertTrue(refusal(file).contains("blk.0.attn_q_norm.weight"), refusal(file));
    }

    @Test
    void wrongShapesAreRefused() {
        Path turned = changed("qwen3.F16.gguf", w -> {}, (writer, tensor) -> {
            boolean turn = tensor.info().name().equals("blk.1.ffn_down.weight");
            tensor.copyTo(writer, tensor.info().name(), turn ? tensor.info().shape().reversed() : tensor.info().shape());
        });
        assertTrue(refusal(turned).contains("blk.1.ffn_down.weight"), refusal(turned));
        Path norm = changed("qwen3.F16.gguf", w -> {}, (writer, tensor) -> {
            boolean folded = tensor.info().name().equals("output_norm.weight");
            tensor.copyTo(writer, tensor.info().name(), folded ? List.of(64L, 4L) : tensor.info().shape());
        });
        assertTrue(refusal(norm).contains("output_norm.weight"), refusal(norm));
    }

    @Test
    void aFileThatIsNotThere() {
        assertTrue(refusal(folder.resolve("missing.gguf")).contains("missing.gguf"));
    }

    private static float[] logits(Path file) {
        try (Model model = Model.load(file); Session session = model.openSession()) {
            session.prefill(new int[] {300, 20, 100, 50, 411, 3, 99, 17, 260});
            return session.logits().clone();
        }
    }

    /** Projections in one tensor or in three, gate and up in one or in two: the same bits. */
    @Test
    void fusedTensorsAreTheirParts() {
        float[] expected = logits(Reference.path("tiny/qwen3.F16.gguf"));
        Path file = folder.resolve("fused.gguf");
        try (GgufFile whole = GgufFile.open(Reference.path("tiny/qwen3.F16.gguf")); Arena arena = Arena.ofConfined()) {
            GgufWriter writer = GgufWriter.create().copy(whole.metadata());
            for (TensorInfo info : whole.tensors()) {
                String layer = info.name().replaceFirst("(blk\\.\\d+\\.).*", "$1");
                if (info.name().endsWith("attn_q.weight")) {
                    fuse(writer, whole, arena, layer + "attn_qkv", layer + "attn_q", layer + "attn_k", layer + "attn_v");
                } else if (info.name().endsWith("ffn_up.weight")) {
                    fuse(writer, whole, arena, layer + "ffn_up", layer + "ffn_gate", layer + "ffn_up");
                } else if (!info.name().matches(".*(attn_k|attn_v|ffn_gate)\\.weight")) {
                    writer.addTensor(info.name(), info.type(), info.shape(), TensorSource.of(whole.map(info, arena)));
                }
            }
            writer.write(file);
        } catch (IOException fault) {
            throw new IllegalStateException(fault);
        }
        assertArrayEquals(expected, logits(file));
    }

    private static void fuse(GgufWriter writer, GgufFile whole, Arena arena, String fused, String... parts) {
        List<TensorInfo> infos = Stream.of(parts).map(part -> whole.tensor(part + ".weight").orElseThrow()).toList();
        long rows = infos.stream().mapToLong(TensorInfo::rows).sum();
        writer.addTensor(
                fused + ".weight", infos.getFirst().type(), List.of(infos.getFirst().columns(), rows), out -> {
                    for (TensorInfo info : infos) {
                        TensorSource.of(whole.map(info, arena)).writeTo(out);
                    }
                });
    }

    /** A head size written out, a value for each layer, the frequencies' divisors by formula: nothing changes. */
    @Test
    void metadataThatSayTheSame() {
        String model = "llama.Q4_K_M.gguf";
        float[] expected = logits(Reference.path("tiny/" + model));
        assertArrayEquals(expected, logits(changed(
                model,
                w -> w.u32("llama.attention.key_length", 64)
                        .u32("llama.attention.value_length", 64)
                        .integers("llama.attention.head_count_kv", 2, 2, 2)
                        .integers("llama.feed_forward_length", 512, 512, 512)
                        .string("llama.rope.scaling.type", "none")
                        .f32("llama.rope.scaling.factor", 8),
                ModelFileTest::copy)));
        assertTrue(refusal(changed(
                        model, w -> w.integers("llama.attention.head_count_kv", 2, 1, 2), ModelFileTest::copy))
                .contains("head_count_kv"));
    }

    /** Llama 3.1's scaling by its parameters is that by the divisors which they make. */
    @Test
    void ropeScalingsAreTold() {
        String model = "llama.Q4_K_M.gguf";
        Consumer<GgufWriter> llama3 = w -> w.string("llama.rope.scaling.type", "llama3")
                .f32("llama.rope.scaling.factor", 4)
                .u32("llama.rope.scaling.original_context_length", 64);
        float[] byFormula = logits(changed(model, llama3, ModelFileTest::copy));
        float[] divisors = Rope.llama3Divisors(64, 10_000, 4, 1, 4, 64);
        float[] byTensor = logits(changed(model, w -> {}, (writer, tensor) -> {
            tensor.copyTo(writer);
            if (tensor.info().name().equals("output_norm.weight")) {
                writer.addTensor("rope_freqs.weight", ElementType.F32, List.of(32L), TensorSource.of(divisors));
            }
        }));
        assertArrayEquals(byTensor, byFormula);
        Consumer<GgufWriter> yarn = w -> w.string("llama.rope.scaling.type", "yarn")
                .f32("llama.rope.scaling.factor", 4)
                .u32("llama.rope.scaling.original_context_length", 64);
        assertFalse(Arrays.equals(byFormula, logits(changed(model, yarn, ModelFileTest::copy))));
    }

    /** Sessions that are longer than the first training take the long factors. */
    @Test
    void longFactorsForLongSessions() {
        float[] ones = new float[32];
        Arrays.fill(ones, 1);
        float[] threes = new float[32];
        Arrays.fill(threes, 3);
        String model = "phi3.Q5_K_M.gguf";
        Path file = changed(
                model, w -> w.u32("phi3.rope.scaling.original_context_length", 100), (writer, tensor) -> {
                    tensor.copyTo(writer);
                    if (tensor.info().name().equals("output_norm.weight")) {
                        writer.addTensor("rope_factors_short.weight", ElementType.F32, List.of(32L), TensorSource.of(ones));
                        writer.addTensor("rope_factors_long.weight", ElementType.F32, List.of(32L), TensorSource.of(threes));
                    }
                });
        int[] tokens = {300, 20, 100, 50, 411, 3, 99, 17, 260};
        float[] slow = logits(changed(
                model,
                w -> w.string("phi3.rope.scaling.type", "linear").f32("phi3.rope.scaling.factor", 3),
                ModelFileTest::copy));
        float[] plain = logits(Reference.path("tiny/" + model));
        try (Model loaded = Model.load(file)) {
            for (int length : new int[] {100, 101}) {
                try (Session session = loaded.openSession(
                        new SessionOptions(length, SkipPolicy.NONE))) {
                    session.prefill(tokens);
                    assertArrayEquals(length == 100 ? plain : slow, session.logits(), 1e-4f);
                }
            }
        }
    }

    @Test
    void progressGrowsToOne() {
        List<Double> shares = new ArrayList<>();
        Model.load(Reference.path("tiny/gemma3.F16.gguf"), LoadOptions.DEFAULT.withProgress(shares::add)).close();
        assertTrue(shares.size() > 10);
        for (int i = 1; i < shares.size(); i++) {
            assertTrue(shares.get(i) >= shares.get(i - 1) && shares.get(i) <= 1);
        }
        assertEquals(1.0, shares.getLast());
    }
}
