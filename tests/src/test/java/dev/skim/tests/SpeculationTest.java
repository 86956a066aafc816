package dev.skim.tests;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.skim.llm.Drafting;
import dev.skim.llm.Model;
import dev.skim.llm.Reply;
import dev.skim.llm.Sampling;
import dev.skim.llm.Session;
import dev.skim.llm.SessionOptions;
import dev.skim.llm.SkimException;
import dev.skim.llm.StopReason;
import dev.skim.llm.TokenListener;
import dev.skim.skip.Decision;
import dev.skim.skip.EarlyExit;
import dev.skim.skip.Mode;
import dev.skim.skip.ModelShape;
import dev.skim.skip.Phase;
import dev.skim.skip.SkipPlan;
import dev.skim.skip.SkipPolicies;
import dev.skim.skip.SkipPolicy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterContainer;
import org.junit.jupiter.api.Test;

/** Speculation changes nothing of an answer but the time that it takes. */
class SpeculationTest {
    /** Once for all: properties run many times. */
    private static Model tiny;

    private static Model model() {
        if (tiny == null) {
            tiny = Model.load(Reference.path("tiny/llama.Q4_K_M.gguf"));
        }
        return tiny;
    }

    @AfterContainer
    static void close() {
        if (tiny != null) {
            tiny.close();
            tiny = null;
        }
    }

    private static Session session(int contextLength, Drafting drafting) {
        return model().openSession(new SessionOptions(contextLength, SkipPolicy.NONE).withDrafting(drafting));
    }

    private static int[] prompt(long seed, int length, int kinds) {
        Random random = new Random(seed);
        int[] some = random.ints(kinds, 3, model().tokenizer().vocabularySize()).toArray();
        return random.ints(length, 0, kinds).map(i -> some[i]).toArray();
    }

    private static Drafting skipped(int tokens, SkipPlan plan) {
        SkipPolicy policy = shape -> plan;
        return new Drafting.Always(tokens, new Drafting.SkippedModel(policy));
    }

    /** Decides anything at all, and something else each time that it is asked. */
    private static SkipPlan restless(long seed, boolean steady) {
        Random random = new Random(seed);
        int sublayers = model().shape().sublayers();
        Decision[] fixed = new Decision[sublayers];
        for (int i = 0; i < sublayers; i++) {
            fixed[i] = any(random, 1);
        }
        return (sublayer, phase, tokens) -> steady ? fixed[sublayer] : any(random, tokens);
    }

    private static Decision any(Random random, int tokens) {
        return switch (random.nextInt(6)) {
            case 0 -> new Decision.LeaveOut(0.5f + random.nextFloat());
            case 1 -> random.nextInt(3) == 0 ? Decision.STOP : Decision.RUN;
            case 2 -> {
                BitSet some = new BitSet();
                some.set(0, random.nextInt(tokens + 1));
                yield new Decision.RunTokens(some);
            }
            default -> Decision.RUN;
        };
    }

    private static void assertSame(int[] prompt, int contextLength, int count, Sampling sampling, Drafting drafting) {
        StringBuilder heard = new StringBuilder();
        try (Session plain = session(contextLength, Drafting.NONE);
                Session speculating = session(contextLength, drafting)) {
            Reply expected = plain.generate(prompt, count, sampling, TokenListener.NONE);
            Reply actual = speculating.generate(prompt, count, sampling, text -> {
                heard.append(text);
                return true;
            });
            assertArrayEquals(expected.tokens(), actual.tokens());
            assertEquals(expected.text(), actual.text());
            assertEquals(expected.text(), heard.toString());
            assertEquals(expected.stop(), actual.stop());
            assertEquals(expected.usage().contextUsed(), actual.usage().contextUsed());
            assertEquals(0, actual.usage().skippedShare());
            assertTrue(actual.usage().acceptedTokens() <= actual.usage().draftedTokens());
            assertArrayEquals(plain.tokens(), speculating.tokens());
            // Bit by bit, and so are the rows of all layers: what is generated next tells of them.
            assertArrayEquals(plain.logits(), speculating.logits());
            if (plain.position() + 12 <= plain.contextLength()) {
                int[] more = prompt(9, 10, 5);
                assertArrayEquals(plain.prefillAllLogits(more), speculating.prefillAllLogits(more));
            }
        }
    }

