package dev.skim.skip;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.skim.tensor.ElementType;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Assume;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;

class PolicyTest {
    private static BitSet bits(int... set) {
        BitSet bits = new BitSet();
        IntStream.of(set).forEach(bits::set);
        return bits;
    }

    private static ModelShape shape(int layers) {
        return new ModelShape(layers, 8, 10, 30);
    }

    /** The examples of the specification, section 2.1. */
    @Example
    void unifiedByTheAuthorsRule() {
        assertEquals(bits(0, 6, 12, 18, 24, 29), unified(30, "5"));
        assertEquals(bits(0, 15, 29), unified(30, "10"));
        assertEquals(bits(0, 3, 6, 9, 12, 15, 18, 21, 24, 31), unified(32, "3"));
        assertEquals(bits(0, 4, 8, 12, 16, 20, 24, 31), unified(32, "4"));
        assertEquals(bits(0, 16, 31), unified(32, "10"));
        assertEquals(bits(0, 2, 4, 6, 8, 10, 12, 15), unified(16, "2"));
        assertEquals(bits(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 21), unified(22, "2"));
        assertTrue(assertThrows(IllegalArgumentException.class, () -> unified(30, "16")).getMessage().contains("2 to 15"));
        assertTrue(assertThrows(IllegalArgumentException.class, () -> unified(3, "2")).getMessage().contains("4 or more"));
        assertThrows(
                IllegalArgumentException.class,
                () -> new UnifiedLayerSkipping(Ratio.parse("1.5"), Mode.DECODE));
    }

    private static BitSet unified(int layers, String ratio) {
        return new UnifiedLayerSkipping(Ratio.parse(ratio), Mode.DECODE).kept(layers);
    }

    @Property
    void unifiedKeepsTheEndsAndItsCount(
            @ForAll @IntRange(min = 4, max = 100) int layers, @ForAll @DoubleRange(min = 2, max = 10) double ratio) {
        int n = (int) Math.floor(layers / ratio + 1e-9);
        Assume.that(n >= 2);
        BitSet kept = new UnifiedLayerSkipping(new Ratio(ratio, 1), Mode.DECODE).kept(layers);
        assertTrue(kept.get(0) && kept.get(layers - 1));
        assertEquals(n, kept.cardinality());
        assertTrue(kept.length() <= layers);
    }

    @Property
    void balancedSpreadsWhatItDrops(
            @ForAll @IntRange(min = 4, max = 100) int layers, @ForAll @DoubleRange(min = 1, max = 1.99) double ratio) {
        BitSet kept = new BalancedSkipping(new Ratio(ratio, 1), Mode.BOTH).kept(layers);
        assertTrue(kept.get(0) && kept.get(layers - 1));
        assertEquals(layers / ratio, kept.cardinality(), 0.5001);
        // Between two kept layers there is never more than one layer more than between any others.
        int least = Integer.MAX_VALUE;
        int most = 0;
        for (int layer = 0; layer < layers - 1; ) {
            int next = kept.nextSetBit(layer + 1);
            least = Math.min(least, next - layer);
            most = Math.max(most, next - layer);
            layer = next;
        }
        assertTrue(most - least <= 1, () -> "gaps differ: " + kept);
    }

    /** Section 1.8. */
    @Example
    void papersUnifiedRule() {
        ModelShape shape = shape(32);
        SkipPlan plan = new PaperUnified(6, Mode.BOTH).plan(shape);
        plan.begin(Phase.PREFILL, 0, 1);
        BitSet out = new BitSet();
        for (int layer = 0; layer < 32; layer++) {
            out.set(layer, !(plan.decide(layer, Phase.PREFILL, 1) instanceof Decision.Run));
        }
        assertEquals(bits(1, 6, 11, 16, 21, 26, 31), out);
        assertSame(SkipPlan.NONE, new PaperUnified(20, Mode.BOTH).plan(shape));
    }

