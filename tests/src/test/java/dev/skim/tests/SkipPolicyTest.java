package dev.skim.tests;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.skim.llm.LoadOptions;
import dev.skim.llm.Model;
import dev.skim.llm.Sampling;
import dev.skim.llm.Session;
import dev.skim.llm.SessionOptions;
import dev.skim.llm.TokenListener;
import dev.skim.llm.profile.CalibrationText;
import dev.skim.llm.profile.Calibrator;
import dev.skim.llm.profile.Profiles;
import dev.skim.skip.AdaSkipPlan;
import dev.skim.skip.Decision;
import dev.skim.skip.Phase;
import dev.skim.skip.Profile;
import dev.skim.skip.Share;
import dev.skim.skip.SkipMeter;
import dev.skim.skip.SkipPlan;
import dev.skim.skip.SkipPolicies;
import dev.skim.skip.SkipPolicy;
import dev.skim.skip.SublayerStatistics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Assume;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import net.jqwik.api.Example;

/** Every policy in sessions: chunks, caches, going back, saving and loading, many at once. */
class SkipPolicyTest {
    /** What they leave out does not depend on what was generated before. */
    private static final List<String> FIXED = List.of(
            "adaskip:8/7", "adaskip:4/3:offline", "adaskip:n=7:decode:offline", "adaskip:n=4:prefill:noscale",
            "unified:2", "unified:2:both", "balanced:1.5:both", "balanced:1.5:decode", "shortgpt:2", "shortgpt:3:scale",
            "shortgpt:2:decode", "cost:25%", "cost:25%:decode", "cost:40%:prefill", "patch:20%", "patch:20%:decode",
            "earlyexit:2", "earlyexit:2:decode", "paper-unified:3", "paper-unified:3:decode");

    /** These learn while they generate, or leave out more with every token. */
    private static final List<String> LEARNING =
            List.of("adaskip:4/3:p=3", "adaskip:4/3:decode:p=3", "ffn:30%:warmup=2:cold=1:t=0.5", "skipdecode:2:max=64",
                    "skipdecode:2:decode:max=64");

    private static Path folder;
    private static Model model;
    private static Profile profile;

    @BeforeContainer
    static void load() throws IOException {
        folder = Files.createTempDirectory("skim-policies");
        model = Model.load(SmallLlama.write(folder.resolve("small.gguf")), LoadOptions.DEFAULT.withThreads(2));
        List<int[]> windows = new ArrayList<>();
        for (int w = 0; w < 4; w++) {
            windows.add(new Random(w).ints(256, 0, SmallLlama.VOCABULARY).toArray());
        }
        profile = Calibrator.calibrate(
                model,
                new CalibrationText(windows, "random tokens"),
                new Calibrator.Settings(List.of(new Share(0.2)), 0, true, List.of(100)),
                (stage, share) -> {});
        // By way of a file, so that what is written is what is used.
        Path file = folder.resolve("profile.json");
        Profiles.write(file, profile, model);
        profile = Profiles.read(file, model);
        Files.delete(file);
    }

    @AfterContainer
    static void close() throws IOException {
        model.close();
        Files.delete(folder.resolve("small.gguf"));
        Files.delete(folder);
    }

    @Provide
    Arbitrary<String> fixed() {
        return Arbitraries.of(FIXED);
    }

    @Provide
    Arbitrary<String> any() {
        List<String> all = new ArrayList<>(FIXED);
        all.addAll(LEARNING);
        return Arbitraries.of(all);
    }

    private static Session open(String spec) {
        return model.openSession(new SessionOptions(0, SkipPolicies.parse(spec, profile)));
    }

    private static int[] tokens(long seed, int count) {
        return new Random(seed).ints(count, 0, SmallLlama.VOCABULARY).toArray();
    }

    /** Reads in chunks of random lengths up to {@code longest}, and gives the logits of all positions. */
    private static List<float[]> read(Session session, int[] tokens, int longest, Random random) {
        List<float[]> rows = new ArrayList<>();
        for (int from = 0; from < tokens.length; ) {
            int to = Math.min(tokens.length, from + 1 + random.nextInt(longest));
            rows.addAll(Arrays.asList(session.prefillAllLogits(Arrays.copyOfRange(tokens, from, to))));
            from = to;
        }
        return rows;
    }

