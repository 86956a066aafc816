package dev.skim.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skim.llm.Model;
import dev.skim.llm.Session;
import dev.skim.llm.SessionOptions;
import dev.skim.llm.profile.Profiles;
import dev.skim.llm.verify.Compare;
import dev.skim.skip.AdaSkipPlan;
import dev.skim.skip.Importance;
import dev.skim.skip.Profile;
import dev.skim.skip.SkipPlan;
import dev.skim.skip.SkipPolicies;
import dev.skim.skip.SkipPolicy;
import dev.skim.skip.SublayerStatistics;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** AdaSkip on the real model against an independent implementation: ../shared/reference/skip/adaskip.json. */
class AdaSkipReferenceTest {
    private static final boolean LONG = Boolean.getBoolean("skim.long");
    private static final int WINDOW = 512;

    private static JsonNode reference;
    private static Model model;
    private static Profile profile;

    @BeforeAll
    static void calibrate() throws IOException {
        reference = new ObjectMapper().readTree(Reference.path("skip/adaskip.json").toFile());
        model = Model.load(Reference.model());
        int[] tokens = model.tokenizer()
                .encode(Files.readString(Reference.data("shakespeare.txt")), false, false);
        SublayerStatistics statistics = new SublayerStatistics(model.shape());
        for (int w = 0; w < 8; w++) {
            try (Session session = model.openSession(new SessionOptions(WINDOW, shape -> statistics))) {
                session.prefill(Arrays.copyOfRange(tokens, w * WINDOW, (w + 1) * WINDOW));
            }
        }
        profile = Profile.of(
                        Profiles.hash(model),
                        Profiles.tensorTypes(model),
                        model.shape().width(),
                        statistics.importance().orElseThrow())
                .build();
    }

    @AfterAll
    static void close() {
        if (model != null) {
            model.close();
        }
    }

