package dev.skim.skip;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class StatisticsTest {
    /** Runs windows of so many tokens, each in chunks of the given size. */
    private static SublayerStatistics measure(ToyModel model, int chunk, int... windows) {
        SublayerStatistics statistics = new SublayerStatistics(model.shape, 3);
        int width = model.shape.width();
        for (int window : windows) {
            float[] text = ToyModel.embeddings(window, width, window);
            ToyModel.Session session = model.session(statistics);
            for (int at = 0; at < window; at += chunk) {
                int to = Math.min(window, at + chunk);
                session.pass(Phase.PREFILL, Arrays.copyOfRange(text, at * width, to * width));
            }
        }
        return statistics;
    }

    @Property(tries = 20)
    void chunksDoNotMatter(@ForAll @IntRange(min = 1, max = 9) int chunk, @ForAll @IntRange(max = 99) int seed) {
        ToyModel model = new ToyModel(4, 8, seed, 0.5);
        Importance whole = measure(model, 20, 9, 6).importance().orElseThrow();
        Importance parts = measure(model, chunk, 9, 6).importance().orElseThrow();
        assertEquals(15, parts.tokens());
        assertArrayEquals(whole.similarities(), parts.similarities(), 1e-12);
        assertArrayEquals(whole.scales(), parts.scales(), 1e-12);
        for (int n = 0; n < 3; n++) {
            assertArrayEquals(whole.runSimilarities()[n], parts.runSimilarities()[n], 1e-12);
            assertArrayEquals(whole.runScales()[n], parts.runScales()[n], 1e-12);
        }
    }

    /** Against the definition, from the streams themselves. */
    @Test
    void runsOfLayersAreMeasuredEndToEnd() {
        ToyModel model = new ToyModel(4, 8, 3, 0.5);
        float[] text = ToyModel.embeddings(7, 8, 1);
        float[][] streams = new float[5][];
        streams[0] = text;
        for (int layers = 1; layers <= 4; layers++) {
            int stop = layers;
            SkipPlan truncated = (sublayer, phase, tokens) ->
                    sublayer < 4 && sublayer >= stop ? Decision.STOP : Decision.RUN;
            streams[layers] = model.session(truncated).pass(Phase.PREFILL, text);
        }
        SublayerStatistics statistics = new SublayerStatistics(model.shape, 3);
        model.session(statistics).pass(Phase.PREFILL, text);
        Importance all = statistics.importance().orElseThrow();
        Importance rest = statistics.importanceWithoutFirst().orElseThrow();
        assertEquals(6, rest.tokens());
        for (int from = 0; from < 4; from++) {
            for (int count = 1; count <= 3 && from + count <= 4; count++) {
                double[] sums = new double[4];
                for (int t = 0; t < 7; t++) {
                    double ab = 0;
                    double aa = 0;
                    double bb = 0;
                    for (int i = t * 8; i < t * 8 + 8; i++) {
                        double a = streams[from][i];
                        double b = streams[from + count][i];
                        ab += a * b;
                        aa += a * a;
                        bb += b * b;
                    }
                    sums[0] += ab / Math.sqrt(aa * bb) / 7;
                    sums[1] += Math.sqrt(bb / aa) / 7;
                    sums[2] += t == 0 ? 0 : ab / Math.sqrt(aa * bb) / 6;
                    sums[3] += t == 0 ? 0 : Math.sqrt(bb / aa) / 6;
                }
                assertEquals(sums[0], all.runSimilarity(from, count), 1e-9);
                assertEquals(sums[1], all.runScale(from, count), 1e-9);
                assertEquals(sums[2], rest.runSimilarity(from, count), 1e-9);
                assertEquals(sums[3], rest.runScale(from, count), 1e-9);
            }
        }
        assertEquals(all.runScale(0, 3) * all.runScale(3, 1), all.runScale(0, 4), 1e-12, "pieced together");
    }

    @Property(tries = 20)
    void aCancelledPassCountsForNothing(
            @ForAll @IntRange(min = 1, max = 7) int cancelled, @ForAll @IntRange(max = 99) int seed,
            @ForAll boolean atTheStart) {
        ToyModel model = new ToyModel(4, 8, seed, 0.5);
        SublayerStatistics undisturbed = measure(model, 5, 9);
        SublayerStatistics statistics = new SublayerStatistics(model.shape, 3);
        ToyModel.Session session = model.session(statistics);
        float[] text = ToyModel.embeddings(9, 8, 9);
        if (!atTheStart) {
            session.pass(Phase.PREFILL, Arrays.copyOf(text, 5 * 8));
        }
        session.cancelledPass(Phase.PREFILL, ToyModel.embeddings(3, 8, seed), cancelled);
        if (atTheStart) {
            assertTrue(statistics.importance().isEmpty());
            session.pass(Phase.PREFILL, Arrays.copyOf(text, 5 * 8));
        }
        session.pass(Phase.PREFILL, Arrays.copyOfRange(text, 5 * 8, 9 * 8));
        same(undisturbed.importance().orElseThrow(), statistics.importance().orElseThrow());
        same(undisturbed.importanceWithoutFirst().orElseThrow(), statistics.importanceWithoutFirst().orElseThrow());
    }

    private static void same(Importance expected, Importance found) {
        assertEquals(expected.tokens(), found.tokens());
        assertArrayEquals(expected.similarities(), found.similarities());
        assertArrayEquals(expected.scales(), found.scales());
        assertArrayEquals(expected.runSimilarities(), found.runSimilarities());
        assertArrayEquals(expected.runScales(), found.runScales());
    }

    @Test
    void aSublayerThatAddsNothingComesFirst() {
        ToyModel model = new ToyModel(3, 8, 5, 0);
        SublayerStatistics statistics = new SublayerStatistics(model.shape);
        model.session(statistics).pass(Phase.PREFILL, ToyModel.embeddings(5, 8, 2));
        Importance importance = statistics.importance().orElseThrow();
        for (int sublayer = 0; sublayer < 6; sublayer++) {
            assertEquals(1, importance.similarity(sublayer), 1e-12);
            assertEquals(1, importance.scale(sublayer), 1e-12);
        }
        // All tied: attention first, lower layer first.
        assertArrayEquals(new int[] {0, 1, 2, 3, 4, 5}, importance.order());
    }

    @Test
    void zeroVectorsAreGuarded() {
        ToyModel model = new ToyModel(2, 8, 5, 0.3);
        SublayerStatistics statistics = new SublayerStatistics(model.shape);
        model.session(statistics).pass(Phase.PREFILL, new float[3 * 8]);
        Importance importance = statistics.importance().orElseThrow();
        assertEquals(0, importance.similarity(0));
        assertEquals(1, importance.scale(0));
        assertTrue(statistics.importanceWithoutFirst().isPresent());
    }
}