    private static List<float[]> decode(Session session, int[] tokens) {
        List<float[]> rows = new ArrayList<>();
        for (int token : tokens) {
            session.decode(token);
            rows.add(session.logits().clone());
        }
        return rows;
    }

    private static void same(List<float[]> expected, List<float[]> found, String what) {
        assertEquals(expected.size(), found.size());
        for (int i = 0; i < expected.size(); i++) {
            assertArrayEquals(expected.get(i), found.get(i), what + ", row " + i);
        }
    }

    private static List<float[]> request(String spec, long seed, int prompt, int answer, int chunk) {
        try (Session session = open(spec)) {
            session.newRequest();
            List<float[]> rows = read(session, tokens(seed, prompt), chunk, new Random(seed));
            rows.addAll(decode(session, tokens(~seed, answer)));
            return rows;
        }
    }

    @Property(tries = 120)
    void chunksOfThePromptDoNotMatter(
            @ForAll("any") String spec, @ForAll long seed, @ForAll @IntRange(min = 1, max = 90) int prompt,
            @ForAll @IntRange(min = 0, max = 8) int answer, @ForAll @IntRange(min = 2, max = 90) int chunk) {
        same(request(spec, seed, prompt, answer, 1), request(spec, seed, prompt, answer, chunk), spec);
    }

    @Example
    void everyPolicyLeavesSomethingOut() {
        for (String spec : FIXED) {
            SkipMeter[] meter = new SkipMeter[1];
            SkipPolicy policy = SkipPolicies.parse(spec, profile);
            try (Session session = model.openSession(new SessionOptions(0, shape -> {
                meter[0] = new SkipMeter(policy.plan(shape), shape);
                return meter[0];
            }))) {
                session.prefill(tokens(1, 20));
                decode(session, tokens(2, 3));
                boolean whole = spec.contains("decode") || spec.equals("unified:2");
                assertEquals(whole, meter[0].sublayers(Phase.PREFILL) == 0, spec);
                assertTrue(meter[0].sublayers(Phase.DECODE) > 0, spec);
            }
        }
    }

    /** Rows of the attention sublayers that run, and no others. */
    @Example
    void whatIsLeftOutTakesNoMemory() {
        long layer;
        try (Session session = model.openSession()) {
            session.prefill(tokens(1, 100));
            layer = session.cacheBytes() / SmallLlama.LAYERS;
        }
        assertTrue(layer > 0);
        for (String spec : FIXED) {
            SkipMeter[] meter = new SkipMeter[1];
            SkipPolicy policy = SkipPolicies.parse(spec, profile);
            try (Session session = model.openSession(new SessionOptions(0, shape -> {
                meter[0] = new SkipMeter(policy.plan(shape), shape);
                return meter[0];
            }))) {
                session.prefill(tokens(1, 100));
                long held = 0;
                for (int sublayer = 0; sublayer < SmallLlama.LAYERS; sublayer++) {
                    held += meter[0].leftOut(Phase.PREFILL, sublayer) == 0 ? layer : 0;
                }
                assertEquals(held, session.cacheBytes(), spec);
                session.decode(5);
                assertEquals(held, session.cacheBytes(), spec);
            }
        }
    }

    /**
     * Whether tokens that were generated are the same to later ones as tokens that were read: so where the prompt is read
     * with the same left out, and where holes have the answer read again. Where only feed-forwards are left out of
     * answers there are no holes, and the rows of generated tokens stay.
     */
    private static boolean readsAsGenerated(String spec) {
        SkipPlan plan = SkipPolicies.parse(spec, profile).plan(model.shape());
        if (!spec.contains("decode") && !spec.equals("unified:2")) {
            return true;
        }
        plan.begin(Phase.DECODE, 0, 1);
        return plan.gapsFrom() == 0;
    }

    /** However a session came to its tokens, what is read next is as in a session that only read: no holes. */
    @Property(tries = 120)
    void whatIsReadAfterAnAnswerIsReadAsIfAllWasRead(
            @ForAll("fixed") String spec, @ForAll long seed, @ForAll @IntRange(min = 1, max = 70) int prompt,
            @ForAll @IntRange(min = 0, max = 8) int answer, @ForAll @IntRange(min = 1, max = 30) int more,
            @ForAll @IntRange(min = 0, max = 20) int back) {
        Assume.that(readsAsGenerated(spec) || answer == 0);
        Random random = new Random(seed);
        int[] all = tokens(seed, prompt + answer + more);
        try (Session session = open(spec); Session fresh = open(spec)) {
            session.newRequest();
            read(session, Arrays.copyOf(all, prompt), 40, random);
            decode(session, Arrays.copyOfRange(all, prompt, prompt + answer));
            // A wrong way, taken back.
            read(session, tokens(~seed, back), 40, random);
            int kept = random.nextInt(prompt + answer + 1);
            session.truncate(kept);
            session.newRequest();
            List<float[]> found = read(session, Arrays.copyOfRange(all, kept, all.length), 40, random);
            List<float[]> expected = read(fresh, all, 64, random);
            same(expected.subList(kept, all.length), found, spec);
        }
    }