    @Property
    void adaSkipCountsByRounding(
            @ForAll @IntRange(min = 1, max = 100) int layers, @ForAll @IntRange(min = 1, max = 40) int below,
            @ForAll @IntRange(max = 40) int more) {
        Ratio ratio = new Ratio(below + more, below);
        int sublayers = AdaSkip.of(null, ratio, Mode.BOTH).sublayers(shape(layers));
        // 2m = 2M - 2M below / (below + more): the nearest whole number, halves up, and one sublayer is kept.
        int exact = Math.floorDiv(2 * 2 * layers * more + below + more, 2 * (below + more));
        assertEquals(Math.min(exact, 2 * layers - 1), sublayers);
    }

    /** Zero of anything is no plan at all, so that the loop is the loop of a model without skipping. */
    @Example
    void nothingIsNone() {
        Profile profile = Fixtures.random(10, 8, 1);
        for (String spec : List.of(
                "none", "adaskip:1", "adaskip:1.01", "adaskip:n=0", "balanced:1", "shortgpt:0", "shortgpt:0:scale",
                "ffn:0%", "cost:0%", "earlyexit:0", "skipdecode:0", "paper-unified:0")) {
            assertSame(SkipPlan.NONE, SkipPolicies.parse(spec, profile).plan(shape(10)), spec);
        }
    }

    @Provide
    Arbitrary<String> specs() {
        Arbitrary<String> ratio = Arbitraries.of("1.14", "8/7", "4/3", "1", "2", "30/23", "3.5");
        Arbitrary<String> any = Arbitraries.of("", ":prefill", ":decode", ":both");
        Arbitrary<String> two = Arbitraries.of("", ":decode", ":both");
        Arbitrary<String> share = Arbitraries.of("25%", "12.5%", "0%", "33.333%", "99%");
        Arbitrary<String> count = Arbitraries.integers().between(0, 40).map(String::valueOf);
        Arbitrary<String> no = Arbitraries.of("", ":noscale");
        return Arbitraries.oneOf(
                Combinators.combine(ratio, any, no, Arbitraries.of("", ":offline", ":p=40", ":afterfirst:p=1"))
                        .as((r, m, s, o) -> "adaskip:" + r + o + m + s),
                Combinators.combine(count, any).as((c, m) -> "adaskip:n=" + c + m),
                Combinators.combine(ratio, two).as((r, m) -> "unified:" + r + m),
                Combinators.combine(ratio, two).as((r, m) -> "balanced:" + r + m),
                Combinators.combine(count, two, Arbitraries.of("", ":scale")).as((c, m, s) -> "shortgpt:" + c + m + s),
                Combinators.combine(share, Arbitraries.of("", ":t=0.96", ":warmup=3:cold=2", ":cold=0"))
                        .as((s, o) -> "ffn:" + s + o),
                Combinators.combine(share, any, no).as((s, m, n) -> "cost:" + s + m + n),
                Combinators.combine(Arbitraries.of("earlyexit:", "paper-unified:"), count, two).as((n, c, m) -> n + c + m),
                Combinators.combine(count, any, Arbitraries.of("", ":max=64")).as((c, m, x) -> "skipdecode:" + c + m + x),
                Arbitraries.of("none", "patch:25%", "patch:25%:decode"));
    }

    @Property(tries = 300)
    void specsAreReadBack(@ForAll("specs") String spec) {
        Profile profile = Fixtures.random(6, 8, 1).edit().standIns(List.of(patch())).build();
        SkipPolicy policy = SkipPolicies.parse(spec, profile);
        SkipPolicy again = SkipPolicies.parse(policy.toString(), profile);
        assertEquals(policy.toString(), again.toString());
        if (!(policy instanceof Patch)) {
            assertEquals(policy, again);
        }
        assertEquals(spec.substring(0, 3), policy.toString().substring(0, 3).replace("bal", spec.substring(0, 3)));
    }

    private static StandInSet patch() {
        return new StandInSet(Share.parse("25%"), List.of(new StandInWeights(
                Run.ofLayers(2, 2), 1e-5f, 1, ElementType.F16, new short[8], new short[8], new float[8])), "test");
    }

