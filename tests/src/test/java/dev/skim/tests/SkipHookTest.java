package dev.skim.tests;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.skim.gguf.GgufFile;
import dev.skim.gguf.GgufWriter;
import dev.skim.gguf.TensorInfo;
import dev.skim.gguf.TensorSource;
import dev.skim.llm.Model;
import dev.skim.llm.Sampling;
import dev.skim.llm.Session;
import dev.skim.llm.SessionOptions;
import dev.skim.llm.TokenListener;
import dev.skim.skip.Decision;
import dev.skim.skip.Phase;
import dev.skim.skip.SkipPlan;
import dev.skim.skip.StandIn;
import dev.skim.tensor.Workers;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The layer loop does what a plan says, and nothing else. */
class SkipHookTest {
    private Model model;
    private int layers;
    private int width;
    private int[] tokens;

    @BeforeEach
    void load() {
        model = Model.load(Reference.path("tiny/llama.Q4_K_M.gguf"));
        layers = model.shape().layers();
        width = model.shape().width();
        tokens = new Random(3).ints(40, 3, model.tokenizer().vocabularySize()).toArray();
    }

    @AfterEach
    void close() {
        if (model != null) {
            model.close();
        }
    }

    private Session session(SkipPlan plan) {
        return model.openSession(new SessionOptions(0, shape -> plan));
    }

    private float[][] logits(SkipPlan plan, int... tokens) {
        try (Session session = session(plan)) {
            return session.prefillAllLogits(tokens);
        }
    }

    /** Answers by sublayer, and keeps the streams that it is shown. */
    private class Script implements SkipPlan {
        private final Map<Integer, Decision> decisions;
        private final List<Integer> observed;
        final List<Integer> asked = new ArrayList<>();
        final Map<Integer, float[]> inputs = new TreeMap<>();
        final Map<Integer, float[]> outputs = new TreeMap<>();

        Script(Map<Integer, Decision> decisions) {
            this(decisions, IntStream.range(0, 2 * layers).boxed().toList());
        }

        Script(Map<Integer, Decision> decisions, List<Integer> observed) {
            this.decisions = decisions;
            this.observed = observed;
        }

        @Override
        public Decision decide(int sublayer, Phase phase, int tokens) {
            asked.add(sublayer);
            return decisions.getOrDefault(sublayer, Decision.RUN);
        }

        @Override
        public boolean observes(int sublayer, Phase phase) {
            return observed.contains(sublayer);
        }

        @Override
        public void observe(int sublayer, Phase phase, float[] input, float[] output, int tokens, int width) {
            inputs.put(sublayer, Arrays.copyOf(input, tokens * width));
            outputs.put(sublayer, Arrays.copyOf(output, tokens * width));
        }
    }

    private Script run(Map<Integer, Decision> decisions) {
        Script script = new Script(decisions);
        logits(script, tokens);
        return script;
    }

    @Test
    void aPlanThatOnlyLooksOnChangesNothing() {
        float[][] expected = logits(SkipPlan.NONE, tokens);
        Script script = new Script(Map.of());
        assertArrayEquals(expected, logits(script, tokens));
        assertEquals(List.of(0, 3, 1, 4, 2, 5), script.asked);
        for (int layer = 0; layer < layers; layer++) {
            assertArrayEquals(script.outputs.get(layer), script.inputs.get(layers + layer));
            if (layer > 0) {
                assertArrayEquals(script.outputs.get(layers + layer - 1), script.inputs.get(layer));
            }
            assertNotEquals(script.inputs.get(layer)[0], script.outputs.get(layer)[0]);
        }
    }

    /** What is left when all is left out: embedding, norm and head, whatever came before. */
    @Test
    void leavingOutEverythingForgetsTheContext() {
        SkipPlan nothing = (sublayer, phase, count) -> new Decision.LeaveOut(1);
        float[][] whole = logits(nothing, tokens);
        for (int t = 0; t < tokens.length; t++) {
            assertArrayEquals(logits(nothing, tokens[t])[0], whole[t]);
        }
        // The last norm takes out a common factor, but for its epsilon.
        float[][] scaled = logits((sublayer, phase, count) -> new Decision.LeaveOut(1.5f), tokens);
        for (int i = 0; i < whole[0].length; i++) {
            assertEquals(whole[0][i], scaled[0][i], 0.02 * Math.abs(whole[0][i]) + 0.02);
        }
        try (Session session = session(nothing)) {
            var reply = session.generate(tokens, 5, Sampling.GREEDY, TokenListener.NONE);
            assertEquals(1, reply.usage().skippedShare());
        }
        try (Session session = session((sublayer, phase, count) -> Decision.RUN)) {
            var reply = session.generate(tokens, 5, Sampling.GREEDY, TokenListener.NONE);
            assertEquals(0, reply.usage().skippedShare());
        }
    }

