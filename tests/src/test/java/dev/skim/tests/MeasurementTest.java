package dev.skim.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.skim.gguf.GgufFile;
import dev.skim.gguf.GgufWriter;
import dev.skim.gguf.TensorInfo;
import dev.skim.gguf.TensorSource;
import dev.skim.llm.LoadOptions;
import dev.skim.llm.Model;
import dev.skim.llm.Session;
import dev.skim.llm.SessionOptions;
import dev.skim.llm.SkimException;
import dev.skim.llm.eval.EvalSettings;
import dev.skim.llm.eval.Evaluation;
import dev.skim.llm.eval.Report;
import dev.skim.llm.eval.Result;
import dev.skim.llm.profile.CalibrationText;
import dev.skim.llm.profile.Calibrator;
import dev.skim.llm.verify.Verification;
import dev.skim.skip.Profile;
import dev.skim.skip.Run;
import dev.skim.skip.Share;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Calibration, evaluation and verification at their edges: texts, models and references that are not as they should be. */
class MeasurementTest {
    private static final LoadOptions ONE_THREAD = LoadOptions.DEFAULT.withThreads(1);
    private static final Calibrator.Progress SILENT = (stage, share) -> {};
    private static final Calibrator.Settings STAND_INS =
            new Calibrator.Settings(List.of(Share.parse("15%")), 0, false, List.of());

    @TempDir
    static Path folder;

    private static Model model;

    @BeforeAll
    static void load() throws IOException {
        model = Model.load(SmallLlama.write(folder.resolve("small.gguf")), ONE_THREAD);
    }

    @AfterAll
    static void close() {
        if (model != null) {
            model.close();
        }
    }

    /** The model with some tensors filled with one number. */
    private static Model changed(float value, String... names) throws IOException {
        Path file = folder.resolve(names[0] + ".gguf");
        try (GgufFile whole = GgufFile.open(folder.resolve("small.gguf")); Arena arena = Arena.ofConfined()) {
            GgufWriter writer = GgufWriter.create().copy(whole.metadata());
            for (TensorInfo tensor : whole.tensors()) {
                if (Arrays.asList(names).contains(tensor.name())) {
                    float[] values = new float[Math.toIntExact(tensor.shape().stream().reduce(1L, (a, b) -> a * b))];
                    Arrays.fill(values, value);
                    writer.addTensor(tensor.name(), tensor.shape(), values);
                } else {
                    writer.addTensor(tensor.name(), tensor.type(), tensor.shape(), TensorSource.of(whole.map(tensor, arena)));
                }
            }
            writer.write(file);
        }
        return Model.load(file, ONE_THREAD);
    }

    private static CalibrationText text(int windows, int length) {
        List<int[]> all = new ArrayList<>();
        for (int w = 0; w < windows; w++) {
            all.add(new Random(w).ints(length, 0, SmallLlama.VOCABULARY).toArray());
        }
        return new CalibrationText(all, "random tokens");
    }

    /** A layer that adds nothing is an affine map of the stream, and no other is: it alone is what a stand-in takes over. */
    @Test
    void theOneLinearLayerIsReplaced() throws IOException {
        try (Model linear = changed(0, "blk.3.attn_output.weight", "blk.3.ffn_down.weight")) {
            Profile profile = Calibrator.calibrate(linear, text(1, 192), STAND_INS, SILENT);
            assertEquals(
                    List.of(Run.ofLayers(3, 1)),
                    profile.standIns().getFirst().standIns().stream().map(standIn -> standIn.run()).toList());
        }
    }

    @Test
    void textsThatAreTooShortAreRefusedInWords() {
        assertThrows(SkimException.class, () -> new CalibrationText(List.of(), "nothing"));
        assertThrows(SkimException.class, () -> new CalibrationText(List.of(new int[0]), "nothing"));
        assertThrows(SkimException.class, () -> new CalibrationText(List.of(new int[9], new int[8]), "two lengths"));
        SkimException tooShort = assertThrows(
                SkimException.class, () -> Calibrator.calibrate(model, text(3, 191), STAND_INS, SILENT));
        assertTrue(tooShort.getMessage().contains("at least 192 tokens"), tooShort.getMessage());
        Calibrator.Settings importance = new Calibrator.Settings(List.of(), 0, false, List.of());
        assertEquals(20, Calibrator.calibrate(model, text(2, 10), importance, SILENT).importance().tokens());
    }

    @Test
    void onlyUtf8IsText() throws IOException {
        Path latin = Files.write(folder.resolve("latin.txt"), "caf\u00e9 ".repeat(50).getBytes(StandardCharsets.ISO_8859_1));
        SkimException no = assertThrows(SkimException.class, () -> CalibrationText.ofFile(model, latin, 16, 2));
        assertTrue(no.getMessage().contains("is not UTF-8"), no.getMessage());
    }

