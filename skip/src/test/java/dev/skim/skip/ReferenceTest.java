package dev.skim.skip;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Orders, skip sets, beta and extra sets against an independent implementation on the real model. */
class ReferenceTest {
    /** Every sublayer that does not run in the prompt, with its scale. */
    private static Map<Integer, Float> leftOut(SkipPolicy policy) {
        ModelShape shape = Fixtures.SMOL;
        SkipPlan plan = policy.plan(shape);
        plan.newRequest();
        plan.begin(Phase.PREFILL, 0, 7);
        Map<Integer, Float> out = new TreeMap<>();
        for (int step = 0; step < shape.sublayers(); step++) {
            int sublayer = shape.sublayer(step);
            switch (plan.decide(sublayer, Phase.PREFILL, 7)) {
                case Decision.LeaveOut leave -> out.put(sublayer, leave.scale());
                case Decision.Stop stop -> {
                    for (int rest = step; rest < shape.sublayers(); rest++) {
                        out.put(shape.sublayer(rest), 1f);
                    }
                    return out;
                }
                case Decision.Run run -> { }
                default -> throw new AssertionError("no such decision is expected");
            }
        }
        return out;
    }

    @TestFactory
    List<DynamicTest> skipSets() {
        JsonNode reference = Fixtures.reference();
        Profile profile = Fixtures.referenceProfile(reference);
        Map<String, String> specs = new TreeMap<>();
        specs.put("full", "none");
        specs.put("adaskip 8/7", "adaskip:8/7");
        specs.put("adaskip 8/7 without scale", "adaskip:8/7:noscale");
        specs.put("adaskip 4/3", "adaskip:4/3:prefill");
        specs.put("adaskip 4/3 without scale", "adaskip:n=15:noscale");
        for (int layers : new int[] {4, 7}) {
            specs.put("early exit " + layers, "earlyexit:" + layers);
            specs.put("skipdecode " + layers + " (prefill)", "skipdecode:" + layers + ":prefill");
            specs.put("unified balanced, " + layers + " layers dropped", "balanced:30/" + (30 - layers) + ":both");
            specs.put("block influence " + layers, "shortgpt:" + layers);
        }
        specs.put("paper's unified N=4", "paper-unified:4");
        specs.put("paper's unified N=8", "paper-unified:8");
        List<DynamicTest> tests = new ArrayList<>();
        reference.get("policies").fields().forEachRemaining(entry -> tests.add(DynamicTest.dynamicTest(entry.getKey(), () -> {
            Map<Integer, Float> expected = new TreeMap<>();
            entry.getValue().path("skip").fields().forEachRemaining(
                    skip -> expected.put(Integer.valueOf(skip.getKey()), (float) skip.getValue().asDouble()));
            String spec = specs.get(entry.getKey());
            assertTrue(spec != null, "this policy of the reference is not known: " + entry.getKey());
            assertEquals(expected, leftOut(SkipPolicies.parse(spec, profile)));
        })));
        assertEquals(specs.size(), tests.size());
        return tests;
    }

    @Test
    void orders() {
        JsonNode reference = Fixtures.reference();
        Importance importance = Fixtures.referenceProfile(reference).importance();
        assertOrder(Fixtures.doubles(reference.get("order")), importance.order(), importance.similarities());
        assertOrder(
                Fixtures.doubles(reference.get("layer_order")), importance.layerOrder(), importance.runSimilarities()[0]);
    }

    /** The same order, but for neighbours closer than 2e-5. */
    private static void assertOrder(double[] expected, int[] order, double[] similarity) {
        assertEquals(expected.length, order.length);
        for (int i = 0; i < order.length; i++) {
            assertEquals(similarity[(int) expected[i]], similarity[order[i]], 2e-5, "place " + i);
        }
    }

    @TestFactory
    List<DynamicTest> onlineStage() {
        JsonNode reference = Fixtures.reference();
        Profile profile = Fixtures.referenceProfile(reference);
        List<DynamicTest> tests = new ArrayList<>();
        for (JsonNode run : reference.get("greedy")) {
            String spec = "adaskip:" + run.get("ratio").asText() + ":" + run.get("mode").asText();
            tests.add(DynamicTest.dynamicTest(spec + " " + run.get("case").asText(), () -> online(profile, run, spec)));
        }
        return tests;
    }

    private static void online(Profile profile, JsonNode run, String spec) {
        ModelShape shape = Fixtures.SMOL;
        AdaSkipPlan plan = (AdaSkipPlan) SkipPolicies.parse(spec, profile).plan(shape);
        assertEquals(run.get("skip_count").asInt(), plan.offlineSet().cardinality());
        assertEquals(run.get("beta").asDouble(), plan.beta(), 1e-7);
        plan.newRequest();
        plan.begin(Phase.PREFILL, 0, 5);
        plan.end(Phase.PREFILL);
        Map<Integer, Float> expected = new TreeMap<>();
        run.get("extra").fields().forEachRemaining(
                extra -> expected.put(Integer.valueOf(extra.getKey()), (float) extra.getValue().asDouble()));
        for (int step = 0; step < AdaSkip.WINDOW; step++) {
            plan.begin(Phase.DECODE, 5 + step, 1);
            assertTrue(plan.extraSet().isEmpty());
            for (int sublayer = shape.layers(); sublayer < shape.sublayers(); sublayer++) {
                boolean runs = plan.decide(sublayer, Phase.DECODE, 1) instanceof Decision.Run;
                assertEquals(!plan.offlineSet().get(sublayer), runs);
                if (runs) {
                    // Two vectors with the window's mean cosine, and the mean ratio where the reference tells it.
                    double cosine = run.get("window_similarity").get(Integer.toString(sublayer)).asDouble();
                    float ratio = expected.getOrDefault(sublayer, 1f);
                    float[] input = {1, 0};
                    float[] output = {(float) (ratio * cosine), (float) (ratio * Math.sqrt(1 - cosine * cosine))};
                    assertTrue(plan.observes(sublayer, Phase.DECODE));
                    plan.observe(sublayer, Phase.DECODE, input, output, 1, 2);
                }
            }
            plan.end(Phase.DECODE);
        }
        assertEquals(expected.keySet(), plan.extraSet().stream().boxed().collect(java.util.stream.Collectors.toSet()));
        plan.begin(Phase.DECODE, 5 + AdaSkip.WINDOW, 1);
        expected.forEach((sublayer, scale) -> assertEquals(
                scale, ((Decision.LeaveOut) plan.decide(sublayer, Phase.DECODE, 1)).scale(), 1e-5f));
        plan.newRequest();
        assertTrue(plan.extraSet().isEmpty());
    }
}
