package dev.skim.skip;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** The rejection rule, the lookup and the monitor of speculation. */
class SpeculationTest {
    private static final int GRID = 480;

    /** Gives two numbers that were fixed before. */
    private record Two(double[] numbers, int[] next) implements RandomGenerator {
        @Override
        public double nextDouble() {
            return numbers[next[0]++];
        }

        @Override
        public long nextLong() {
            throw new UnsupportedOperationException();
        }
    }

    @Provide
    Arbitrary<int[]> shares() {
        return Arbitraries.integers().between(0, 5).array(int[].class).ofSize(4).filter(s -> s[0] + s[1] + s[2] + s[3] > 0);
    }

    private static float[] distribution(int[] shares) {
        float sum = shares[0] + shares[1] + shares[2] + shares[3];
        return new float[] {shares[0] / sum, shares[1] / sum, shares[2] / sum, shares[3] / sum};
    }

    /** Over all random numbers of a grid, what comes out is p, whatever q drafted. */
    @Property(tries = 60)
    void theTextHasTheFullModelsDistribution(@ForAll("shares") int[] wanted, @ForAll("shares") int[] drafted) {
        float[] p = distribution(wanted);
        float[] q = distribution(drafted);
        double[] seen = new double[4];
        for (int token = 0; token < 4; token++) {
            for (int i = 0; i < GRID && q[token] > 0; i++) {
                for (int j = 0; j < GRID; j += 4) {
                    Two random = new Two(new double[] {(i + 0.5) / GRID, (j + 2.0) / GRID}, new int[1]);
                    seen[Speculation.next(token, p, q, random)] += q[token] / (GRID * (GRID / 4.0));
                }
            }
        }
        for (int token = 0; token < 4; token++) {
            assertEquals(p[token], seen[token], 0.01, "token " + token);
        }
    }

    @Test
    void aTokenThatCannotHaveBeenDrawnIsRefused() {
        float[] p = {0.5f, 0.5f};
        assertThrows(IllegalArgumentException.class,
                () -> Speculation.next(1, p, new float[] {1, 0}, new Two(new double[2], new int[1])));
    }

    /** Against the definition, after adding and taking back. */
    @Property(tries = 300)
    void lookupFindsTheLatestPlaceOfTheLongestNGram(
            @ForAll("texts") List<Integer> first, @ForAll("texts") List<Integer> second, @ForAll @IntRange(max = 30) int kept) {
        PromptLookup lookup = new PromptLookup(2, 4);
        lookup.set(first.stream().mapToInt(t -> t).toArray());
        List<Integer> text = new ArrayList<>(first.subList(0, Math.min(kept, first.size())));
        text.addAll(second);
        lookup.set(text.stream().mapToInt(t -> t).toArray());
        assertEquals(text.size(), lookup.size());
        int[] out = new int[6];
        int place = -1;
        for (int n = 4; n >= 2 && place < 0; n--) {
            for (int end = text.size() - 1; end >= n && place < 0; end--) {
                if (text.subList(end - n, end).equals(text.subList(Math.max(0, text.size() - n), text.size()))) {
                    place = end;
                }
            }
        }
        int count = lookup.draft(out, out.length);
        assertEquals(place < 0 ? 0 : out.length, count);
        List<Integer> copied = new ArrayList<>(text);
        for (int k = 0; k < count; k++) {
            assertEquals(copied.get(place + k), out[k]);
            copied.add(out[k]);
        }
        if (count > 0) {
            int same = 0;
            while (same < place && text.get(place - 1 - same).equals(text.get(text.size() - 1 - same))) {
                same++;
            }
            assertEquals(Math.min(same, 64), lookup.matched());
        }
    }

    @Provide
    Arbitrary<List<Integer>> texts() {
        return Arbitraries.integers().between(0, 2).list().ofMaxSize(40);
    }

    /** A machine on which times are what they are told to be. */
    private static final class Simulation {
        final SpeculationMonitor monitor = new SpeculationMonitor(0.8);
        final RandomGenerator random;
        final double base;
        final double slope;
        final double draftCost;
        double time;
        int tokens;

        Simulation(double base, double slope, double draftCost, long seed) {
            this.base = base;
            this.slope = slope;
            this.draftCost = draftCost;
            random = new java.util.SplittableRandom(seed);
        }

        void run(int wanted, double acceptance) {
            int end = tokens + wanted;
            while (tokens < end) {
                int length = monitor.draftLength(15, 0);
                double noise = 0.97 + 0.06 * random.nextDouble();
                if (length == 0) {
                    time += noise;
                    tokens++;
                    monitor.plain((long) (1e7 * noise));
                    continue;
                }
                int accepted = 0;
                while (accepted < length && random.nextDouble() < acceptance) {
                    accepted++;
                }
                double draft = length * draftCost * noise;
                double verify = (1 + base + length * slope) * noise;
                time += draft + verify;
                tokens += accepted + 1;
                monitor.round(0, length, Math.min(length, accepted + 1), accepted, (long) (1e7 * draft), (long) (1e7 * verify));
            }
        }
    }

    /** Whatever drafting costs and brings, and even where it stops to bring anything, a text is hardly slower. */
    @Property(tries = 200)
    void neverMuchSlowerThanWithout(
            @ForAll @IntRange(max = 20) int base,
            @ForAll @IntRange(max = 20) int slope,
            @ForAll @IntRange(max = 10) int draft,
            @ForAll @IntRange(max = 10) int acceptance,
            @ForAll @IntRange(max = 10) int later,
            @ForAll long seed) {
        Simulation text = new Simulation(base / 10.0, slope / 20.0, draft / 10.0, seed);
        text.run(300, acceptance / 10.0);
        double half = text.time;
        // What it begins with, and what the first rounds cost while nothing is known of it.
        double least = 3 + text.base + 2 * (text.slope + text.draftCost);
        assertTrue(half <= 1.03 * text.tokens + least, half + " steps for " + text.tokens);
        int tokens = text.tokens;
        text.monitor.newRequest();
        text.run(600, later / 10.0);
        assertTrue(text.time - half <= 1.03 * (text.tokens - tokens) + least,
                text.time - half + " steps for " + (text.tokens - tokens));
    }

    @Test
    void gainsWhereDraftsAreRight() {
        // A batch of 16 in five steps, as measured for SmolLM2-135M.
        Simulation copy = new Simulation(0.9, 0.2, 0, 1);
        copy.run(128, 0.98);
        assertTrue(copy.time < 128 / 1.8, copy.time + " steps for 128 tokens");
        assertTrue(copy.monitor.paying());
    }

    @Test
    void comesBackWhenDraftsBecomeRight() {
        Simulation text = new Simulation(0.9, 0.2, 0, 2);
        text.run(200, 0.05);
        long tried = text.monitor.drafted();
        assertTrue(tried < 40, tried + " drafted in vain");
        assertTrue(!text.monitor.paying());
        double before = text.time;
        text.run(800, 0.98);
        assertTrue(text.monitor.paying());
        assertTrue(text.time - before < 800 / 1.3, text.time - before + " steps for 800 tokens");
    }

    @Test
    void refusesRoundsThatCannotBe() {
        SpeculationMonitor monitor = new SpeculationMonitor();
        monitor.plain(1000);
        assertThrows(IllegalArgumentException.class, () -> monitor.round(0, 3, 4, 4, 0, 1));
        assertThrows(IllegalArgumentException.class, () -> monitor.round(0, 3, 3, 1, 0, 1));
        assertThrows(IllegalArgumentException.class, () -> monitor.round(0, 0, 0, 0, 0, 1));
    }
}