    /** Pieces of a large file begin and end within characters, three bytes each. */
    @Test
    void piecesOfALargeFileAreWholeCharacters() throws IOException {
        byte[] euros = "\u20ac".repeat(6_000_001).getBytes(StandardCharsets.UTF_8);
        Path large = Files.write(folder.resolve("large.txt"), euros);
        CalibrationText text = CalibrationText.ofFile(model, large, 16, 5);
        Files.delete(large);
        assertEquals(5, text.windows().size());
        int[] first = model.tokenizer().encode("\u20ac".repeat(6), false, false);
        for (int[] window : text.windows()) {
            assertEquals(Arrays.toString(Arrays.copyOf(first, 16)), Arrays.toString(window));
        }
    }

    /** A model whose logits are no numbers was measured all the same, and is as bad as can be. */
    @Test
    void logitsThatAreNoNumbersAreInfinitelyBad() throws IOException {
        EvalSettings settings = new EvalSettings(1, 1, 0, 8, 2, 0, 1);
        try (Model broken = changed(Float.NaN, "output_norm.weight")) {
            List<Result> results = new Evaluation(broken, new int[16], settings, SessionOptions.DEFAULT, List.of()).run(share -> {});
            assertEquals(Double.POSITIVE_INFINITY, results.getFirst().scores().perplexity());
            assertTrue(Report.csv(results).contains(",Infinity,"), Report.csv(results));
            assertTrue(Report.table(results, settings, 2).contains(" Infinity "));
        }
        EvalSettings endless = new EvalSettings(Integer.MAX_VALUE, 1, 1, 8, 0, 0, 1);
        assertThrows(SkimException.class, () -> new Evaluation(model, new int[16], endless, SessionOptions.DEFAULT, List.of()));
    }

    private static Path reference(String name, String json, float[]... rows) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(rows.length * SmallLlama.VOCABULARY * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (float[] row : rows) {
            bytes.asFloatBuffer().put(row);
            bytes.position(bytes.position() + row.length * Float.BYTES);
        }
        Files.write(folder.resolve(name + ".f32"), bytes.array());
        return Files.writeString(folder.resolve(name + ".json"), json);
    }

    /** A row that is no number falls short, though good rows follow it. */
    @Test
    void aRowThatIsNoNumberIsNotForgotten() throws IOException {
        float[][] rows;
        int greedy;
        try (Session session = model.openSession()) {
            rows = session.prefillAllLogits(new int[] {1, 2, 3});
            greedy = 0;
            for (int i = 1; i < rows[2].length; i++) {
                greedy = rows[2][i] > rows[2][greedy] ? i : greedy;
            }
        }
        String json = "{\"vocab\": 258, \"tokens\": [1, 2, 3], \"greedy\": [" + greedy + "], \"logits\": \"NAME.f32\"}";
        SessionOptions exact = SessionOptions.DEFAULT.withExact(true);
        Verification good = Verification.of(reference("good", json.replace("NAME", "good"), rows));
        List<Verification.Result> results = good.run(model, exact, result -> {});
        assertEquals(List.of(), results.getFirst().faults());
        assertEquals(List.of(), good.faults(results));

        rows[0][7] = Float.NaN;
        Verification bad = Verification.of(reference("bad", json.replace("NAME", "bad"), rows))
                .within(Verification.Limits.EXACT);
        results = bad.run(model, exact, result -> {});
        assertEquals(Double.NEGATIVE_INFINITY, results.getFirst().cosine());
        assertEquals(Double.POSITIVE_INFINITY, results.getFirst().kl());
        assertFalse(results.getFirst().faults().isEmpty());
        assertFalse(bad.faults(results).isEmpty());
    }

    @Test
    void malformedReferencesAreExplained() throws IOException {
        for (String parts : List.of(
                "\"tokens\": [], \"greedy\": [1]", "\"tokens\": [1], \"greedy\": []", "\"tokens\": [258], \"greedy\": [1]",
                "\"tokens\": [1], \"greedy\": [-1]", "\"tokens\": 1, \"greedy\": [1]")) {
            Path file = reference("malformed", "{\"vocab\": 258, " + parts + ", \"logits\": \"malformed.f32\"}");
            SkimException fault = assertThrows(SkimException.class, () -> Verification.of(file), parts);
            assertTrue(fault.getMessage().startsWith("The reference's case malformed cannot be used: "), fault.getMessage());
        }
        Path cases = Files.createDirectory(folder.resolve("cases"));
        for (String parts : List.of(
                "\"greedy_margins\": [1], \"argmax\": [], \"next_token_logprob\": []",
                "\"greedy_margins\": [], \"argmax\": [1, 2, 3], \"next_token_logprob\": []",
                "\"greedy_margins\": [], \"argmax\": [], \"next_token_logprob\": [-1, -2]")) {
            Files.writeString(cases.resolve("cases.json"), "{\"vocab\": 258, \"cases\": [{\"name\": \"one\", \"tokens\": [1, 2], "
                    + "\"greedy\": [3, 4], \"logits_positions\": [], " + parts + "}]}");
            assertThrows(SkimException.class, () -> Verification.of(cases), parts);
        }
    }
}