    @Example
    void wrongSpecsAreExplained() {
        Profile profile = Fixtures.random(6, 8, 1);
        for (String spec : List.of(
                "", "skip", "adaskip", "adaskip:", "adaskip:x", "adaskip:0.5", "adaskip:1/0", "adaskip:n=-1",
                "adaskip:2:sideways", "adaskip:2:decode:both", "adaskip:nan", "adaskip:2:p=0", "unified:2:prefill", "unified:1/2",
                "shortgpt:two", "shortgpt:-1", "cost:25", "cost:100%", "cost:-1%", "cost:%", "cost:1e999999999%",
                "cost:-1e999999999%", "cost:1e-2147483647%", "ffn:25%:t=high", "ffn:25%:t=1.5", "ffn:25%:t=1e999",
                "earlyexit:4%", "patch:25%", "none:1", "skipdecode:4:max=0")) {
            String message = assertThrows(
                            IllegalArgumentException.class, () -> SkipPolicies.parse(spec, profile), spec)
                    .getMessage();
            assertTrue(message.contains("'" + spec + "'"), message);
            // The profile lacks stand-ins; all else is wrong without one too.
            if (!spec.equals("patch:25%")) {
                assertEquals(message, assertThrows(
                        IllegalArgumentException.class, () -> SkipPolicies.check(spec), spec).getMessage());
            }
        }
        for (String spec : List.of("cost:25%", "shortgpt:2", "patch:25%")) {
            String message = assertThrows(IllegalArgumentException.class, () -> SkipPolicies.parse(spec, null))
                    .getMessage();
            assertTrue(message.contains("calibrate"), message);
            SkipPolicies.check(spec);
        }
        for (String spec : List.of("shortgpt:6", "ffn:25%:cold=1073741824")) {
            assertThrows(IllegalArgumentException.class, () -> SkipPolicies.parse(spec, profile).plan(shape(6)), spec);
        }
        assertEquals(0, Share.parse("1e-999999999%").value());
        assertThrows(IllegalArgumentException.class, () -> SkipPolicies.parse("adaskip:2", profile).plan(shape(7)));
    }

    /** By trying all sets, with the harms that the method adds up. */
    @Property(tries = 40)
    void costAwareIsTheLeastHarmThatSavesEnough(
            @ForAll @LongRange(max = 1000) long seed, @ForAll @DoubleRange(min = 0.05, max = 0.7) double share) {
        int layers = 4;
        Random random = new Random(seed);
        double[] harm = random.doubles(2L * layers).toArray();
        double[] layerHarm = random.doubles(layers, 0, 1.5).toArray();
        List<SublayerCosts> costs = List.of(
                new SublayerCosts(Phase.PREFILL, 512, 1 + random.nextDouble(), 1 + random.nextDouble(), 0.1));
        Profile profile =
                Fixtures.random(layers, 8, seed).edit().harms(harm, layerHarm).costs(costs).build();
        BitSet chosen = new CostAware(profile, new Share(share), Mode.BOTH, true).sublayers(shape(layers));
        double best = Double.POSITIVE_INFINITY;
        for (int set = 0; set < 1 << 2 * layers; set++) {
            BitSet bits = BitSet.valueOf(new long[] {set});
            // Rounding may leave a set below the share that it saves exactly: one of four layers saves a quarter.
            if (saved(bits, costs.getFirst(), layers) >= share - 1e-9) {
                best = Math.min(best, harm(bits, harm, layerHarm));
            }
        }
        assertTrue(saved(chosen, costs.getFirst(), layers) >= share - 1e-9);
        assertEquals(best, harm(chosen, harm, layerHarm), 1e-9);
    }

    /** A measured harm and a similarity are of different units: one kind alone would mix them. */
    @Example
    void harmsOfOneKindAloneAreNoProfile() {
        double[] none = {};
        Profile.Builder sublayers = Fixtures.random(4, 8, 1).edit().harms(new double[8], none);
        Profile.Builder layers = Fixtures.random(4, 8, 1).edit().harms(none, new double[4]);
        assertThrows(IllegalArgumentException.class, sublayers::build);
        assertThrows(IllegalArgumentException.class, layers::build);
        assertEquals(8, Fixtures.random(4, 8, 1).edit().harms(new double[8], new double[4]).build().harm().length);
    }

