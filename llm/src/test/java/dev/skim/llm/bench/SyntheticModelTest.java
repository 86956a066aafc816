package dev.skim.llm.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.skim.gguf.GgufFile;
import dev.skim.gguf.TensorInfo;
import dev.skim.llm.SkimException;
import dev.skim.llm.bench.SyntheticModel.Mix;
import dev.skim.llm.bench.SyntheticModel.Shape;
import dev.skim.tensor.Blocks;
import dev.skim.tensor.ElementType;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SyntheticModelTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = {"F32", "BF16", "IQ1_M", "TQ1_0", "TQ2_0", "MXFP4"})
    void randomWeightsHaveTheDeviationThatIsAskedFor(ElementType type) {
        int count = 1 << 16;
        MemorySegment blocks = MemorySegment.ofArray(new byte[Math.toIntExact(type.bytes(count))]);
        RandomBlocks.fill(type, blocks, 0.03, new SplittableRandom(7));
        float[] weights = new float[count];
        Blocks.expand(type, blocks, 0, weights, 0, count);
        double sum = 0;
        double squares = 0;
        for (float weight : weights) {
            assertTrue(Float.isFinite(weight));
            sum += weight;
            squares += weight * weight;
        }
        double mean = sum / count;
        double deviation = Math.sqrt(squares / count - mean * mean);
        // f16's exponent leaves a factor of up to sqrt(2); of the others only the scale is rounded.
        assertEquals(0.03, deviation, type == ElementType.F16 ? 0.0125 : 0.0015);
        assertEquals(0, mean, 0.0045, "the legacy types with an offset have their mean half a step off 0");
    }

    @ParameterizedTest
    @EnumSource
    void shapesHaveTheSizeThatTheirNameSays(Shape shape) {
        double parameters = new SyntheticModel(shape, Mix.of("F16")).tensors().stream()
                .mapToDouble(tensor -> (double) tensor.rows() * tensor.columns())
                .sum();
        double expected = switch (shape) {
            case S135M -> 134.5e6;
            case S360M -> 361.8e6;
            case S1B -> 1.2358e9;
            case S1B_32K -> 1.0387e9;
            case S3B -> 3.2128e9;
            case S7B -> 6.7384e9;
        };
        assertEquals(expected, parameters, expected / 1000);
    }

    @Test
    void writesWhatCanBeReadAgain() throws IOException {
        SyntheticModel model = new SyntheticModel(Shape.of("135M"), Mix.of("q4_k_m"));
        Path file = folder.resolve("model.gguf");
        model.write(file, share -> {});
        try (GgufFile gguf = GgufFile.open(file);
                Arena arena = Arena.ofConfined()) {
            assertEquals("llama", gguf.metadata().string("general.architecture").orElseThrow());
            List<String> tokens = gguf.metadata().strings("tokenizer.ggml.tokens").orElseThrow();
            assertEquals(49_152, tokens.size());
            assertEquals(49_152, new HashSet<>(tokens).size(), "tokens are told apart by their text");
            assertEquals(272, gguf.tensors().size());
            assertEquals(model.bytes(), gguf.tensors().stream().mapToLong(TensorInfo::bytes).sum());
            // Rows of 576 are not whole blocks of 256, those of the down projection are.
            assertEquals(ElementType.Q8_0, gguf.tensor("token_embd.weight").orElseThrow().type());
            assertEquals(ElementType.Q5_0, gguf.tensor("blk.0.attn_q.weight").orElseThrow().type());
            assertEquals(ElementType.Q6_K, gguf.tensor("blk.0.ffn_down.weight").orElseThrow().type());
            assertEquals(ElementType.Q4_K, gguf.tensor("blk.4.ffn_down.weight").orElseThrow().type());
            TensorInfo up = gguf.tensor("blk.3.ffn_up.weight").orElseThrow();
            TensorInfo gate = gguf.tensor("blk.3.ffn_gate.weight").orElseThrow();
            assertTrue(gguf.map(up, arena).mismatch(gguf.map(gate, arena)) >= 0, "no two matrices are the same");
        }
        Path first = Files.move(file, folder.resolve("first.gguf"));
        model.write(file, share -> {});
        assertEquals(-1, Files.mismatch(first, file), "the same bytes each time");
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(2, files.count());
        }
    }

    @Test
    void namesWhatThereIs() {
        String shape = assertThrows(SkimException.class, () -> Shape.of("2b")).getMessage();
        assertTrue(shape.contains("2b") && shape.contains("1b-32k"), shape);
        String type = assertThrows(SkimException.class, () -> Mix.of("Q9")).getMessage();
        assertTrue(type.contains("Q9") && type.contains("Q4_K_M"), type);
    }
}
