package dev.skim.tests;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.skim.llm.LoadOptions;
import dev.skim.llm.Model;
import dev.skim.llm.Reply;
import dev.skim.llm.Sampling;
import dev.skim.llm.Session;
import dev.skim.llm.SessionOptions;
import dev.skim.llm.TokenListener;
import dev.skim.nn.KvType;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The same tokens give the same bits, whatever they travel with. */
class InvarianceTest {
    private static int[] tokens(Model model, int count) {
        return new Random(1).ints(count, 3, model.tokenizer().vocabularySize()).toArray();
    }

    /** All logits, read in chunks; a chunk of 0 decodes one by one. */
    private static float[][] logits(Model model, int[] tokens, int chunk) {
        return logits(model, tokens, chunk, SessionOptions.DEFAULT);
    }

    private static float[][] logits(Model model, int[] tokens, int chunk, KvType kvType) {
        return logits(model, tokens, chunk, SessionOptions.DEFAULT.withKvType(kvType));
    }

    private static float[][] logits(Model model, int[] tokens, int chunk, SessionOptions options) {
        float[][] rows = new float[tokens.length][];
        try (Session session = model.openSession(options)) {
            for (int begin = 0; begin < tokens.length; begin += Math.max(1, chunk)) {
                if (chunk == 0) {
                    session.decode(tokens[begin]);
                    rows[begin] = session.logits().clone();
                } else {
                    int end = Math.min(tokens.length, begin + chunk);
                    float[][] some = session.prefillAllLogits(Arrays.copyOfRange(tokens, begin, end));
                    assertArrayEquals(some[some.length - 1], session.logits());
                    System.arraycopy(some, 0, rows, begin, some.length);
                }
            }
        }
        return rows;
    }

    private static void sameInAnyChunks(Path file, int count) {
        try (Model model = Model.load(file, LoadOptions.DEFAULT.withThreads(2))) {
            int[] tokens = tokens(model, count);
            float[][] whole = logits(model, tokens, count);
            for (int chunk : new int[] {0, 1, 7, 64}) {
                assertSame(whole, logits(model, tokens, chunk), "chunks of " + chunk);
            }
        }
    }

    private static void assertSame(float[][] expected, float[][] actual, String what) {
        for (int p = 0; p < expected.length; p++) {
            assertArrayEquals(expected[p], actual[p], what + ", position " + p);
        }
    }

    @TestFactory
    Stream<DynamicTest> chunksOfSmallModels() {
        return Reference.tiny().stream().map(json -> DynamicTest.dynamicTest(
                json.getFileName().toString(), () -> sameInAnyChunks(Reference.tinyModel(json), 150)));
    }

    /** A prompt of which the last token's logits are asked, and no others, leaves out what those do not need. */
    @TestFactory
    Stream<DynamicTest> promptsForTheirLastLogits() {
        return Reference.tiny().stream().map(json -> DynamicTest.dynamicTest(json.getFileName().toString(), () -> {
            try (Model model = Model.load(Reference.tinyModel(json), LoadOptions.DEFAULT.withThreads(2))) {
                int[] tokens = tokens(model, 600);
                float[][] whole = logits(model, tokens, tokens.length);
                for (int chunk : new int[] {1, 7, 64, tokens.length}) {
                    try (Session session = model.openSession()) {
                        for (int begin = 0; begin < Math.min(30 * chunk, tokens.length); begin += chunk) {
                            int end = Math.min(tokens.length, begin + chunk);
                            session.prefill(Arrays.copyOfRange(tokens, begin, end));
                            assertArrayEquals(whole[end - 1], session.logits(), "chunks of " + chunk + ", to token " + end);
                        }
                    }
                }
            }
        }));
    }

    @Test
    void chunksOfTheRealModel() {
        sameInAnyChunks(Reference.model(), 70);
    }

    /** However keys and values are held, which changes the logits a little. */
    @TestFactory
    Stream<DynamicTest> chunksOfEveryKvType() {
        return Stream.of("tiny/llama.Q4_K_M.gguf", "tiny/gemma2.Q8_0.gguf", "tiny/qwen2.Q4_0.gguf")
                .flatMap(file -> Stream.of(KvType.F16, KvType.Q8_0)
                        .map(type -> DynamicTest.dynamicTest(file + " " + type, () -> {
                            try (Model model = Model.load(Reference.path(file), LoadOptions.DEFAULT.withThreads(2))) {
                                int[] tokens = tokens(model, 150);
                                float[][] whole = logits(model, tokens, 150, type);
                                for (int chunk : new int[] {0, 7, 64}) {
                                    assertSame(whole, logits(model, tokens, chunk, type), "chunks of " + chunk);
                                }
                                float[] exact = logits(model, tokens, 150)[149];
                                assertFalse(Arrays.equals(exact, whole[149]), "keys and values were rounded");
                                double dot = 0;
                                double a = 0;
                                double b = 0;
                                for (int i = 0; i < exact.length; i++) {
                                    dot += (double) exact[i] * whole[149][i];
                                    a += (double) exact[i] * exact[i];
                                    b += (double) whole[149][i] * whole[149][i];
                                }
                                double cosine = dot / Math.sqrt(a * b);
                                // The random Gemma 2 makes a rounding in the last place 1e-4 of its logits.
                                double least = file.contains("gemma2") ? 0.5 : type == KvType.F16 ? 0.99999 : 0.999;
                                assertTrue(cosine > least, "cosine " + cosine);
                            }
                        })));
    }

