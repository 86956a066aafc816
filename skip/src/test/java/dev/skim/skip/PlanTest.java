package dev.skim.skip;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;

/** Plans at work in a layer loop that notices when anything attends over a hole. */
class PlanTest {
    private static final List<String> SPECS = List.of(
            "none", "adaskip:8/7", "adaskip:2:prefill", "adaskip:2:decode", "adaskip:3:both:p=3", "unified:2",
            "unified:3:both", "balanced:1.5", "balanced:1.3:both", "shortgpt:3:scale", "shortgpt:3:decode", "ffn:30%:warmup=2",
            "cost:30%", "cost:30%:decode", "earlyexit:2", "earlyexit:2:decode", "skipdecode:4", "skipdecode:4:decode:max=5",
            "skipdecode:4:both:max=5", "skipdecode:3:prefill", "paper-unified:3", "paper-unified:3:decode");

    @Provide
    Arbitrary<String> spec() {
        return Arbitraries.of(SPECS);
    }

    /**
     * A chat of several requests, prompts in chunks, answers one by one: no sublayer ever finds rows missing (the toy
     * model throws), positions go on, and with learning on the way too.
     */
    @Property(tries = 300)
    void nobodyAttendsOverAHole(
            @ForAll("spec") String spec, @ForAll @LongRange(max = 50) long seed, @ForAll boolean learn,
            @ForAll @Size(min = 1, max = 4) List<@IntRange(min = 1, max = 9) Integer> requests,
            @ForAll @IntRange(min = 1, max = 5) int chunk) {
        ToyModel model = new ToyModel(8, 6, seed, 0.3);
        Profile profile = learn && spec.startsWith("adaskip") ? null : Fixtures.random(8, 6, seed);
        SkipPlan plan = SkipPolicies.parse(spec, profile).plan(model.shape);
        ToyModel.Session session = model.session(new SkipMeter(plan, model.shape));
        int tokens = 0;
        for (int request : requests) {
            plan.newRequest();
            int prompt = profile == null ? request * 40 : request;
            for (int at = 0; at < prompt; at += chunk) {
                session.pass(Phase.PREFILL, ToyModel.embeddings(Math.min(chunk, prompt - at), 6, seed + at));
            }
            for (int i = 0; i < request; i++) {
                session.pass(Phase.DECODE, ToyModel.embeddings(1, 6, i));
            }
            tokens += prompt + request;
        }
        assertEquals(tokens, session.position);
    }

    /** In mode decode the prompt runs whole, and again after the session went back to where the gap begins. */
    @Property(tries = 60)
    void goingBackToTheGapMakesPromptsWholeAgain(@ForAll @LongRange(max = 50) long seed) {
        for (String spec : List.of("adaskip:2:decode", "unified:2", "shortgpt:3:decode", "earlyexit:2:decode",
                "skipdecode:4:decode:max=5")) {
            ToyModel model = new ToyModel(8, 6, seed, 0.3);
            Profile profile = Fixtures.random(8, 6, seed);
            SkipPlan plan = SkipPolicies.parse(spec, profile).plan(model.shape);
            assertEquals(Integer.MAX_VALUE, plan.gapsFrom());
            BitSet prompt = runs(plan, model.shape, Phase.PREFILL, 0, 7);
            assertEquals(16, prompt.cardinality(), spec);
            BitSet answer = runs(plan, model.shape, Phase.DECODE, 7, 1);
            assertTrue(answer.cardinality() < 16, spec);
            BitSet attention = answer.get(0, 8);
            int gap = attention.cardinality() < 8 ? 7 : Integer.MAX_VALUE;
            assertEquals(gap, plan.gapsFrom(), spec);
            BitSet next = runs(plan, model.shape, Phase.PREFILL, 8, 4);
            assertEquals(gap == 7 ? attention : prompt.get(0, 8), next.get(0, 8), spec);
            assertEquals(16, runs(plan, model.shape, Phase.PREFILL, 7, 5).cardinality(), spec);
            assertEquals(Integer.MAX_VALUE, plan.gapsFrom(), spec);
        }
    }

    private static BitSet runs(SkipPlan plan, ModelShape shape, Phase phase, int position, int tokens) {
        plan.begin(phase, position, tokens);
        BitSet runs = new BitSet();
        for (int step = 0; step < shape.sublayers(); step++) {
            Decision decision = plan.decide(shape.sublayer(step), phase, tokens);
            if (decision instanceof Decision.Stop) {
                break;
            }
            runs.set(shape.sublayer(step), decision instanceof Decision.Run);
        }
        plan.end(phase);
        return runs;
    }