    @Property(tries = 60)
    void anyPlanDraftsTheSameGreedyText(
            @ForAll long seed, @ForAll boolean steady, @ForAll @IntRange(min = 1, max = 15) int drafted,
            @ForAll boolean penalty) {
        Sampling sampling = new Sampling(0, 0, 1, 0, penalty ? 1.3f : 1, 20, 0);
        assertSame(prompt(seed, 20, 8), 80, 40, sampling, skipped(drafted, restless(seed, steady)));
    }

    @Property(tries = 40)
    void lookupGivesTheSameTextGreedyAndSampled(
            @ForAll long seed, @ForAll @IntRange(min = 1, max = 15) int drafted, @ForAll @IntRange(max = 2) int kind) {
        Sampling[] samplings = {
            Sampling.GREEDY, new Sampling(0.3f, 5, 1, 0, 1, 64, seed), new Sampling(1, 40, 0.9f, 0.05f, 1.2f, 10, seed)
        };
        assertSame(prompt(seed, 30, 3), 90, 50, samplings[kind], new Drafting.Always(drafted, Drafting.LOOKUP));
    }

    /** As users have it, with the monitor at work. */
    @Property(tries = 20)
    void theMonitorChangesNoText(@ForAll long seed, @ForAll boolean lookup) {
        Drafting drafting = lookup ? Drafting.LOOKUP : new Drafting.SkippedModel(new EarlyExit(1, Mode.BOTH));
        assertSame(prompt(seed, 30, 3), 220, 180, Sampling.GREEDY, drafting);
    }

    @Test
    void contextAndLengthEndItAsWithout() {
        for (int drafted : new int[] {1, 4, 15}) {
            for (Drafting drafting : List.of(
                    new Drafting.Always(drafted, Drafting.LOOKUP), skipped(drafted, SkipPlan.NONE))) {
                for (int room = 30; room < 42; room++) {
                    assertSame(prompt(1, 30, 3), room, 0, Sampling.GREEDY, drafting);
                }
                for (int length = 1; length < 20; length++) {
                    assertSame(prompt(1, 30, 3), 100, length, Sampling.GREEDY, drafting);
                }
            }
        }
    }

    /** The whole model as its own draft: all is accepted, so that the end comes in the middle of what was. */
    @Test
    void anEndTokenInAnAcceptedRunEndsIt() {
        Sampling sampling = new Sampling(0, 0, 1, 0, 0.6f, 64, 0);
        int ended = 0;
        for (int seed = 0; seed < 200 && ended < 3; seed++) {
            int[] prompt = prompt(seed, 30, 12);
            prompt[5] = endToken();
            Reply plain;
            try (Session session = session(100, Drafting.NONE)) {
                plain = session.generate(prompt, 30, sampling, TokenListener.NONE);
            }
            if (plain.stop() == StopReason.END && plain.tokens().length > 2 && plain.tokens().length < 8) {
                ended++;
                assertSame(prompt, 100, 30, sampling, skipped(10, SkipPlan.NONE));
                try (Session session = session(100, skipped(10, SkipPlan.NONE))) {
                    var usage = session.generate(prompt, 30, sampling, TokenListener.NONE).usage();
                    // All but the first token, which the prompt gave, and none behind the end token.
                    assertEquals(plain.tokens().length - 1, usage.draftedTokens());
                    assertEquals(usage.draftedTokens(), usage.acceptedTokens());
                }
            }
        }
        assertEquals(3, ended, "texts that end soon");
    }

    private static int endToken() {
        return IntStream.range(0, model().tokenizer().vocabularySize())
                .filter(model().tokenizer()::isEndOfGeneration)
                .findFirst()
                .orElseThrow();
    }

    @Test
    void aListenerEndsItInAnAcceptedRun() {
        int[] prompt = prompt(2, 30, 3);
        for (int wanted = 1; wanted < 8; wanted++) {
            for (boolean cancels : new boolean[] {false, true}) {
                try (Session plain = session(100, Drafting.NONE);
                        Session speculating = session(100, skipped(6, SkipPlan.NONE))) {
                    Reply expected = plain.generate(prompt, 40, Sampling.GREEDY, stopAfter(wanted, plain, cancels));
                    Reply actual =
                            speculating.generate(prompt, 40, Sampling.GREEDY, stopAfter(wanted, speculating, cancels));
                    assertEquals(StopReason.CANCELLED, actual.stop());
                    assertArrayEquals(expected.tokens(), actual.tokens());
                    assertArrayEquals(plain.tokens(), speculating.tokens());
                    // It goes on from there as if nothing had happened.
                    int[] next = Arrays.copyOf(plain.tokens(), plain.position() + 1);
                    next[plain.position()] = 7;
                    assertArrayEquals(
                            plain.generate(next, 20, Sampling.GREEDY, TokenListener.NONE).tokens(),
                            speculating.generate(next, 20, Sampling.GREEDY, TokenListener.NONE).tokens());
                }
            }
        }
    }