    @Test
    void theShareOfWorkIsThatOfTheSublayersLeftOut() {
        SkipPlan plan = (sublayer, phase, count) -> sublayer == layers ? new Decision.LeaveOut(1) : Decision.RUN;
        try (Session session = session(plan)) {
            var usage = session.generate(tokens, 5, Sampling.GREEDY, TokenListener.NONE).usage();
            double share = (double) model.shape().feedForwardCost()
                    / (layers * (model.shape().attentionCost() + model.shape().feedForwardCost()));
            assertEquals(share, usage.skippedShare(), 1e-12);
        }
    }

    @Test
    void aLayerLeftOutIsAModelWithoutThatLayer(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("two-layers.gguf");
        try (GgufFile whole = GgufFile.open(Reference.path("tiny/llama.Q4_K_M.gguf")); Arena arena = Arena.ofConfined()) {
            GgufWriter writer = GgufWriter.create().copy(whole.metadata()).u32("llama.block_count", layers - 1);
            for (TensorInfo tensor : whole.tensors()) {
                if (!tensor.name().startsWith("blk.1.")) {
                    String name = tensor.name().replace("blk.2.", "blk.1.");
                    writer.addTensor(name, tensor.type(), tensor.shape(), TensorSource.of(whole.map(tensor, arena)));
                }
            }
            writer.write(file);
        }
        try (Model shorter = Model.load(file); Session session = shorter.openSession()) {
            float[][] expected = session.prefillAllLogits(tokens);
            SkipPlan plan = (sublayer, phase, count) ->
                    sublayer % layers == 1 ? new Decision.LeaveOut(1) : Decision.RUN;
            assertArrayEquals(expected, logits(plan, tokens));
            session.decode(5);
            try (Session skipping = session(plan)) {
                skipping.prefill(tokens);
                skipping.decode(5);
                assertArrayEquals(session.logits(), skipping.logits());
            }
        }
    }

    @Test
    void leavingOutScalesTheWholeStream() {
        Script script = run(Map.of(1, new Decision.LeaveOut(1.25f)));
        float[] before = script.outputs.get(layers);
        float[] after = script.inputs.get(layers + 1);
        for (int i = 0; i < before.length; i++) {
            assertEquals(before[i] * 1.25f, after[i]);
        }
    }

    /** Multiplies the stream, and notes for how many tokens. */
    private StandIn times(float factor, List<Integer> computed) {
        return new StandIn() {
            @Override
            public void apply(float[] stream, int offset, int count, Workers workers) {
                computed.add(count);
                for (int i = offset; i < offset + count * width; i++) {
                    stream[i] *= factor;
                }
            }

            @Override
            public long multiplyAdds() {
                return width;
            }
        };
    }

    @Test
    void aStandInTakesThePlaceOfARun() {
        StandIn negate = times(-1, new ArrayList<>());
        // Feed-forward 0, attention 1 and feed-forward 1, in execution order.
        Script script = run(Map.of(layers, new Decision.Replace(negate, 3)));
        assertEquals(List.of(0, 3, 2, 5), script.asked);
        float[] before = script.outputs.get(0);
        float[] after = script.inputs.get(2);
        for (int i = 0; i < before.length; i++) {
            assertEquals(-before[i], after[i]);
        }
        SkipPlan tooLong = (sublayer, phase, count) -> new Decision.Replace(negate, 2 * layers + 1);
        assertThrows(IllegalStateException.class, () -> logits(tooLong, tokens));
    }