    /** Only feed-forward sublayers outside the offline set are added, above beta, and only after P tokens. */
    @Property(tries = 60)
    void onlineExtrasAreNewFeedForwards(
            @ForAll @LongRange(max = 1000) long seed, @ForAll @IntRange(min = 1, max = 12) int window,
            @ForAll boolean decodeOnly) {
        ToyModel model = new ToyModel(8, 6, seed, 0.2);
        SublayerStatistics statistics = new SublayerStatistics(model.shape);
        model.session(statistics).pass(Phase.PREFILL, ToyModel.embeddings(40, 6, 1));
        Profile profile = Profile.of("h", "t", 6, statistics.importance().orElseThrow()).build();
        AdaSkipPlan plan = (AdaSkipPlan) SkipPolicies
                .parse("adaskip:2:p=" + window + (decodeOnly ? ":decode" : ":both"), profile).plan(model.shape);
        ToyModel.Session session = model.session(plan);
        for (int request = 0; request < 2; request++) {
            plan.newRequest();
            session.pass(Phase.PREFILL, ToyModel.embeddings(5, 6, 2));
            int generated = 0;
            for (int tokens : new int[] {1, 3, 1, 1, 4, 1, 1, 2}) {
                assertTrue(generated >= window || plan.extraSet().isEmpty());
                BitSet extra = plan.extraSet();
                session.pass(Phase.DECODE, ToyModel.embeddings(tokens, 6, generated));
                assertTrue(generated < window || extra.equals(plan.extraSet()));
                generated += tokens;
            }
            assertFalse(plan.extraSet().intersects(plan.offlineSet()));
            assertTrue(plan.extraSet().get(0, 8).isEmpty());
        }
        assertEquals(8, plan.offlineSet().cardinality());
    }

    /** Feed-forwards that hardly do anything are all found; with beta 1 none is. */
    @Example
    void nearIdentitiesAreAdded() {
        ToyModel model = new ToyModel(4, 6, 7, 1e-3);
        double[] similarity = {0.9, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1};
        double[] ones = {1, 1, 1, 1, 1, 1, 1, 1};
        double[][] runs = {{0, 0, 0, 0}};
        for (double beta : new double[] {0.9, 1}) {
            similarity[0] = beta;
            Profile profile = Profile.of("h", "t", 6, new Importance(1, similarity, ones, runs, runs)).build();
            AdaSkipPlan plan = (AdaSkipPlan) SkipPolicies.parse("adaskip:n=1:p=5", profile).plan(model.shape);
            ToyModel.Session session = model.session(plan);
            plan.newRequest();
            for (int i = 0; i < 6; i++) {
                session.pass(Phase.DECODE, ToyModel.embeddings(1, 6, i));
            }
            assertEquals(beta < 1 ? 4 : 0, plan.extraSet().cardinality());
        }
    }

    /** A pass of the window that does not come to its end leaves no trace in what the window says. */
    @Property(tries = 40)
    void aCancelledPassIsNotInTheWindow(
            @ForAll @LongRange(max = 50) long seed, @ForAll @IntRange(min = 1, max = 15) int cancelled,
            @ForAll @IntRange(min = 0, max = 4) int when) {
        ToyModel model = new ToyModel(8, 6, seed, 0.2);
        SkipPolicy policy = SkipPolicies.parse("adaskip:2:p=5", Fixtures.random(8, 6, seed));
        ToyModel.Session undisturbed = model.session(policy.plan(model.shape));
        ToyModel.Session session = model.session(policy.plan(model.shape));
        for (int i = 0; i < 8; i++) {
            if (i == when) {
                session.cancelledPass(Phase.DECODE, ToyModel.embeddings(1, 6, ~i), cancelled);
            }
            float[] token = ToyModel.embeddings(1, 6, i);
            assertArrayEquals(undisturbed.pass(Phase.DECODE, token), session.pass(Phase.DECODE, token));
        }
    }

    /** What is learned does not depend on how the prompt is cut, and nothing is left out before it is learned. */
    @Property(tries = 20)
    void learningFromTheFirstPrompts(@ForAll @IntRange(min = 1, max = 300) int chunk) {
        ToyModel model = new ToyModel(5, 6, 11, 0.4);
        AdaSkipPlan plan = (AdaSkipPlan) SkipPolicies.parse("adaskip:2", null).plan(model.shape);
        ToyModel.Session session = model.session(plan);
        float[] prompt = ToyModel.embeddings(300, 6, 1);
        plan.newRequest();
        for (int at = 0; at < 300; at += chunk) {
            assertTrue(plan.learning());
            assertTrue(plan.status().contains("learns"));
            int to = Math.min(300, at + chunk);
            session.pass(Phase.PREFILL, Arrays.copyOfRange(prompt, at * 6, to * 6));
        }
        for (int ran : session.ran) {
            assertEquals(300, ran);
        }
        session.pass(Phase.DECODE, ToyModel.embeddings(1, 6, 2));
        assertFalse(plan.learning());
        SublayerStatistics statistics = new SublayerStatistics(model.shape);
        model.session(statistics).pass(Phase.PREFILL, prompt);
        assertArrayEquals(
                statistics.importance().orElseThrow().similarities(), plan.learned().orElseThrow().similarities(), 1e-12);
        assertEquals(5, plan.offlineSet().cardinality());
    }