    /** Of all beginnings of the measured orders that save enough, the shortest of each order, the one with the least harm. */
    @Property(tries = 60)
    void costAwareTakesTheBestMeasuredOrder(
            @ForAll @LongRange(max = 1000) long seed, @ForAll @DoubleRange(min = 0.05, max = 0.5) double share) {
        int layers = 6;
        Random random = new Random(seed);
        SublayerCosts costs = new SublayerCosts(Phase.PREFILL, 512, 1 + random.nextDouble(), 1 + random.nextDouble(), 0.1);
        List<List<Removal>> orders = new ArrayList<>();
        double least = Double.POSITIVE_INFINITY;
        BitSet best = null;
        for (int o = 0; o < 3; o++) {
            List<Integer> steps = new ArrayList<>(IntStream.range(0, 2 * layers).boxed().toList());
            Collections.shuffle(steps, random);
            List<Removal> order = new ArrayList<>();
            BitSet out = new BitSet();
            double harm = 0;
            boolean enough = false;
            for (int step : steps.subList(0, 3 + random.nextInt(2 * layers - 2))) {
                harm += random.nextDouble();
                order.add(new Removal(new Run(step, 1), harm));
                out.set(shape(layers).sublayer(step));
                if (!enough && saved(out, costs, layers) >= share * (1 - 1e-9)) {
                    enough = true;
                    if (harm < least) {
                        least = harm;
                        best = (BitSet) out.clone();
                    }
                }
            }
            orders.add(order);
        }
        Profile profile = Fixtures.random(layers, 8, seed).edit().costs(List.of(costs)).removals(orders).build();
        BitSet chosen = new CostAware(profile, new Share(share), Mode.BOTH, true).sublayers(shape(layers));
        if (best == null) {
            // No order goes so far: the harms of single sublayers decide.
            assertTrue(saved(chosen, costs, layers) >= share - 1e-9);
        } else {
            assertEquals(best, chosen);
        }
    }

    private static double saved(BitSet set, SublayerCosts costs, int layers) {
        int attention = set.get(0, layers).cardinality();
        return attention * costs.attentionShare(layers)
                + (set.cardinality() - attention) * costs.feedForwardShare(layers);
    }

    private static double harm(BitSet set, double[] harm, double[] layerHarm) {
        double sum = 0;
        for (int layer = 0; layer < layerHarm.length; layer++) {
            boolean attention = set.get(layer);
            boolean feedForward = set.get(layerHarm.length + layer);
            double apart = (attention ? harm[layer] : 0) + (feedForward ? harm[layerHarm.length + layer] : 0);
            sum += attention && feedForward ? Math.min(apart, layerHarm[layer]) : apart;
        }
        return sum;
    }

    /** Both phases get what was asked for, though attention weighs differently in them; and the scales are those of runs. */
    @Property(tries = 40)
    void costAwareSavesInEveryPhase(
            @ForAll @LongRange(max = 1000) long seed, @ForAll @DoubleRange(min = 0.05, max = 0.8) double share) {
        Profile profile = Fixtures.random(12, 8, seed).edit()
                .costs(List.of(
                        new SublayerCosts(Phase.PREFILL, 4096, 3, 1, 0), new SublayerCosts(Phase.DECODE, 64, 1, 3, 1)))
                .build();
        ModelShape shape = shape(12);
        CostAware policy = new CostAware(profile, new Share(share), Mode.BOTH, true);
        BitSet chosen = policy.sublayers(shape);
        for (SublayerCosts costs : profile.costs()) {
            assertTrue(saved(chosen, costs, 12) >= share - 1e-9);
        }
        SkipPlan plan = policy.plan(shape);
        plan.begin(Phase.PREFILL, 0, 1);
        SkipMeter meter = new SkipMeter(plan, shape);
        meter.begin(Phase.PREFILL, 0, 1);
        double log = 0;
        BitSet left = new BitSet();
        for (int step = 0; step < shape.sublayers(); step++) {
            if (meter.decide(shape.sublayer(step), Phase.PREFILL, 1) instanceof Decision.LeaveOut out) {
                left.set(shape.sublayer(step));
                log += Math.log(out.scale());
            }
        }
        assertEquals(chosen, left);
        assertEquals(chosen.cardinality(), meter.sublayers(Phase.PREFILL), 1e-12);
        assertEquals(saved(chosen, profile.costs().getFirst(), 12), meter.savedTime(profile.costs().getFirst()), 1e-9);
        assertEquals(runScales(shape, chosen, profile.importance()), log, 1e-4);
    }