    /** The last layer computes the tokens whose logits are asked: no plan, and none of those logits, can tell. */
    @Test
    void whatNobodyReadsOfThePromptMakesNoDifference() {
        int lastAttention = layers - 1;
        int lastFeedForward = 2 * layers - 1;
        List<Integer> computed = new ArrayList<>();
        StandIn twice = times(2, computed);
        BitSet few = new BitSet();
        few.set(3);
        BitSet ends = (BitSet) few.clone();
        ends.set(tokens.length - 1);
        for (Map<Integer, Decision> decisions : List.<Map<Integer, Decision>>of(
                Map.of(),
                Map.of(lastAttention, new Decision.LeaveOut(1.25f)),
                Map.of(lastFeedForward, new Decision.LeaveOut(1.25f)),
                Map.of(lastAttention, new Decision.RunTokens(few)),
                Map.of(lastAttention, new Decision.RunTokens(ends), lastFeedForward, new Decision.RunTokens(ends)),
                Map.of(lastFeedForward, new Decision.RunTokens(few)),
                Map.of(lastFeedForward, new Decision.Replace(twice, 1)),
                Map.of(lastAttention, new Decision.Replace(twice, 2)),
                Map.of(lastAttention - 1, new Decision.Replace(twice, 1)),
                Map.of(lastAttention, Decision.STOP))) {
            for (List<Integer> observed : List.of(
                    List.<Integer>of(), List.of(lastAttention), List.of(lastFeedForward), List.of(0, lastAttention - 1))) {
                Script all = new Script(decisions, observed);
                Script last = new Script(decisions, observed);
                computed.clear();
                try (Session whole = session(all); Session session = session(last)) {
                    float[][] expected = whole.prefillAllLogits(tokens);
                    session.prefill(tokens);
                    assertArrayEquals(expected[tokens.length - 1], session.logits(), decisions + ", observed " + observed);
                }
                assertEquals(all.inputs.keySet(), last.inputs.keySet());
                all.inputs.forEach((sublayer, stream) -> assertArrayEquals(stream, last.inputs.get(sublayer)));
                all.outputs.forEach((sublayer, stream) -> assertArrayEquals(stream, last.outputs.get(sublayer)));
            }
            if (decisions.get(lastAttention) instanceof Decision.Replace
                    || decisions.get(lastFeedForward) instanceof Decision.Replace) {
                assertEquals(List.of(tokens.length, 1), computed);
            }
        }
    }

    @Test
    void stoppingIsLeavingOutTheRest() {
        float[][] stopped = logits((sublayer, phase, count) -> sublayer == 1 ? Decision.STOP : Decision.RUN, tokens);
        float[][] left = logits(
                (sublayer, phase, count) -> sublayer % layers >= 1 ? new Decision.LeaveOut(1) : Decision.RUN, tokens);
        assertArrayEquals(left, stopped);
    }

    @Test
    void someTokensRunAndTheOthersKeepTheirStream() {
        Random random = new Random(8);
        BitSet some = new BitSet();
        for (int t = 0; t < tokens.length; t++) {
            some.set(t, random.nextBoolean());
        }
        for (int sublayer : new int[] {1, layers + 1}) {
            Script all = run(Map.of());
            Script script = run(Map.of(sublayer, new Decision.RunTokens(some)));
            // The stream before and after, as its neighbours see it.
            float[] before = script.outputs.get(sublayer == 1 ? layers : 1);
            float[] after = script.inputs.get(sublayer == 1 ? layers + 1 : 2);
            for (int t = 0; t < tokens.length; t++) {
                float[] expected = some.get(t) ? all.outputs.get(sublayer) : before;
                assertArrayEquals(row(expected, t), row(after, t), "sublayer " + sublayer + ", token " + t);
            }
        }
        BitSet every = new BitSet();
        every.set(0, tokens.length);
        float[][] expected = logits(SkipPlan.NONE, tokens);
        assertArrayEquals(expected, logits((sublayer, phase, count) -> new Decision.RunTokens(every), tokens));
        assertArrayEquals(
                logits((sublayer, phase, count) -> new Decision.LeaveOut(1), tokens),
                logits((sublayer, phase, count) -> new Decision.RunTokens(new BitSet()), tokens));
        every.set(tokens.length);
        assertThrows(
                IllegalStateException.class,
                () -> logits((sublayer, phase, count) -> new Decision.RunTokens(every), tokens));
    }

    private float[] row(float[] stream, int token) {
        return Arrays.copyOfRange(stream, token * width, (token + 1) * width);
    }