    /** A conversation that is saved is its tokens; loaded, it goes on as the one that was saved, once both have read. */
    @Property(tries = 60)
    void loadedSessionsGoOnAsTheSavedOnes(
            @ForAll("fixed") String spec, @ForAll long seed, @ForAll @IntRange(min = 1, max = 60) int length) {
        Assume.that(readsAsGenerated(spec));
        try (Session saved = open(spec); Session loaded = open(spec)) {
            saved.generate(tokens(seed, length), 6, Sampling.GREEDY, TokenListener.NONE);
            int[] next = Arrays.copyOf(saved.tokens(), saved.position() + 5);
            assertArrayEquals(
                    loaded.generate(next, 8, Sampling.GREEDY, TokenListener.NONE).tokens(),
                    saved.generate(next, 8, Sampling.GREEDY, TokenListener.NONE).tokens(),
                    spec);
        }
    }

    /** So that the properties above do not pass these over. */
    @Example
    void answersAreReadAgainWhereAttentionWasLeftOutOfThem() {
        for (String spec : List.of("unified:2", "balanced:1.5:decode", "shortgpt:2:decode", "patch:20%:decode",
                "earlyexit:2:decode", "paper-unified:3:decode", "adaskip:n=7:decode:offline")) {
            assertTrue(readsAsGenerated(spec), spec);
        }
    }

    @Example
    void manySessionsAtOnce() throws Exception {
        List<String> specs = new ArrayList<>(FIXED);
        specs.addAll(LEARNING);
        List<List<float[]>> expected = new ArrayList<>();
        List<Callable<List<float[]>>> tasks = new ArrayList<>();
        for (String spec : specs) {
            expected.add(request(spec, 5, 50, 8, 1));
            tasks.add(() -> request(spec, 5, 50, 8, 30));
        }
        try (ExecutorService pool = Executors.newFixedThreadPool(6)) {
            List<Future<List<float[]>>> futures = pool.invokeAll(tasks);
            for (int i = 0; i < specs.size(); i++) {
                same(expected.get(i), futures.get(i).get(), specs.get(i));
            }
        }
    }

    /** One policy, one packed stand-in, several sessions. */
    @Example
    void sessionsShareAPolicy() throws Exception {
        SkipPolicy policy = SkipPolicies.parse("patch:20%", profile);
        Callable<List<float[]>> task = () -> {
            try (Session session = model.openSession(new SessionOptions(0, policy))) {
                return read(session, tokens(3, 80), 33, new Random(3));
            }
        };
        List<float[]> expected = task.call();
        try (ExecutorService pool = Executors.newFixedThreadPool(4)) {
            for (Future<List<float[]>> future : pool.invokeAll(List.of(task, task, task, task, task, task))) {
                same(expected, future.get(), "patch");
            }
        }
    }

    @Example
    void emptyPlansChangeNoBit() {
        List<float[]> whole = request("none", 9, 70, 8, 40);
        for (String spec : List.of("adaskip:1", "adaskip:n=0", "unified:1", "balanced:1", "shortgpt:0", "ffn:0%", "cost:0%",
                "earlyexit:0", "skipdecode:0", "paper-unified:4")) {
            assertSame(SkipPlan.NONE, SkipPolicies.parse(spec, profile).plan(model.shape()), spec);
            same(whole, request(spec, 9, 70, 8, 17), spec);
        }
        SkipPlan onlooker = new SkipPlan() {
            @Override
            public Decision decide(int sublayer, Phase phase, int tokens) {
                return Decision.RUN;
            }

            @Override
            public boolean observes(int sublayer, Phase phase) {
                return true;
            }
        };
        try (Session session = model.openSession(new SessionOptions(0, shape -> new SkipMeter(onlooker, shape)))) {
            List<float[]> rows = read(session, tokens(9, 70), 40, new Random(9));
            rows.addAll(decode(session, tokens(~9, 8)));
            same(whole, rows, "a plan that only looks on");
        }
        assertNotEquals(
                Arrays.toString(whole.getLast()), Arrays.toString(request("shortgpt:1", 9, 70, 8, 40).getLast()));
    }