    private static TokenListener stopAfter(int pieces, Session session, boolean cancels) {
        int[] heard = new int[1];
        return text -> {
            boolean last = ++heard[0] == pieces;
            if (last && cancels) {
                session.cancel();
            }
            return !last || cancels;
        };
    }

    @Test
    void aListenersFaultLeavesTheSessionUsable() {
        int[] prompt = prompt(2, 30, 3);
        try (Session plain = session(100, Drafting.NONE);
                Session speculating = session(100, skipped(6, SkipPlan.NONE))) {
            int[] heard = new int[1];
            assertThrows(IllegalStateException.class, () -> speculating.generate(prompt, 40, Sampling.GREEDY, text -> {
                if (++heard[0] == 4) {
                    throw new IllegalStateException("of the listener");
                }
                return true;
            }));
            assertEquals(
                    plain.generate(prompt, 40, Sampling.GREEDY, TokenListener.NONE).text(),
                    speculating.generate(prompt, 40, Sampling.GREEDY, TokenListener.NONE).text());
        }
    }

    /** Three tokens of three choices each: the 27 texts come as often as they must. */
    @Test
    void sampledDraftsHaveTheDistributionOfTheWholeModel() {
        int[] prompt = prompt(11, 12, 6);
        int texts = 6000;
        float penalty = 1.5f;
        Drafting drafting = new Drafting.Always(3, new Drafting.SkippedModel(new EarlyExit(1, Mode.BOTH)));
        List<Integer> outcomes = new ArrayList<>();
        List<Double> expected = new ArrayList<>();
        try (Session session = session(40, Drafting.NONE)) {
            enumerate(session, prompt, 3, 0.8, penalty, 1, 0, outcomes, expected);
        }
        int[] seen = new int[expected.size()];
        int drafted = 0;
        int accepted = 0;
        try (Session session = session(40, drafting)) {
            for (int seed = 0; seed < texts; seed++) {
                // One token more than is counted, so that the third is drafted too.
                Reply reply = session.generate(
                        prompt, 4, new Sampling(0.8f, 3, 1, 0, penalty, 64, seed), TokenListener.NONE);
                seen[outcomes.indexOf(hash(reply.tokens()))]++;
                drafted += reply.usage().draftedTokens();
                accepted += reply.usage().acceptedTokens();
            }
        }
        assertTrue(accepted > 0.1 * drafted && accepted < 0.9 * drafted, accepted + " of " + drafted + " accepted");
        double square = 0;
        for (int i = 0; i < seen.length; i++) {
            double wanted = texts * expected.get(i);
            square += (seen[i] - wanted) * (seen[i] - wanted) / wanted;
        }
        // 26 degrees of freedom: 54 is passed once in a thousand; seeds and lengths are fixed, so that it cannot vary.
        assertTrue(square < 54, "chi-square " + square);
    }

    private static int hash(int[] tokens) {
        return Arrays.hashCode(Arrays.copyOf(tokens, 3));
    }

    private static void enumerate(
            Session session, int[] text, int left, double temperature, float penalty, double probability, int start,
            List<Integer> outcomes, List<Double> expected) {
        int promptLength = start == 0 ? text.length : start;
        if (left == 0) {
            outcomes.add(hash(Arrays.copyOfRange(text, promptLength, text.length)));
            expected.add(probability);
            return;
        }
        session.truncate(0);
        session.prefill(text);
        float[] logits = session.logits().clone();
        Arrays.stream(text).distinct().forEach(
                token -> logits[token] = logits[token] > 0 ? logits[token] / penalty : logits[token] * penalty);
        int[] best = IntStream.range(0, logits.length)
                .boxed()
                .sorted((a, b) -> Float.compare(logits[b], logits[a]))
                .limit(3)
                .mapToInt(i -> i)
                .toArray();
        double sum = Arrays.stream(best).mapToDouble(t -> Math.exp((logits[t] - logits[best[0]]) / temperature)).sum();
        for (int token : best) {
            int[] longer = Arrays.copyOf(text, text.length + 1);
            longer[text.length] = token;
            double share = Math.exp((logits[token] - logits[best[0]]) / temperature) / sum;
            enumerate(session, longer, left - 1, temperature, penalty, probability * share, promptLength, outcomes, expected);
        }
    }

