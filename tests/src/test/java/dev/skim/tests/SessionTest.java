package dev.skim.tests;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.skim.gguf.GgufFile;
import dev.skim.gguf.GgufWriter;
import dev.skim.gguf.TensorInfo;
import dev.skim.gguf.TensorSource;
import dev.skim.llm.Chat;
import dev.skim.llm.Drafting;
import dev.skim.llm.Model;
import dev.skim.llm.Reply;
import dev.skim.llm.Sampling;
import dev.skim.llm.Session;
import dev.skim.llm.SessionOptions;
import dev.skim.llm.SkimException;
import dev.skim.llm.StopReason;
import dev.skim.llm.TokenListener;
import dev.skim.llm.Tokenizer;
import dev.skim.skip.Decision;
import dev.skim.skip.Phase;
import dev.skim.skip.SkipPlan;
import dev.skim.skip.SkipPolicy;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a session promises, on a small model. */
class SessionTest {
    private Model model;
    private int[] prompt;

    @BeforeEach
    void load() {
        model = Model.load(Reference.path("tiny/llama.Q4_K_M.gguf"));
        prompt = new Random(4).ints(30, 3, model.tokenizer().vocabularySize()).toArray();
    }

    @AfterEach
    void close() {
        if (model != null) {
            model.close();
        }
    }

    private Session session(int contextLength) {
        return model.openSession(new SessionOptions(contextLength, SkipPolicy.NONE));
    }