    /** A prompt that is cancelled while AdaSkip learns from it leaves what it learns as if it had never been. */
    @Example
    void adaSkipLearnsNothingFromACancelledPrompt() {
        SkipPolicy policy = SkipPolicies.parse("adaskip:n=5:offline", null);
        List<AdaSkipPlan> plans = new ArrayList<>();
        for (boolean cancelled : new boolean[] {false, true}) {
            AdaSkipPlan plan = (AdaSkipPlan) policy.plan(model.shape());
            plans.add(plan);
            Cancelling cancelling = new Cancelling(plan);
            try (Session session = model.openSession(new SessionOptions(0, shape -> cancelling))) {
                session.prefill(tokens(1, 100));
                if (cancelled) {
                    cancelling.at = SmallLlama.LAYERS + 2;
                    cancelling.session = session;
                    assertThrows(CancellationException.class, () -> session.prefill(tokens(2, 200)));
                    cancelling.at = -1;
                }
                session.prefill(tokens(3, 200));
                session.newRequest();
            }
        }
        assertEquals(plans.get(0).offlineSet(), plans.get(1).offlineSet());
        assertEquals(300, plans.get(1).learned().orElseThrow().tokens());
        assertArrayEquals(
                plans.get(0).learned().orElseThrow().similarities(), plans.get(1).learned().orElseThrow().similarities());
        assertArrayEquals(plans.get(0).learned().orElseThrow().scales(), plans.get(1).learned().orElseThrow().scales());
    }

    /** Another plan, and the session is cancelled when it is asked for one of the sublayers. */
    private static final class Cancelling implements SkipPlan {
        private final SkipPlan plan;
        private Session session;
        private int at = -1;

        Cancelling(SkipPlan plan) {
            this.plan = plan;
        }

        @Override
        public Decision decide(int sublayer, Phase phase, int tokens) {
            if (sublayer == at) {
                session.cancel();
            }
            return plan.decide(sublayer, phase, tokens);
        }

        @Override
        public void begin(Phase phase, int position, int tokens) {
            plan.begin(phase, position, tokens);
        }

        @Override
        public void end(Phase phase) {
            plan.end(phase);
        }

        @Override
        public void newRequest() {
            plan.newRequest();
        }

        @Override
        public boolean observes(int sublayer, Phase phase) {
            return plan.observes(sublayer, phase);
        }

        @Override
        public void observe(int sublayer, Phase phase, float[] input, float[] output, int tokens, int width) {
            plan.observe(sublayer, phase, input, output, tokens, width);
        }
    }

    /** Without a profile: the first prompts are read whole, and then the plan is that of their importance. */
    @Example
    void adaSkipLearnsFromTheFirstPrompts() {
        SublayerStatistics statistics = new SublayerStatistics(model.shape());
        int[] prompt = tokens(4, 300);
        try (Session session = model.openSession(new SessionOptions(0, shape -> statistics))) {
            session.prefill(prompt);
        }
        Profile learned = Profile.of(
                        "any", "any", SmallLlama.WIDTH, statistics.importance().orElseThrow())
                .build();
        SkipPlan[] plan = new SkipPlan[1];
        SkipPolicy policy = SkipPolicies.parse("adaskip:n=5:offline", null);
        try (Session session = model.openSession(new SessionOptions(0, shape -> plan[0] = policy.plan(shape)));
                Session whole = model.openSession();
                Session known = model.openSession(new SessionOptions(
                        0, SkipPolicies.parse("adaskip:n=5:offline", learned)))) {
            assertTrue(plan[0].status().contains("learns"), plan[0].status());
            session.newRequest();
            same(read(whole, prompt, 64, new Random(1)), read(session, prompt, 50, new Random(2)), "first prompt");
            session.truncate(0);
            session.newRequest();
            assertTrue(plan[0].status().contains("leaves out 5 of 12"), plan[0].status());
            same(read(known, tokens(8, 40), 64, new Random(1)), read(session, tokens(8, 40), 9, new Random(2)), "second");
        }
    }
}