    /** For each token behind the warm-up one run of feed-forwards, behind the first that is similar enough. */
    @Property(tries = 40)
    void ffnSkipLeavesOutTheRunBehindASimilarOne(
            @ForAll @LongRange(max = 1000) long seed, @ForAll @IntRange(min = 1, max = 12) int answer) {
        ToyModel model = new ToyModel(10, 6, seed, 0.25);
        SkipPlan plan = SkipPolicies.parse("ffn:30%:warmup=3:t=0.97", null).plan(model.shape);
        double[] similar = new double[20];
        ToyModel.Session session = model.session(new SkipPlan() {
            @Override
            public Decision decide(int sublayer, Phase phase, int tokens) {
                return plan.decide(sublayer, phase, tokens);
            }

            @Override
            public void begin(Phase phase, int position, int tokens) {
                plan.begin(phase, position, tokens);
            }

            @Override
            public boolean observes(int sublayer, Phase phase) {
                return true;
            }

            @Override
            public void observe(int sublayer, Phase phase, float[] input, float[] output, int tokens, int width) {
                similar[sublayer] = Similarity.of(input, output, 0, width).cosine();
                if (plan.observes(sublayer, phase)) {
                    plan.observe(sublayer, phase, input, output, tokens, width);
                }
            }
        });
        session.pass(Phase.PREFILL, ToyModel.embeddings(4, 6, 1));
        for (int token = 0; token < answer; token++) {
            int[] before = session.ran.clone();
            session.pass(Phase.DECODE, ToyModel.embeddings(1, 6, token));
            int from = 11;
            for (int layer = 1; layer < 9 && token >= 3 && from == 11; layer++) {
                from = similar[10 + layer] >= 0.97 ? layer + 1 : 11;
            }
            for (int sublayer = 0; sublayer < 20; sublayer++) {
                int layer = sublayer - 10;
                boolean out = layer >= from && layer < Math.min(from + 3, 9);
                assertEquals(out ? 0 : 1, session.ran[sublayer] - before[sublayer], "sublayer " + sublayer);
            }
        }
        assertThrows(IllegalArgumentException.class, () -> session.pass(Phase.DECODE, ToyModel.embeddings(2, 6, 1)));
    }

    @Example
    void skipDecodeDeepensWithTheAnswer() {
        SkipDecode policy = new SkipDecode(4, Mode.DECODE, 512);
        // Over 511 steps the mean depth is 2.99 (specification, 1.8).
        double sum = 0;
        for (int t = 0; t < 511; t++) {
            sum += policy.depth(t);
        }
        assertEquals(2.99, sum / 511, 0.005);
        assertEquals(1, policy.depth(0));
        assertEquals(4, policy.depth(5000));
    }

    @Example
    void askingAllocatesNothing() throws ReflectiveOperationException {
        ModelShape shape = new ModelShape(8, 6, 10, 30);
        for (String spec : SPECS) {
            SkipPlan plan = SkipPolicies.parse(spec, Fixtures.random(8, 6, 3)).plan(shape);
            SkipMeter meter = new SkipMeter(plan, shape);
            long before = 0;
            int runs = 0;
            // The first rounds load classes; then a thousand passes of all sublayers must take no memory at all.
            for (int round = 0; round < 3; round++) {
                before = allocated();
                for (int pass = 0; pass < 1000; pass++) {
                    meter.begin(Phase.DECODE, 100 + pass, 1);
                    for (int step = 0; step < 16; step++) {
                        runs += meter.decide(shape.sublayer(step), Phase.DECODE, 1) instanceof Decision.Run ? 1 : 0;
                    }
                }
                before = allocated() - before;
            }
            assertTrue(before < 2000, spec + " allocated " + before + " bytes in " + runs);
        }
    }

    /** Bytes that this thread allocated so far; by reflection, since the module of the bean is not one that skip reads. */
    private static long allocated() throws ReflectiveOperationException {
        Object bean = Class.forName("java.lang.management.ManagementFactory").getMethod("getThreadMXBean").invoke(null);
        return (long) Class.forName("com.sun.management.ThreadMXBean")
                .getMethod("getCurrentThreadAllocatedBytes")
                .invoke(bean);
    }

    @Example
    void capsLeaveSomething() {
        ModelShape shape = new ModelShape(3, 6, 10, 30);
        Profile profile = Fixtures.random(3, 6, 1);
        AdaSkipPlan plan = (AdaSkipPlan) SkipPolicies.parse("adaskip:1000", profile).plan(shape);
        assertEquals(5, plan.offlineSet().cardinality());
        assertThrows(IllegalArgumentException.class, () -> SkipPolicies.parse("cost:99.9%", profile).plan(shape));
        assertThrows(IllegalArgumentException.class, () -> SkipPolicies.parse("earlyexit:3", profile).plan(shape));
    }
}