    private static double[] numbers(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false).mapToDouble(JsonNode::asDouble).toArray();
    }

    @Test
    void similaritiesAndScales() {
        Importance importance = profile.importance();
        assertEquals(8 * WINDOW, importance.tokens());
        double[] similarity = numbers(reference.get("similarity"));
        double[] scale = numbers(reference.get("scale"));
        assertEquals(similarity.length, 2 * importance.layers());
        for (int s = 0; s < similarity.length; s++) {
            assertEquals(similarity[s], importance.similarity(s), 1e-4, "similarity of sublayer " + s);
            assertEquals(scale[s], importance.scale(s), 1e-4, "scale of sublayer " + s);
        }
        double[] layers = numbers(reference.get("layer_similarity"));
        for (int layer = 0; layer < layers.length; layer++) {
            assertEquals(layers[layer], importance.layerSimilarity(layer), 1e-4, "similarity of layer " + layer);
        }
        assertOrder(reference.get("order"), importance.order(), similarity);
        assertOrder(reference.get("layer_order"), importance.layerOrder(), layers);
    }

    /** The same order, but that neighbours closer than 2e-5 may have changed places. */
    private static void assertOrder(JsonNode expected, int[] order, double[] values) {
        assertEquals(expected.size(), Arrays.stream(order).distinct().count());
        for (int i = 0; i < order.length; i++) {
            int wanted = expected.get(i).asInt();
            assertTrue(
                    order[i] == wanted || Math.abs(values[order[i]] - values[wanted]) < 2e-5,
                    order[i] + " is at place " + i + " of the order, where " + wanted + " should be");
        }
    }

    /** Over the 24 windows of perplexity.json; the long suite measures more policies. */
    @Test
    void perplexities() throws IOException {
        Map<String, String> specs = new HashMap<>(Map.of("adaskip 8/7", "adaskip:8/7"));
        if (LONG) {
            specs.put("adaskip 8/7 without scale", "adaskip:8/7:noscale");
            specs.put("adaskip 4/3", "adaskip:4/3");
            specs.put("adaskip 4/3 without scale", "adaskip:4/3:noscale");
            specs.put("block influence 4", "shortgpt:4");
            specs.put("block influence 7", "shortgpt:7");
            specs.put("unified balanced, 4 layers dropped", "balanced:30/26:both");
        }
        int[] tokens = model.tokenizer()
                .encode(Files.readString(Reference.data("wikitext-2-test.txt")), false, false);
        for (Map.Entry<String, String> spec : specs.entrySet()) {
            double expected = reference.get("policies").get(spec.getKey()).get("perplexity").asDouble();
            SkipPolicy policy = SkipPolicies.parse(spec.getValue(), profile);
            double sum = 0;
            int scored = 0;
            try (Session session = model.openSession(new SessionOptions(WINDOW, policy))) {
                for (int w = 0; w < 24; w++) {
                    int from = w * WINDOW;
                    int half = from + WINDOW / 2;
                    session.truncate(0);
                    session.prefill(Arrays.copyOfRange(tokens, from, half));
                    float[][] rows = session.prefillAllLogits(Arrays.copyOfRange(tokens, half, from + WINDOW - 1));
                    sum += Compare.surprise(rows, Arrays.copyOfRange(tokens, half + 1, from + WINDOW));
                    scored += rows.length;
                }
            }
            assertEquals(expected, Math.exp(sum / scored), 0.005 * expected, spec.getKey());
        }
    }

    /**
     * Greedy text with the online stage, fed with the recorded tokens so that one near tie does not end the comparison:
     * every token whose recorded margin is 0.02 or more must be the greedy one, as long as the extra sets agree.
     */
    @Test
    void greedyTextAndExtraSets() throws IOException {
        Map<String, int[]> prompts = new HashMap<>();
        for (JsonNode one : new ObjectMapper().readTree(Reference.path("smollm2/cases.json").toFile()).get("cases")) {
            prompts.put(one.get("name").asText(), Arrays.stream(numbers(one.get("tokens"))).mapToInt(x -> (int) x).toArray());
        }
        int compared = 0;
        int extras = 0;
        JsonNode cases = reference.get("greedy");
        for (int i = 0; i < cases.size(); i += LONG ? 1 : 5) {
            JsonNode one = cases.get(i);
            String name = one.get("case").asText() + " " + one.get("ratio").asText() + " " + one.get("mode").asText();
            List<SkipPlan> plans = new ArrayList<>();
            SkipPolicy policy =
                    SkipPolicies.parse("adaskip:" + one.get("ratio").asText() + ":" + one.get("mode").asText(), profile);
            int[] prompt = prompts.get(one.get("case").asText());
            int[] greedy = Arrays.stream(numbers(one.get("greedy"))).mapToInt(x -> (int) x).toArray();
            double[] margins = numbers(one.get("greedy_margins"));
            try (Session session = model.openSession(new SessionOptions(prompt.length + greedy.length, shape -> {
                plans.add(policy.plan(shape));
                return plans.getFirst();
            }))) {
                AdaSkipPlan plan = (AdaSkipPlan) plans.getFirst();
                assertEquals(one.get("skip_count").asInt(), plan.offlineSet().cardinality(), name);
                assertEquals(one.get("beta").asDouble(), plan.beta(), 1e-4, name);
                session.newRequest();
                session.prefill(prompt);
                boolean sameExtras = true;
                for (int step = 0; step < greedy.length && sameExtras; step++) {
                    if (margins[step] >= 0.02) {
                        assertEquals(greedy[step], Compare.argmax(session.logits()), name + ", step " + step);
                        compared++;
                    }
                    session.decode(greedy[step]);
                    // P = 20 of the paper's code: the set is complete.
                    if (step == 19) {
                        BitSet expected = extras(one);
                        sameExtras = expected.equals(plan.extraSet());
                        assertExtras(one, expected, plan.extraSet(), name);
                        extras += expected.cardinality();
                    }
                }
            }
        }
        assertTrue(compared > 200, compared + " tokens were compared");
        assertTrue(extras > 20, extras + " sublayers were added");
    }

    private static BitSet extras(JsonNode one) {
        BitSet set = new BitSet();
        one.get("extra").fieldNames().forEachRemaining(sublayer -> set.set(Integer.parseInt(sublayer)));
        return set;
    }

    /** Sublayers within 2e-4 of beta may fall on either side. */
    private static void assertExtras(JsonNode one, BitSet expected, BitSet found, String name) {
        BitSet differ = (BitSet) expected.clone();
        differ.xor(found);
        differ.stream().forEach(sublayer -> assertTrue(
                Math.abs(one.get("window_similarity").get(Integer.toString(sublayer)).asDouble()
                                - one.get("beta").asDouble()) <= 2e-4,
                name + ": sublayer " + sublayer + " is in one extra set alone"));
    }
}