    /** The log of all scales: each maximal run is taken apart into layers and single sublayers. */
    private static double runScales(ModelShape shape, BitSet chosen, Importance importance) {
        double log = 0;
        for (int layer = 0; layer < shape.layers(); ) {
            boolean attention = chosen.get(layer);
            boolean feedForward = chosen.get(shape.layers() + layer);
            if (attention && feedForward) {
                int end = layer;
                while (end < shape.layers() && chosen.get(end) && chosen.get(shape.layers() + end)) {
                    end++;
                }
                log += Math.log(importance.runScale(layer, end - layer));
                layer = end;
            } else {
                log += attention ? Math.log(importance.scale(layer)) : 0;
                log += feedForward ? Math.log(importance.scale(shape.layers() + layer)) : 0;
                layer++;
            }
        }
        return log;
    }

    @Property(tries = 60)
    void runSelectorIsExact(@ForAll @LongRange(max = 10_000) long seed) {
        Random random = new Random(seed);
        List<RunSelector.Candidate> candidates = new ArrayList<>();
        for (int start = 0; start < 6; start++) {
            for (int span = 1; start + span <= 6 && span <= 3; span++) {
                candidates.add(new RunSelector.Candidate(
                        new Run(start, span), random.nextInt(-1, 10), random.nextInt(0, 20)));
            }
        }
        double target = random.nextDouble(1, 25);
        double best = best(candidates, 0, 0, 0, target);
        if (best == Double.POSITIVE_INFINITY) {
            assertThrows(IllegalArgumentException.class, () -> RunSelector.choose(candidates, target));
            return;
        }
        List<RunSelector.Candidate> chosen = RunSelector.choose(candidates, target);
        int end = 0;
        for (RunSelector.Candidate candidate : chosen) {
            assertTrue(candidate.run().start() >= end);
            end = candidate.run().end();
        }
        assertTrue(chosen.stream().mapToDouble(RunSelector.Candidate::saved).sum() >= target - 1e-6);
        assertEquals(best, chosen.stream().mapToDouble(RunSelector.Candidate::harm).sum(), 1e-9);
    }

    private static double best(List<RunSelector.Candidate> all, int from, double saved, double harm, double target) {
        double best = saved >= target ? harm : Double.POSITIVE_INFINITY;
        for (RunSelector.Candidate candidate : all) {
            if (candidate.run().start() >= from) {
                best = Math.min(best, best(
                        all, candidate.run().end(), saved + candidate.saved(), harm + candidate.harm(), target));
            }
        }
        return best;
    }

    @Example
    void scalesOfBlockInfluenceCoverWholeRuns() {
        double[][] similarity = {{0.1, 0.9, 0.95, 0.2, 0.8}, {0, 0, 0, 0}};
        double[][] scale = {{1, 1, 1, 1, 1.25}, {1, 1.5, 1, 1}};
        double[] ones = new double[10];
        java.util.Arrays.fill(ones, 1);
        Profile profile = Profile.of("h", "t", 8, new Importance(1, ones, ones, similarity, scale)).build();
        SkipPlan plan = SkipPolicies.parse("shortgpt:3:scale", profile).plan(shape(5));
        plan.begin(Phase.PREFILL, 0, 1);
        float[] scales = new float[10];
        for (int sublayer = 0; sublayer < 10; sublayer++) {
            scales[sublayer] = plan.decide(sublayer, Phase.PREFILL, 1) instanceof Decision.LeaveOut out ? out.scale() : 0;
        }
        assertArrayEquals(new float[] {0, 1.5f, 1, 0, 1.25f, 0, 1, 1, 0, 1}, scales);
        assertFalse(plan.status().isEmpty());
    }
}
