package dev.skim.llm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import org.junit.jupiter.api.Test;

/** The sampler against its definition, written out in double over a full sort. */
class SamplerTest {
    /** What is asked of the sampler: options, logits, and the tokens before. */
    record Question(Sampling options, float[] logits, int[] recent) {}

    @Provide
    Arbitrary<Question> questions() {
        // Few distinct values, so that ties are frequent; now and then a token that is ruled out.
        Arbitrary<Float> logit = Arbitraries.frequencyOf(
                Tuple.of(5, Arbitraries.integers().between(-12, 12).map(i -> i / 2f)),
                Tuple.of(5, Arbitraries.floats().between(-20, 20)),
                Tuple.of(1, Arbitraries.of(0f, -0f, Float.NEGATIVE_INFINITY)));
        Arbitrary<float[]> logits = logit.array(Float[].class).ofMinSize(1).ofMaxSize(60).map(boxed -> {
            float[] values = new float[boxed.length + 1];
            for (int i = 0; i < boxed.length; i++) {
                values[i] = boxed[i];
            }
            return values;
        });
        Arbitrary<Sampling> options = Combinators.combine(
                        Arbitraries.of(0f, 0.3f, 0.8f, 1f, 2f, 1e-30f),
                        Arbitraries.of(0, 1, 2, 5, 40, 1000),
                        Arbitraries.of(0f, 0.1f, 0.5f, 0.9f, 1f),
                        Arbitraries.of(0f, 0.05f, 0.5f, 1f),
                        Arbitraries.of(1f, 1.3f, 0.7f),
                        Arbitraries.of(0, 1, 3, 64),
                        Arbitraries.longs())
                .as(Sampling::new);
        return Combinators.combine(options, logits, Arbitraries.integers().between(0, 60).list().ofMaxSize(10))
                .as((o, l, r) -> new Question(o, l, r.stream().mapToInt(t -> t % l.length).toArray()));
    }

    /** The tokens that may be chosen, the most likely first. */
    private static List<Integer> allowed(Question q) {
        double[] logits = penalised(q);
        List<Integer> tokens = new ArrayList<>(IntStream.range(0, logits.length)
                .filter(i -> logits[i] > Double.NEGATIVE_INFINITY)
                .boxed()
                .sorted(Comparator.<Integer>comparingDouble(i -> -logits[i]).thenComparing(i -> i))
                .toList());
        Sampling o = q.options;
        if (o.temperature() == 0) {
            return tokens.subList(0, 1);
        }
        if (o.topK() > 0 && o.topK() < tokens.size()) {
            tokens = tokens.subList(0, o.topK());
        }
        double[] weights = weights(q, logits);
        double total = tokens.stream().mapToDouble(i -> weights[i]).sum();
        if (o.topP() < 1) {
            double sum = 0;
            int size = 0;
            do {
                sum += weights[tokens.get(size++)];
            } while (size < tokens.size() && sum < o.topP() * total);
            tokens = tokens.subList(0, size);
        }
        double most = weights[tokens.getFirst()];
        return tokens.stream().filter(i -> weights[i] >= o.minP() * most).toList();
    }

    private static double[] weights(Question q, double[] logits) {
        double largest = Arrays.stream(logits).max().orElseThrow();
        return Arrays.stream(logits).map(l -> Math.exp((l - largest) / q.options.temperature())).toArray();
    }

    private static double[] penalised(Question q) {
        Set<Integer> recent = new HashSet<>();
        for (int i = Math.max(0, q.recent.length - q.options.repeatLastN()); i < q.recent.length; i++) {
            recent.add(q.recent[i]);
        }
        return IntStream.range(0, q.logits.length)
                .mapToDouble(i -> {
                    float penalty = recent.contains(i) ? q.options.repeatPenalty() : 1;
                    return q.logits[i] > 0 ? q.logits[i] / penalty : q.logits[i] * penalty;
                })
                .map(l -> l + 0.0)
                .toArray();
    }

    @Property(tries = 4000)
    void filtersKeepTheDefinedSet(@ForAll("questions") Question q) {
        Sampler sampler = new Sampler(q.options, q.logits.length);
        sampler.reset(q.recent);
        float[] before = q.logits.clone();
        int token = sampler.next(q.logits);
        assertArrayEquals(before, q.logits, "the logits are left as they are");
        List<Integer> allowed = allowed(q);
        if (q.options.temperature() == 0 || q.options.topK() == 1) {
            assertEquals(allowed.getFirst(), token);
        } else {
            assertTrue(allowed.contains(token));
            assertEquals(
                    allowed.stream().sorted().toList(),
                    Arrays.stream(sampler.kept()).sorted().boxed().toList());
        }
    }

    @Property(tries = 300)
    void topKOfOneIsGreedy(@ForAll("questions") Question q) {
        Sampling o = q.options;
        Sampler greedy = new Sampler(
                new Sampling(0, 0, 1, 0, o.repeatPenalty(), o.repeatLastN(), 1), q.logits.length);
        Sampler one = new Sampler(
                new Sampling(1.5f, 1, o.topP(), o.minP(), o.repeatPenalty(), o.repeatLastN(), 2), q.logits.length);
        greedy.reset(q.recent);
        one.reset(q.recent);
        for (int i = 0; i < 5; i++) {
            assertEquals(greedy.next(q.logits), one.next(q.logits));
        }
    }

