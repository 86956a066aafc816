package dev.skim.skip;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.skim.tensor.ElementType;
import dev.skim.tensor.Workers;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.lifecycle.AfterContainer;

/** The calibration against what it saves itself: reading each window from the start for each run. */
class StandInCalibrationTest {
    private static final float EPSILON = 1e-5f;
    private static final int WIDTH = 8;
    private static final int TOKENS = 14;
    private static final double[] RIDGES = {1e-5, 1e-4, 1e-3, 1e-2};
    private static final Workers WORKERS = new Workers(1);

    @AfterContainer
    static void close() {
        WORKERS.close();
    }

    private static StandInCalibration calibration(ModelShape shape, List<Run> runs, int rank) {
        return new StandInCalibration(
                shape, runs, new StandInCalibration.Settings(new Share(0.25), EPSILON, rank, ElementType.BF16), WORKERS);
    }

    private static float[] read(ToyModel model, SkipPlan plan, int window, int chunk) {
        float[] text = ToyModel.embeddings(TOKENS, WIDTH, window);
        float[] stream = new float[text.length];
        ToyModel.Session session = model.session(plan);
        for (int at = 0; at < TOKENS; at += chunk) {
            int to = Math.min(TOKENS, at + chunk);
            float[] part = session.pass(Phase.PREFILL, Arrays.copyOfRange(text, at * WIDTH, to * WIDTH));
            System.arraycopy(part, 0, stream, at * WIDTH, part.length);
        }
        return stream;
    }

    /** The model with stand-ins, up to before a step. */
    private static SkipPlan truncated(ModelShape shape, List<StandInWeights> standIns, int end) {
        return (sublayer, phase, tokens) -> {
            int step = shape.step(sublayer);
            if (step >= end) {
                return Decision.STOP;
            }
            for (StandInWeights weights : standIns) {
                if (weights.run().start() == step) {
                    return new Decision.Replace(new LinearStandIn(weights, WORKERS), weights.run().span());
                }
            }
            return Decision.RUN;
        };
    }

    /** At step 0, adjoining, of one sublayer: anything that does not overlap in three layers. */
    @Provide
    Arbitrary<List<Run>> runs() {
        return Arbitraries.integers().between(0, 3).array(int[].class).ofSize(4).map(numbers -> {
            List<Run> runs = new ArrayList<>();
            int at = 0;
            for (int i = 0; i < 4; i += 2) {
                int start = at + numbers[i];
                int span = 1 + numbers[i + 1];
                if (start + span <= 6) {
                    runs.add(new Run(start, span));
                    at = start + span;
                }
            }
            return runs.isEmpty() ? List.of(new Run(0, 2), new Run(2, 1)) : runs;
        });
    }

    @Property(tries = 60)
    void eachMapIsFittedToTheStreamsAtItsRun(
            @ForAll("runs") List<Run> runs,
            @ForAll @LongRange(max = 1000) long seed,
            @ForAll @IntRange(min = 1, max = 17) int windows,
            @ForAll @IntRange(min = 1, max = TOKENS) int chunk,
            @ForAll @IntRange(max = 2) int rank) {
        ToyModel model = new ToyModel(3, WIDTH, seed, 0.4);
        StandInCalibration calibration = calibration(model.shape, runs.reversed(), rank);
        List<StandInWeights> fitted = new ArrayList<>();
        for (Run run : runs) {
            assertEquals(run, calibration.current());
            StandInFitter fitter = new StandInFitter(WIDTH, EPSILON);
            StandInFitter heldOut = new StandInFitter(WIDTH, EPSILON);
            for (int w = 0; w < windows; w++) {
                read(model, calibration.wholePlan(w), w, chunk);
                read(model, calibration.patchedPlan(w), w, chunk);
                float[] before = read(model, truncated(model.shape, fitted, run.start()), w, TOKENS);
                float[] after = read(model, truncated(model.shape, List.of(), run.end()), w, TOKENS);
                (w % 8 == 7 ? heldOut : fitter).add(before, 0, after, 0, TOKENS, WORKERS);
            }
            double ridge = windows < 8 ? 1e-3 : fitter.fit(RIDGES, heldOut, WORKERS).ridge();
            StandInFitter judge = windows < 8 ? fitter : heldOut;
            assertEquals(judge.quality(map(fitter, ridge, rank), WORKERS), calibration.fitNext());
            fitter.merge(heldOut);
            fitted.add(map(fitter, ridge, rank).weights(run, EPSILON, ElementType.BF16));
        }
        List<StandInWeights> found = calibration.result("").standIns();
        assertEquals(fitted.size(), found.size());
        for (int i = 0; i < fitted.size(); i++) {
            assertEquals(fitted.get(i).run(), found.get(i).run());
            assertArrayEquals(fitted.get(i).map(), found.get(i).map());
            assertArrayEquals(fitted.get(i).down(), found.get(i).down());
            assertArrayEquals(fitted.get(i).bias(), found.get(i).bias());
        }
    }

    private static AffineFit map(StandInFitter fitter, double ridge, int rank) {
        AffineFit full = fitter.fit(ridge, WORKERS);
        return rank == 0 ? full : fitter.reduce(full, rank, WORKERS);
    }

    @Example
    void windowsMustBeReadTwice() {
        ToyModel model = new ToyModel(3, WIDTH, 1, 0.4);
        StandInCalibration calibration = calibration(model.shape, List.of(Run.ofLayers(1, 1)), 0);
        assertThrows(IllegalStateException.class, () -> calibration.result(""));
        read(model, calibration.wholePlan(0), 0, TOKENS);
        calibration.patchedPlan(0);
        assertThrows(IllegalStateException.class, calibration::fitNext);
        assertThrows(
                IllegalArgumentException.class, () -> calibration(model.shape, List.of(new Run(0, 3), new Run(2, 1)), 0));
        assertThrows(IllegalArgumentException.class, () -> calibration(model.shape, List.of(new Run(5, 2)), 0));
    }
}