    private static int[] concat(int[] first, int... second) {
        int[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }

    @Test
    void generatesAndCounts() {
        StringBuilder heard = new StringBuilder();
        try (Session session = session(100)) {
            Reply reply = session.generate(prompt, 12, Sampling.GREEDY, text -> {
                heard.append(text);
                return true;
            });
            assertEquals(StopReason.LENGTH, reply.stop());
            assertEquals(12, reply.tokens().length);
            assertEquals(reply.text(), heard.toString());
            assertEquals(30, reply.usage().promptTokens());
            assertEquals(12, reply.usage().generatedTokens());
            assertEquals(100, reply.usage().contextLength());
            assertEquals(41, reply.usage().contextUsed());
            assertEquals(41, session.position());
            assertArrayEquals(concat(prompt, Arrays.copyOf(reply.tokens(), 11)), session.tokens());
            assertTrue(reply.usage().promptSeconds() > 0);
            assertTrue(reply.usage().firstTokenSeconds() >= reply.usage().promptSeconds());
            assertTrue(reply.usage().generationSeconds() > 0);
        }
    }

    /** Prompt and text are one text: the space of a first word is there, as llama.cpp and HF have it. */
    @Test
    void goesOnWhereThePromptEnds() {
        int[] text = model.tokenizer().encode("The capital of France is", true, true);
        int spaces = 0;
        try (Session session = session(100)) {
            for (int seed = 0; seed < 20; seed++) {
                Reply reply = session.generate(text, 4, new Sampling(1, 0, 1, 0, 1, 64, seed), TokenListener.NONE);
                assertEquals(
                        model.tokenizer().decode(concat(text, reply.tokens())), "The capital of France is" + reply.text());
                spaces += reply.text().startsWith(" ") ? 1 : 0;
            }
        }
        assertTrue(spaces > 0, "no text began with a space: nothing was tested");
    }

    /** An answer that goes on after the oldest turn was dropped is one stream: no word of it loses its space. */
    @Test
    void aChatsAnswerHasNoSeam(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("chat.gguf");
        try (GgufFile plain = GgufFile.open(Reference.path("tiny/llama.Q4_K_M.gguf")); Arena arena = Arena.ofConfined()) {
            GgufWriter writer = GgufWriter.create()
                    .copy(plain.metadata())
                    .string("tokenizer.chat_template", "{% for m in messages %}{{ m.content }}{% endfor %}");
            for (TensorInfo info : plain.tensors()) {
                writer.addTensor(info.name(), info.type(), info.shape(), TensorSource.of(plain.map(info, arena)));
            }
            writer.write(file);
        }
        try (Model chatty = Model.load(file);
                Session session = chatty.openSession(new SessionOptions(48, SkipPolicy.NONE))) {
            int seams = 0;
            for (int seed = 0; seed < 8; seed++) {
                Chat chat = new Chat(session, "");
                Sampling sampling = new Sampling(1, 0, 1, 0, 1, 64, seed);
                chat.reply("a question", 12, sampling, TokenListener.NONE);
                StringBuilder heard = new StringBuilder();
                Reply reply = chat.reply("another", 44, sampling, text -> heard.append(text) != null);
                Tokenizer.StreamDecoder stream = chatty.tokenizer().stream();
                StringBuilder whole = new StringBuilder();
                for (int token : reply.tokens()) {
                    whole.append(stream.push(token));
                }
                assertEquals(whole.append(stream.flush()).toString(), reply.text());
                assertEquals(reply.text(), heard.toString());
                seams += chat.droppedTurns();
            }
            assertTrue(seams > 3, "only " + seams + " answers went on");
        }
    }

    @Test
    void computesOnlyWhatIsNew() {
        try (Session session = session(200)) {
            Reply first = session.generate(prompt, 10, Sampling.GREEDY, TokenListener.NONE);
            int[] next = concat(concat(prompt, first.tokens()), 7, 8, 9);
            Reply second = session.generate(next, 10, Sampling.GREEDY, TokenListener.NONE);
            // The last generated token was not run, and three are new.
            assertEquals(4, second.usage().promptTokens());
            // All of a prompt that is known but its last token.
            assertEquals(1, session.generate(next, 10, Sampling.GREEDY, TokenListener.NONE).usage().promptTokens());
            int[] other = next.clone();
            other[17] ^= 1;
            assertEquals(next.length - 17, session.generate(other, 3, Sampling.GREEDY, TokenListener.NONE)
                    .usage()
                    .promptTokens());
            try (Session fresh = session(200)) {
                assertArrayEquals(
                        second.tokens(), fresh.generate(next, 10, Sampling.GREEDY, TokenListener.NONE).tokens());
            }
        }
    }

    @Test
    void saysWhenTheContextIsFull() {
        try (Session session = session(34)) {
            Reply reply = session.generate(prompt, 0, Sampling.GREEDY, TokenListener.NONE);
            assertEquals(StopReason.CONTEXT_FULL, reply.stop());
            assertEquals(5, reply.tokens().length);
            assertEquals(34, session.position());
            assertThrows(SkimException.class, () -> session.decode(5));
            assertThrows(SkimException.class, () -> session.prefill(new int[1]));
            assertEquals(34, session.position());
        }
        try (Session session = session(30)) {
            Reply reply = session.generate(prompt, 9, Sampling.GREEDY, TokenListener.NONE);
            assertEquals(StopReason.CONTEXT_FULL, reply.stop());
            assertEquals(1, reply.tokens().length);
        }
    }

    @Test
    void refusesWhatDoesNotFitAndStaysAsItWas() {
        try (Session session = session(29)) {
            session.prefill(new int[] {5, 6, 7});
            float[] logits = session.logits().clone();
            var tooLong = assertThrows(
                    SkimException.class, () -> session.generate(prompt, 1, Sampling.GREEDY, TokenListener.NONE));
            assertTrue(tooLong.getMessage().contains("30") && tooLong.getMessage().contains("29"), tooLong.getMessage());
            assertThrows(
                    SkimException.class, () -> session.generate(new int[0], 1, Sampling.GREEDY, TokenListener.NONE));
            assertThrows(SkimException.class, () -> session.prefill(new int[27]));
            assertThrows(IllegalArgumentException.class, () -> session.prefill(new int[] {5, 512}));
            assertThrows(IllegalArgumentException.class, () -> session.decode(-1));
            assertArrayEquals(new int[] {5, 6, 7}, session.tokens());
            assertArrayEquals(logits, session.logits());
        }
    }

    @Test
    void theListenerEndsAGeneration() {
        try (Session session = session(100)) {
            Reply whole = session.generate(prompt, 10, Sampling.GREEDY, TokenListener.NONE);
            int[] heard = new int[1];
            Reply reply = session.generate(prompt, 10, Sampling.GREEDY, text -> ++heard[0] < 3);
            assertEquals(StopReason.CANCELLED, reply.stop());
            assertEquals(3, heard[0]);
            assertTrue(reply.tokens().length < 10);
            assertArrayEquals(Arrays.copyOf(whole.tokens(), reply.tokens().length), reply.tokens());
        }
    }

    @Test
    void cancelEndsAGeneration() {
        try (Session session = session(1000)) {
            Reply reply = session.generate(prompt, 0, Sampling.GREEDY, text -> {
                session.cancel();
                return true;
            });
            assertEquals(StopReason.CANCELLED, reply.stop());
            assertTrue(reply.tokens().length < 5, "it went on for " + reply.tokens().length);
            // It is not cancelled for good.
            assertEquals(
                    StopReason.LENGTH,
                    session.generate(prompt, 5, Sampling.GREEDY, TokenListener.NONE).stop());
        }
    }

    /** The cancel comes in the middle of a pass, when some layers have keys of it already. */
    @Test
    void aCancelledPromptLeavesTheSessionAsItWas() {
        Session[] running = new Session[1];
        boolean[] cancels = new boolean[1];
        SkipPlan plan = (sublayer, phase, count) -> {
            if (cancels[0] && sublayer == 1) {
                running[0].cancel();
            }
            return Decision.RUN;
        };
        try (Session session = model.openSession(new SessionOptions(0, shape -> plan))) {
            running[0] = session;
            session.prefill(prompt);
            float[] logits = session.logits().clone();
            cancels[0] = true;
            assertThrows(CancellationException.class, () -> session.prefill(new int[] {5, 6, 7}));
            assertArrayEquals(prompt, session.tokens());
            assertArrayEquals(logits, session.logits());
            Reply reply = session.generate(concat(prompt, 5, 6), 5, Sampling.GREEDY, TokenListener.NONE);
            assertEquals(StopReason.CANCELLED, reply.stop());
            assertEquals(0, reply.tokens().length);
            assertEquals(0, reply.usage().promptTokens());
            cancels[0] = false;
            session.prefill(new int[] {5, 6, 7});
            try (Session fresh = session(0)) {
                fresh.prefill(concat(prompt, 5, 6, 7));
                assertArrayEquals(fresh.logits(), session.logits());
            }
        }
    }

    /** Tokens that are read again because of a hole are not lost to a cancel. */
    @Test
    void aCancelledHealingLeavesTheSessionAsItWas() {
        Session[] running = new Session[1];
        boolean[] cancels = new boolean[1];
        SkipPlan plan = (sublayer, phase, count) -> {
            if (cancels[0]) {
                running[0].cancel();
            }
            return phase == Phase.DECODE && sublayer == 1 ? new Decision.LeaveOut(1) : Decision.RUN;
        };
        try (Session session = model.openSession(new SessionOptions(0, shape -> plan))) {
            running[0] = session;
            session.prefill(Arrays.copyOf(prompt, 10));
            session.decode(prompt[10]);
            session.decode(prompt[11]);
            cancels[0] = true;
            int[] rest = Arrays.copyOfRange(prompt, 12, 30);
            assertThrows(CancellationException.class, () -> session.prefill(rest));
            cancels[0] = false;
            assertArrayEquals(Arrays.copyOf(prompt, 12), session.tokens());
            session.prefill(rest);
            assertArrayEquals(prompt, session.tokens());
            try (Session fresh = session(0)) {
                fresh.prefill(prompt);
                assertArrayEquals(fresh.logits(), session.logits());
            }
        }
    }

    /** Leaves an attention out of answers, so that prompts go back to them, and has memory for some positions only. */
    private static final class TightPlan implements SkipPlan {
        /** Prompts that are read at a position below it run out of memory. */
        private int fullBelow;

        private final boolean knowsItsGap;
        private int gap = Integer.MAX_VALUE;
        private int position;

        TightPlan(boolean knowsItsGap) {
            this.knowsItsGap = knowsItsGap;
        }

        @Override
        public void begin(Phase phase, int position, int tokens) {
            this.position = position;
            if (position <= gap) {
                gap = phase == Phase.DECODE ? position : Integer.MAX_VALUE;
            }
        }

        @Override
        public Decision decide(int sublayer, Phase phase, int tokens) {
            if (phase == Phase.PREFILL && sublayer == 2 && position < fullBelow) {
                throw new OutOfMemoryError("Java heap space");
            }
            return phase == Phase.DECODE && sublayer == 1 ? new Decision.LeaveOut(1) : Decision.RUN;
        }

        @Override
        public int gapsFrom() {
            return knowsItsGap ? gap : Integer.MAX_VALUE;
        }
    }

    /** What could not be read again is read by whatever comes next, as far as it is still there. */
    @ParameterizedTest
    @CsvSource({"true, 20", "false, 20", "true, 15", "false, 15", "true, 10", "true, 5"})
    void memoryThatRunsOutInHealingLeavesTheSessionAsItWas(boolean knowsItsGap, int cut) {
        TightPlan plan = new TightPlan(knowsItsGap);
        try (Session session = model.openSession(new SessionOptions(0, shape -> plan));
                Session fresh = model.openSession(new SessionOptions(0, shape -> new TightPlan(knowsItsGap)))) {
            session.prefill(Arrays.copyOf(prompt, 10));
            for (int t = 10; t < 20; t++) {
                session.decode(prompt[t]);
            }
            float[] logits = session.logits().clone();
            plan.fullBelow = 20;
            int[] rest = Arrays.copyOfRange(prompt, 20, 30);
            for (int attempt = 0; attempt < 2; attempt++) {
                assertThrows(SkimException.class, () -> session.prefill(rest));
                assertThrows(SkimException.class, () -> session.decode(prompt[20]));
                assertArrayEquals(Arrays.copyOf(prompt, 20), session.tokens());
                assertArrayEquals(logits, session.logits());
            }
            plan.fullBelow = 0;
            session.truncate(cut);
            session.decode(prompt[cut]);
            fresh.prefill(Arrays.copyOf(prompt, cut));
            fresh.decode(prompt[cut]);
            assertArrayEquals(fresh.logits(), session.logits());
            session.prefill(Arrays.copyOfRange(prompt, cut + 1, 30));
            fresh.truncate(0);
            fresh.prefill(prompt);
            assertArrayEquals(fresh.logits(), session.logits());
        }
    }

    /** They take their time, too. */
    @Test
    void tokensThatAreReadAgainCount() {
        for (boolean knowsItsGap : new boolean[] {true, false}) {
            try (Session session = model.openSession(new SessionOptions(0, shape -> new TightPlan(knowsItsGap)))) {
                Reply first = session.generate(prompt, 10, Sampling.GREEDY, TokenListener.NONE);
                assertEquals(30, first.usage().promptTokens());
                int[] next = concat(concat(prompt, first.tokens()), 7, 8, 9);
                // The last generated token was not run, three are new, and nine were generated with less.
                assertEquals(13, session.generate(next, 2, Sampling.GREEDY, TokenListener.NONE).usage().promptTokens());
            }
        }
    }

    /** What a worker or a cache cannot get is said in a sentence, and the session stays as it was. */
    @Test
    void memoryThatRunsOutIsARefusal() {
        boolean[] full = new boolean[1];
        SkipPlan plan = (sublayer, phase, count) -> {
            if (full[0] && sublayer == 1) {
                throw new OutOfMemoryError("Java heap space");
            }
            return Decision.RUN;
        };
        try (Session session = model.openSession(new SessionOptions(0, shape -> plan))) {
            session.prefill(prompt);
            float[] logits = session.logits().clone();
            full[0] = true;
            var read = assertThrows(SkimException.class, () -> session.prefill(new int[] {5, 6}));
            assertTrue(read.getMessage().contains("Java heap space") && read.getMessage().contains("f32"), read.getMessage());
            assertThrows(SkimException.class, () -> session.decode(5));
            assertArrayEquals(prompt, session.tokens());
            assertArrayEquals(logits, session.logits());
            full[0] = false;
            session.decode(5);
        }
    }

    @Test
    void optionsThatMakeNoSession() {
        assertThrows(SkimException.class, () -> session(-1));
        assertThrows(SkimException.class, () -> session(Integer.MAX_VALUE));
        assertThrows(NullPointerException.class, () -> SessionOptions.DEFAULT.withDrafting(null));
        try (Session plain = model.openSession(SessionOptions.DEFAULT.withDrafting(new Drafting.None()))) {
            assertEquals("", plain.speculationStatus());
        }
    }

    @Test
    void truncationForgets() {
        try (Session session = session(0)) {
            assertEquals(model.contextLength(), session.contextLength());
            assertThrows(IllegalStateException.class, session::logits);
            session.prefill(prompt);
            session.truncate(30);
            session.logits();
            session.truncate(12);
            assertEquals(12, session.position());
            assertThrows(IllegalStateException.class, session::logits);
            assertThrows(IllegalArgumentException.class, () -> session.truncate(13));
            session.prefill(new int[] {9});
            try (Session fresh = session(0)) {
                fresh.prefill(concat(Arrays.copyOf(prompt, 12), 9));
                assertArrayEquals(fresh.logits(), session.logits());
            }
        }
    }

    @Test
    void whatIsClosedSaysSo() {
        Session closed = session(0);
        closed.close();
        closed.close();
        assertThrows(IllegalStateException.class, () -> closed.decode(5));
        Session orphan = session(0);
        model.close();
        model.close();
        assertThrows(IllegalStateException.class, () -> orphan.prefill(prompt));
        assertThrows(IllegalStateException.class, () -> model.openSession());
        orphan.close();
    }
}