    /** Chi-square of 20,000 draws against the definition, at a fixed seed: a quantile that one in 10^6 would exceed. */
    @Test
    void drawsFollowTheDistribution() {
        Random random = new Random(5);
        for (Sampling options : List.of(
                new Sampling(1, 0, 1, 0, 1, 64, 11),
                new Sampling(0.7f, 0, 1, 0, 1, 64, 12),
                new Sampling(1.5f, 8, 1, 0, 1, 64, 13),
                new Sampling(1, 0, 0.8f, 0, 1, 64, 14),
                new Sampling(1, 0, 1, 0.1f, 1, 64, 15),
                new Sampling(0.9f, 10, 0.95f, 0.05f, 1.2f, 64, 16))) {
            float[] logits = new float[20];
            for (int i = 0; i < logits.length; i++) {
                logits[i] = (float) random.nextGaussian();
            }
            Question q = new Question(options, logits, new int[] {3, 4, 3});
            List<Integer> allowed = allowed(q);
            double[] weights = weights(q, penalised(q));
            double total = allowed.stream().mapToDouble(i -> weights[i]).sum();
            Sampler sampler = new Sampler(options, logits.length);
            sampler.reset(q.recent);
            int draws = 20_000;
            int[] counts = new int[logits.length];
            for (int i = 0; i < draws; i++) {
                counts[sampler.next(logits)]++;
            }
            double chiSquare = 0;
            for (int token : allowed) {
                double expected = draws * weights[token] / total;
                chiSquare += (counts[token] - expected) * (counts[token] - expected) / expected;
            }
            int freedom = allowed.size() - 1;
            // Wilson and Hilferty's approximation of the quantile.
            double bound = freedom * Math.pow(1 - 2.0 / (9 * freedom) + 4.75 * Math.sqrt(2.0 / (9 * freedom)), 3);
            assertTrue(chiSquare < bound, options + ": chi-square " + chiSquare + " of " + freedom + " degrees");
            assertEquals(draws, allowed.stream().mapToInt(i -> counts[i]).sum());
        }
    }

    @Test
    void theSameSeedGivesTheSameTokens() {
        float[] logits = new float[500];
        Sampler first = new Sampler(new Sampling(1, 0, 1, 0, 1.1f, 8, 42), logits.length);
        Sampler second = new Sampler(new Sampling(1, 0, 1, 0, 1.1f, 8, 42), logits.length);
        Sampler other = new Sampler(new Sampling(1, 0, 1, 0, 1.1f, 8, 43), logits.length);
        int[] tokens = run(first, logits);
        assertArrayEquals(tokens, run(second, logits));
        assertTrue(!Arrays.equals(tokens, run(other, logits)));
        first.reset(new int[0]);
        assertArrayEquals(tokens, run(first, logits));
    }

    private static int[] run(Sampler sampler, float[] logits) {
        int[] tokens = new int[30];
        for (int i = 0; i < tokens.length; i++) {
            tokens[i] = sampler.next(logits);
            sampler.accept(tokens[i]);
        }
        return tokens;
    }

    @Test
    void thePenaltyLooksAtTheLastTokensOnly() {
        Sampler sampler = new Sampler(new Sampling(0, 0, 1, 0, 2, 2, 0), 4);
        float[] logits = {4, 3, 3, 2.5f};
        int[] tokens = new int[6];
        for (int i = 0; i < tokens.length; i++) {
            tokens[i] = sampler.next(logits);
            sampler.accept(tokens[i]);
        }
        assertArrayEquals(new int[] {0, 1, 2, 0, 1, 2}, tokens);
    }

    @Test
    void greedyTakesTheLowestOfEquals() {
        assertEquals(1, new Sampler(Sampling.GREEDY, 4).next(new float[] {-1, 0f, -0f, 0f}));
        assertEquals(0, new Sampler(Sampling.GREEDY, 2).next(new float[] {-0f, 0f}));
    }

    @Test
    void logitsThatAreNoNumbersAreSaid() {
        for (Sampling options : List.of(Sampling.GREEDY, new Sampling(1, 2, 0.9f, 0.1f, 1, 0, 0))) {
            Sampler sampler = new Sampler(options, 3);
            for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
                SkimException e = assertThrows(SkimException.class, () -> sampler.next(new float[] {0, 1, bad}));
                assertTrue(e.getMessage().contains("token 2"), e.getMessage());
            }
            float none = Float.NEGATIVE_INFINITY;
            assertThrows(SkimException.class, () -> sampler.next(new float[] {none, none, none}));
            assertEquals(1, sampler.next(new float[] {none, 0, none}));
            assertThrows(IllegalArgumentException.class, () -> sampler.next(new float[2]));
            assertThrows(IndexOutOfBoundsException.class, () -> sampler.accept(3));
        }
    }
}