    /** A token whose attention was not computed has its keys and values in the cache all the same. */
    @Test
    void someTokensLeaveNoHole() {
        SkipPlan none = (sublayer, phase, count) -> sublayer == 1 && phase == Phase.PREFILL
                ? new Decision.RunTokens(new BitSet())
                : Decision.RUN;
        try (Session session = session(none)) {
            session.prefill(tokens);
            session.decode(7);
            assertEquals(tokens.length + 1, session.position());
        }
    }

    @Test
    void holesAreReadAgainByTheNextPrompt() {
        SkipPlan decodesLess = (sublayer, phase, count) ->
                phase == Phase.DECODE && sublayer >= 1 && sublayer < layers ? new Decision.LeaveOut(1) : Decision.RUN;
        try (Session session = session(decodesLess)) {
            session.prefill(Arrays.copyOf(tokens, 20));
            for (int t = 20; t < 30; t++) {
                session.decode(tokens[t]);
            }
            float[][] healed = session.prefillAllLogits(Arrays.copyOfRange(tokens, 30, 40));
            float[][] expected = logits(SkipPlan.NONE, tokens);
            for (int t = 30; t < 40; t++) {
                assertArrayEquals(expected[t], healed[t - 30], "token " + t);
            }
            assertEquals(40, session.position());
            assertArrayEquals(tokens, session.tokens());
        }
    }

    /** A plan that knows of its gap is believed: nothing is run in vain before the session goes back. */
    @Test
    void aKnownGapIsReadAgainAtOnce() {
        List<Integer> begins = new ArrayList<>();
        SkipPlan plan = new SkipPlan() {
            private int gap = Integer.MAX_VALUE;

            @Override
            public void begin(Phase phase, int position, int count) {
                begins.add(position);
                gap = position <= gap ? Integer.MAX_VALUE : gap;
                gap = phase == Phase.DECODE ? Math.min(gap, position) : gap;
            }

            @Override
            public int gapsFrom() {
                return gap;
            }

            @Override
            public Decision decide(int sublayer, Phase phase, int count) {
                return phase == Phase.DECODE && sublayer == 2 ? new Decision.LeaveOut(1) : Decision.RUN;
            }
        };
        try (Session session = session(plan)) {
            session.prefill(Arrays.copyOf(tokens, 20));
            session.decode(tokens[20]);
            session.decode(tokens[21]);
            float[][] healed = session.prefillAllLogits(Arrays.copyOfRange(tokens, 22, 40));
            assertArrayEquals(logits(SkipPlan.NONE, tokens)[39], healed[17]);
        }
        assertEquals(List.of(0, 20, 21, 20), begins);
    }

    @Test
    void decodingOverAHoleIsAnError() {
        SkipPlan readsLess = (sublayer, phase, count) ->
                phase == Phase.PREFILL && sublayer == 1 ? new Decision.LeaveOut(1) : Decision.RUN;
        try (Session session = session(readsLess)) {
            session.prefill(tokens);
            float[] before = session.logits().clone();
            var error = assertThrows(IllegalStateException.class, () -> session.decode(5));
            assertTrue(error.getMessage().contains("layer 1 was left out from position 0"), error.getMessage());
            assertEquals(tokens.length, session.position());
            assertArrayEquals(before, session.logits());
            // Prompts go on as before.
            assertArrayEquals(
                    logits(readsLess, concat(tokens, 9, 9))[tokens.length + 1], session.prefillAllLogits(new int[] {9, 9})[1]);
        }
    }

    private static int[] concat(int[] first, int... second) {
        int[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }

    /** A plan that leaves out by position and never comes back cannot send the session round in circles. */
    @Test
    void aPlanThatCannotBeReadIsAnError() {
        SkipPlan moody = new SkipPlan() {
            private int position;

            @Override
            public void begin(Phase phase, int position, int count) {
                this.position = position;
            }

            @Override
            public Decision decide(int sublayer, Phase phase, int count) {
                return position == 0 && sublayer == 1 ? new Decision.LeaveOut(1) : Decision.RUN;
            }
        };
        try (Session session = session(moody)) {
            session.prefill(tokens);
            // Beginning again from 0 in a batch of 512 reads all; what follows in a batch of its own never fits.
            int[] more = new Random(1).ints(600, 3, 500).toArray();
            assertThrows(IllegalStateException.class, () -> session.prefill(more));
            assertEquals(tokens.length, session.position());
        }
    }
}
