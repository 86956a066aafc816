package dev.skim.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skim.llm.Model;
import dev.skim.llm.Session;
import dev.skim.llm.SessionOptions;
import dev.skim.llm.verify.Verification;
import dev.skim.llm.verify.Verification.Result;
import dev.skim.nn.KvType;
import dev.skim.skip.SkipPolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The models compute what the reference computed. */
class ReferenceModelTest {
    @TestFactory
    Stream<DynamicTest> everyArchitecture() {
        return Reference.tiny().stream().map(json -> DynamicTest.dynamicTest(json.getFileName().toString(), () -> {
            try (Model model = Model.load(Reference.tinyModel(json))) {
                List<Result> results = Verification.of(json).run(model, KvType.F32, result -> {});
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
            List<Result> results = verification.run(model, KvType.F32, result -> {});
            for (Result result : results) {
                assertEquals(List.of(), result.faults(), result.name());
                assertTrue(result.rows() > 0, result.name());
            }
            assertEquals(List.of(), verification.faults(results));
            assertEquals(verification.names(), results.stream().map(Result::name).toList());
        }
    }

    /** Each running value within 0.05 % of the recorded one, by the method that is recorded with it. */
    @Test
    void perplexity() throws IOException {
        JsonNode recorded = new ObjectMapper().readTree(Reference.path("perplexity.json").toFile());
        Path data = Reference.data("wikitext-2-test.txt");
        int window = 512;
        try (Model model = Model.load(Reference.model());
                Session session = model.openSession(new SessionOptions(window, SkipPolicy.NONE))) {
            int[] tokens = model.tokenizer().encode(Files.readString(data), false, false);
            double sum = 0;
            int scored = 0;
            for (int w = 0; w < recorded.get("f32").size(); w++) {
                int begin = w * window;
                int half = begin + window / 2;
                session.truncate(0);
                session.prefill(Arrays.copyOfRange(tokens, begin, half));
                float[][] logits = session.prefillAllLogits(Arrays.copyOfRange(tokens, half, begin + window - 1));
                for (int i = 0; i < logits.length; i++) {
                    sum += surprise(logits[i], tokens[half + i + 1]);
                }
                scored += logits.length;
                double expected = recorded.get("f32").get(w).asDouble();
                assertEquals(expected, Math.exp(sum / scored), 5e-4 * expected, "window " + w);
            }
        }
    }

    private static double surprise(float[] logits, int token) {
        double max = Double.NEGATIVE_INFINITY;
        for (float logit : logits) {
            max = Math.max(max, logit);
        }
        double sum = 0;
        for (float logit : logits) {
            sum += Math.exp(logit - max);
        }
        return max + Math.log(sum) - logits[token];
    }
}