    /** A plan that learns from prompts learns although the whole model reads them. */
    @Test
    void aDraftThatLearnsSeesThePrompt() {
        List<String> seen = new ArrayList<>();
        SkipPlan plan = new SkipPlan() {
            @Override
            public Decision decide(int sublayer, Phase phase, int tokens) {
                return phase == Phase.PREFILL ? Decision.STOP : Decision.RUN;
            }

            @Override
            public boolean observes(int sublayer, Phase phase) {
                return phase == Phase.PREFILL;
            }

            @Override
            public void observe(int sublayer, Phase phase, float[] input, float[] output, int tokens, int width) {
                seen.add(sublayer + " " + phase + " " + tokens);
            }

            @Override
            public void newRequest() {
                seen.add("new");
            }
        };
        int[] prompt = prompt(3, 20, 4);
        assertSame(prompt, 100, 20, Sampling.GREEDY, skipped(4, plan));
        assertTrue(seen.containsAll(List.of("new", "0 PREFILL 20", "5 PREFILL 20")), seen.toString());
        assertTrue(seen.stream().noneMatch(line -> line.contains("DECODE")), seen.toString());
    }

    @Test
    void theRealModelSaysTheSame() {
        try (Model real = Model.load(Reference.model())) {
            String text = "The harbour master kept a ledger in which every boat had a line of its own. ";
            int[] ids = real.tokenizer().encode(text + text + text + "The harbour", true, true);
            int[] expected;
            try (Session session = real.openSession()) {
                expected = session.generate(ids, 48, Sampling.GREEDY, TokenListener.NONE).tokens();
            }
            for (String spec : List.of("lookup", "7:lookup", "3:draft:earlyexit:6", "5:draft:skipdecode:4", "draft:unified:2")) {
                Drafting drafting = Drafting.parse(spec, null);
                try (Session session = real.openSession(SessionOptions.DEFAULT.withDrafting(drafting))) {
                    Reply reply = session.generate(ids, 48, Sampling.GREEDY, TokenListener.NONE);
                    assertArrayEquals(expected, reply.tokens(), spec);
                    if (spec.equals("7:lookup")) {
                        assertTrue(reply.usage().acceptedTokens() > 24, reply.usage() + " of a text that repeats itself");
                    }
                }
            }
        }
    }

    @Test
    void specificationsAreReadAndRefused() {
        for (String spec : List.of("lookup", "none", "8:lookup", "draft:earlyexit:4:both", "3:draft:earlyexit:4:both")) {
            assertEquals(spec, Drafting.parse(spec, null).toString());
        }
        for (String spec : List.of("", "look", "draft", "draft:", "draft:nothing:3", "16:lookup", "0:lookup", "4:none", "3:3:lookup",
                "draft:shortgpt:4")) {
            var refused = assertThrows(SkimException.class, () -> Drafting.parse(spec, null), spec);
            assertNotNull(refused.getMessage());
            if (!spec.equals("draft:shortgpt:4")) {
                assertEquals(
                        refused.getMessage(),
                        assertThrows(SkimException.class, () -> Drafting.check(spec), spec).getMessage());
            }
        }
        Drafting.check("3:draft:shortgpt:4");
        SkipPolicy skip = SkipPolicies.parse("earlyexit:1", null);
        var both = assertThrows(SkimException.class, () -> new SessionOptions(0, skip).withDrafting(Drafting.LOOKUP));
        assertTrue(both.getMessage().contains("draft:earlyexit:1"), both.getMessage());
        ModelShape shape = model().shape();
        assertThrows(IllegalArgumentException.class, () -> skipPolicyTooLarge().plan(shape));
        assertThrows(IllegalArgumentException.class,
                () -> session(0, new Drafting.SkippedModel(skipPolicyTooLarge())));
    }

    private static SkipPolicy skipPolicyTooLarge() {
        return new EarlyExit(1000, Mode.BOTH);
    }
}
