package dev.skim.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skim.llm.Model;
import dev.skim.llm.Session;
import dev.skim.llm.SessionOptions;
import dev.skim.llm.verify.Compare;
import dev.skim.llm.verify.Verification;
import dev.skim.llm.verify.Verification.Result;
import dev.skim.skip.SkipPolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The models compute what the reference computed. */
class ReferenceModelTest {
    private static final boolean LONG = Boolean.getBoolean("skim.long");
    /** Prompts and windows that the short suite leaves out where exact and rounded are compared. */
    private static final int LONGEST_PROMPT = 2000;
    private static final int ROUNDED_WINDOWS = 8;

    @TestFactory
    Stream<DynamicTest> everyArchitecture() {
        return Reference.tiny().stream().map(json -> DynamicTest.dynamicTest(json.getFileName().toString(), () -> {
            try (Model model = Model.load(Reference.tinyModel(json))) {
                List<Result> results = Verification.of(json).run(model, SessionOptions.DEFAULT, result -> {});
                Result result = results.getFirst();
                assertEquals(List.of(), result.faults());
                assertTrue(result.rows() > 0);
                assertEquals(result.greedyRecorded(), result.greedy(), "greedy tokens");
            }
        }));
    }

    @Test
    void theRealModel() {
        Path folder = Reference.path("smollm2");
        try (Model model = Model.load(Reference.model())) {
            Verification verification = Verification.of(folder);
            List<Result> results = verification.run(model, SessionOptions.DEFAULT, result -> {});
            for (Result result : results) {
                assertEquals(List.of(), result.faults(), result.name());
                assertTrue(result.rows() > 0, result.name());
            }
            assertEquals(List.of(), verification.faults(results));
            assertEquals(verification.names(), results.stream().map(Result::name).toList());
        }
    }

    /** Rounded activations are a fifth as far from f32 as llama.cpp, which rounds too, at most: over all prompts' positions. */
    @Test
    void rounded() throws IOException {
        JsonNode reference = new ObjectMapper().readTree(Reference.path("smollm2/cases.json").toFile());
        int positions = 0;
        int same = 0;
        double kl = 0;
        double theirSame = 0;
        double theirKl = 0;
        try (Model model = Model.load(Reference.model())) {
            for (JsonNode one : reference.get("cases")) {
                int[] tokens = new int[one.get("tokens").size()];
                if (!LONG && tokens.length > LONGEST_PROMPT) {
                    continue;
                }
                for (int i = 0; i < tokens.length; i++) {
                    tokens[i] = one.get("tokens").get(i).asInt();
                }
                try (Session exact = model.openSession(SessionOptions.DEFAULT);
                        Session rounded = model.openSession(SessionOptions.DEFAULT.withExact(false))) {
                    for (int begin = 0; begin < tokens.length; begin += 128) {
                        int[] piece = Arrays.copyOfRange(tokens, begin, Math.min(begin + 128, tokens.length));
                        float[][] p = exact.prefillAllLogits(piece);
                        float[][] q = rounded.prefillAllLogits(piece);
                        kl += IntStream.range(0, piece.length).parallel().mapToDouble(i -> Compare.kl(p[i], q[i])).sum();
                        same += (int) IntStream.range(0, piece.length)
                                .filter(i -> Compare.argmax(p[i]) == Compare.argmax(q[i]))
                                .count();
                    }
                }
                JsonNode theirs = one.get("cpp_quantised");
                theirKl += tokens.length * theirs.get("mean_kl").asDouble();
                theirSame += tokens.length * theirs.get("top1_agreement").asDouble();
                positions += tokens.length;
            }
        }
        assertTrue(kl <= theirKl / 5, "mean KL " + kl / positions);
        assertTrue(positions - same <= (positions - theirSame) / 2, same + " of " + positions + " agree");
        assertTrue(kl > 0, "it rounds");
    }

    /** Each running value within 0.05 % of the recorded one, by the method that is recorded with it; rounded, within 0.3 %. */
    @Test
    void perplexity() throws IOException {
        JsonNode recorded = new ObjectMapper().readTree(Reference.path("perplexity.json").toFile());
        Path data = Reference.data("wikitext-2-test.txt");
        try (Model model = Model.load(Reference.model())) {
            int[] tokens = model.tokenizer().encode(Files.readString(data), false, false);
            int windows = recorded.get("f32").size();
            double[] exact = perplexities(model, true, tokens, windows);
            for (int w = 0; w < windows; w++) {
                double expected = recorded.get("f32").get(w).asDouble();
                assertEquals(expected, exact[w], 5e-4 * expected, "window " + w);
            }
            int compared = LONG ? windows : ROUNDED_WINDOWS;
            double expected = exact[compared - 1];
            assertEquals(expected, perplexities(model, false, tokens, compared)[compared - 1], 3e-3 * expected, "rounded");
        }
    }

    private static double[] perplexities(Model model, boolean exact, int[] tokens, int windows) {
        int window = 512;
        double[] running = new double[windows];
        double sum = 0;
        int scored = 0;
        SessionOptions options = new SessionOptions(window, SkipPolicy.NONE).withExact(exact);
        try (Session session = model.openSession(options)) {
            for (int w = 0; w < windows; w++) {
                int begin = w * window;
                int half = begin + window / 2;
                session.truncate(0);
                session.prefill(Arrays.copyOfRange(tokens, begin, half));
                float[][] logits = session.prefillAllLogits(Arrays.copyOfRange(tokens, half, begin + window - 1));
                sum += Compare.surprise(logits, Arrays.copyOfRange(tokens, half + 1, begin + window));
                scored += logits.length;
                running[w] = Math.exp(sum / scored);
            }
        }
        return running;
    }
}