    /** With activations rounded. */
    @TestFactory
    Stream<DynamicTest> chunksRounded() {
        SessionOptions options = SessionOptions.DEFAULT.withExact(false);
        return Stream.of("tiny/llama.Q4_K_M.gguf", "tiny/qwen2.Q4_0.gguf", "tiny/llama-odd.Q8_0.gguf")
                .map(file -> DynamicTest.dynamicTest(file, () -> {
                    Path path = Reference.path(file);
                    try (Model one = Model.load(path, LoadOptions.DEFAULT.withThreads(1));
                            Model two = Model.load(path, LoadOptions.DEFAULT.withThreads(2))) {
                        int[] tokens = tokens(two, 150);
                        float[][] whole = logits(two, tokens, 150, options);
                        for (int chunk : new int[] {0, 7, 64}) {
                            assertSame(whole, logits(two, tokens, chunk, options), "chunks of " + chunk);
                        }
                        assertSame(whole, logits(one, tokens, 33, options), "one thread");
                        assertFalse(Arrays.equals(logits(two, tokens, 150)[149], whole[149]), "activations were rounded");
                    }
                }));
    }

    /** While a model was read, its first layer ran: nothing is left of that, and nothing went wrong in it. */
    @TestFactory
    Stream<DynamicTest> rehearsals() {
        SessionOptions options = SessionOptions.DEFAULT.withExact(false).withKvType(KvType.Q8_0);
        return Reference.tiny().stream().map(json -> DynamicTest.dynamicTest(json.getFileName().toString(), () -> {
            Path file = Reference.tinyModel(json);
            List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
            Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
            Thread.setDefaultUncaughtExceptionHandler((thread, failure) -> failures.add(failure));
            try (Model plain = Model.load(file);
                    Model rehearsed = Model.load(file, LoadOptions.DEFAULT.withRehearsal(options))) {
                int[] tokens = tokens(plain, 40);
                assertSame(logits(plain, tokens, 40, options), logits(rehearsed, tokens, 40, options), "rehearsed");
                for (Thread thread : Thread.getAllStackTraces().keySet()) {
                    if (thread.getName().equals("skim-rehearsal")) {
                        assertTrue(thread.join(Duration.ofSeconds(20)), "it ends");
                    }
                }
            } finally {
                Thread.setDefaultUncaughtExceptionHandler(before);
            }
            assertEquals(List.of(), failures);
        }));
    }

    /** More than one internal batch. */
    @Test
    void aLongPrompt() {
        try (Model model = Model.load(Reference.path("tiny/llama.Q4_K_M.gguf"))) {
            int[] tokens = tokens(model, 1100);
            assertSame(logits(model, tokens, 1100), logits(model, tokens, 501), "chunks of 501");
        }
    }

    @TestFactory
    Stream<DynamicTest> threads() {
        return Stream.of(Reference.path("tiny/gemma2.Q8_0.gguf"), Reference.path("tiny/llama.Q4_K_M.gguf"), Reference.model())
                .map(file -> DynamicTest.dynamicTest(file.getFileName().toString(), () -> {
                    try (Model one = Model.load(file, LoadOptions.DEFAULT.withThreads(1));
                            Model two = Model.load(file, LoadOptions.DEFAULT.withThreads(2));
                            Model three = Model.load(file, LoadOptions.DEFAULT.withThreads(3))) {
                        int[] tokens = tokens(one, 40);
                        float[][] expected = logits(one, tokens, 40);
                        assertSame(expected, logits(two, tokens, 40), "two threads");
                        assertSame(expected, logits(three, tokens, 11), "three threads");
                        assertSame(expected, logits(two, tokens, 0), "two threads, one by one");
                    }
                }));
    }

    @Test
    void manySessionsAtOnce() throws Exception {
        try (Model model = Model.load(Reference.path("tiny/qwen2.Q4_0.gguf"), LoadOptions.DEFAULT.withThreads(2));
                ExecutorService pool = Executors.newFixedThreadPool(4)) {
            int[] tokens = tokens(model, 80);
            float[][] expected = logits(model, tokens, 80);
            List<Callable<float[][]>> tasks = Stream.of(80, 0, 7, 1, 33, 0).<Callable<float[][]>>map(
                            chunk -> () -> logits(model, tokens, chunk))
                    .toList();
            for (Future<float[][]> future : pool.invokeAll(tasks)) {
                assertSame(expected, future.get(), "sessions side by side");
            }
        }
    }

    @Test
    void aSecondRunGivesTheSameTokens() {
        Sampling sampling = new Sampling(0.9f, 40, 0.95f, 0.02f, 1.1f, 64, 42);
        try (Model model = Model.load(Reference.path("tiny/phi3.Q5_K_M.gguf"))) {
            int[] prompt = tokens(model, 20);
            Reply first;
            try (Session session = model.openSession()) {
                first = session.generate(prompt, 40, sampling, TokenListener.NONE);
                // Once more with the prompt in the cache.
                assertArrayEquals(
                        first.tokens(), session.generate(prompt, 40, sampling, TokenListener.NONE).tokens());
            }
            try (Session session = model.openSession()) {
                Reply second = session.generate(prompt, 40, sampling, TokenListener.NONE);
                assertArrayEquals(first.tokens(), second.tokens());
                assertEquals(first.text(), second.text());
            }
            assertTrue(first.tokens().length > 0);
        }
    }
}
