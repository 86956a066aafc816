package dev.skim.skip;

import dev.skim.tensor.ElementType;
import dev.skim.tensor.Workers;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Fits stand-ins one after another, each on the stream as the ones before it leave it and towards the stream of the
 * whole model, so that later maps mend what earlier ones miss.
 *
 * <p>The text is cut into windows, each read in a fresh session. For each run in turn and each window the caller lets
 * the model read the window twice, under {@link #wholePlan} and under {@link #patchedPlan} (phase prefill, positions
 * from 0, in any chunks, once each, the same tokens every time), and then calls {@link #fitNext}:
 *
 * <pre>{@code
 * while (!calibration.done()) {
 *     for (int w = 0; w < windows; w++) {
 *         prefill(tokens(w), calibration.wholePlan(w));
 *         prefill(tokens(w), calibration.patchedPlan(w));
 *     }
 *     calibration.fitNext();
 * }
 * StandInSet set = calibration.result(notes);
 * }</pre>
 *
 * <p>The streams at the last fitted run are kept for all windows (two arrays of width floats a token) and put back in by
 * the plans, so that each pass computes only the layers between two runs: all runs together cost about two readings of
 * the text.
 */
public final class StandInCalibration {
    /** Every how manyeth window is held out to choose the ridge by; of fewer windows none is. */
    private static final int HELD_OUT = 8;

    private static final double[] RIDGES = {1e-5, 1e-4, 1e-3, 1e-2};

    /** The ridge where there is nothing to choose it by. */
    private static final double RIDGE = 1e-3;

    /**
     * How to fit.
     *
     * @param share the saving that was wanted, kept with the result
     * @param epsilon of the norm
     * @param rank 0 for full maps
     * @param type how the maps are kept
     */
    public record Settings(Share share, float epsilon, int rank, ElementType type) {}

    /** What one window's stream looked like after the last run, in each of the two models. */
    private static final class Window {
        final Stream whole = new Stream();
        final Stream patched = new Stream();
    }

    /** Rows of a window's stream, by position. */
    private static final class Stream {
        float[] rows = new float[0];
        int tokens;
        /** Tokens that the present pass has brought to its end. */
        int reached;

        void put(int position, float[] from, int count, int width) {
            if (rows.length < (position + count) * width) {
                float[] more = new float[Math.max((position + count) * width, 2 * rows.length)];
                System.arraycopy(rows, 0, more, 0, rows.length);
                rows = more;
            }
            System.arraycopy(from, 0, rows, position * width, count * width);
            reached = position + count;
            tokens = Math.max(tokens, reached);
        }
    }

    private final ModelShape shape;
    private final List<Run> runs;
    private final Settings settings;
    private final Workers workers;
    private final List<Window> windows = new ArrayList<>();
    private final List<StandInWeights> fitted = new ArrayList<>();
    private final List<StandInFitter.Quality> qualities = new ArrayList<>();

    /**
     * Begins.
     *
     * @param runs disjoint, in any order
     * @throws IllegalArgumentException when runs overlap or lie outside the model
     */
    public StandInCalibration(ModelShape shape, List<Run> runs, Settings settings, Workers workers) {
        this.shape = shape;
        this.runs = runs.stream().sorted(Comparator.comparingInt(Run::start)).toList();
        this.settings = settings;
        this.workers = workers;
        int end = 0;
        for (Run run : this.runs) {
            if (run.start() < end || run.end() > shape.sublayers()) {
                throw new IllegalArgumentException(
                        run + " overlaps another run or lies outside the model's " + shape.sublayers() + " steps");
            }
            end = run.end();
        }
    }

    /** Whether all runs are fitted. */
    public boolean done() {
        return fitted.size() == runs.size();
    }

    /** The run that is being fitted. */
    public Run current() {
        return runs.get(fitted.size());
    }

    /** Reads window {@code window} with the whole model up to the end of the current run. */
    public SkipPlan wholePlan(int window) {
        return new Capture(window(window).whole, current().end());
    }

    /** Reads window {@code window} with the model as patched so far, up to the start of the current run. */
    public SkipPlan patchedPlan(int window) {
        return new Capture(window(window).patched, current().start());
    }

    private Window window(int number) {
        while (windows.size() <= number) {
            if (!fitted.isEmpty()) {
                throw new IllegalArgumentException("there are " + windows.size() + " windows, not " + (number + 1));
            }
            windows.add(new Window());
        }
        return windows.get(number);
    }

    /**
     * Fits the current run from all windows, and goes on to the next one.
     *
     * @return how good the map is on every eighth window, by which its ridge was chosen, before it was fitted to all of
     *     them; with fewer than eight windows the ridge is 1e-3, and this is how good the map is on what it was fitted to,
     *     which flatters it
     * @throws IllegalStateException when a window was not read under both plans
     */
    public StandInFitter.Quality fitNext() {
        int width = shape.width();
        StandInFitter fitter = new StandInFitter(width, settings.epsilon());
        StandInFitter heldOut = new StandInFitter(width, settings.epsilon());
        for (int w = 0; w < windows.size(); w++) {
            Window window = windows.get(w);
            int tokens = window.whole.reached;
            if (tokens == 0 || tokens != window.patched.reached || tokens != window.whole.tokens) {
                throw new IllegalStateException("window " + w + " was read to " + tokens
                        + " tokens by the whole model and to " + window.patched.reached + " by the patched one");
            }
            StandInFitter into = w % HELD_OUT == HELD_OUT - 1 ? heldOut : fitter;
            into.add(window.patched.rows, 0, window.whole.rows, 0, window.whole.tokens, workers);
        }
        StandInFitter judge = heldOut.tokens() > 0 ? heldOut : fitter;
        double ridge = heldOut.tokens() > 0 ? fitter.fit(RIDGES, heldOut, workers).ridge() : RIDGE;
        StandInFitter.Quality quality = judge.quality(shape(fitter, ridge), workers);
        if (heldOut.tokens() > 0) {
            fitter.merge(heldOut);
        }
        StandInWeights weights = shape(fitter, ridge).weights(current(), settings.epsilon(), settings.type());
        // The map as it is kept and computed in f32, so that the next run mends its rounding too.
        LinearStandIn standIn = new LinearStandIn(weights, workers);
        for (Window window : windows) {
            standIn.apply(window.patched.rows, 0, window.patched.tokens, workers);
        }
        for (Window window : windows) {
            window.whole.reached = 0;
            window.patched.reached = 0;
        }
        fitted.add(weights);
        qualities.add(quality);
        return quality;
    }

    private AffineFit shape(StandInFitter fitter, double ridge) {
        AffineFit full = fitter.fit(ridge, workers);
        return settings.rank() == 0 ? full : fitter.reduce(full, settings.rank(), workers);
    }

    /** The qualities so far, in order of the runs. */
    public List<StandInFitter.Quality> qualities() {
        return List.copyOf(qualities);
    }

    /**
     * All stand-ins.
     *
     * @throws IllegalStateException when runs are left to fit
     */
    public StandInSet result(String notes) {
        if (!done()) {
            throw new IllegalStateException(runs.size() - fitted.size() + " runs are left to fit");
        }
        return new StandInSet(settings.share(), fitted, notes);
    }

    /** Puts the kept stream in, runs on to a step, keeps the stream there and stops. */
    private final class Capture implements SkipPlan {
        private final Stream stream;
        private final int from;
        private final int to;
        private final Decision inject;
        private int position;

        Capture(Stream stream, int to) {
            this.stream = stream;
            this.to = to;
            this.from = fitted.isEmpty() ? 0 : runs.get(fitted.size() - 1).end();
            // Runs that adjoin leave nothing to compute between them: the kept stream is where it should be.
            stream.reached = from == to ? stream.tokens : 0;
            this.inject = from == 0 ? Decision.RUN : new Decision.Replace(new Kept(), from);
        }

        @Override
        public Decision decide(int sublayer, Phase phase, int tokens) {
            int step = shape.step(sublayer);
            if (step == 0 && from > 0) {
                return inject;
            }
            return step < Math.max(to, 1) ? Decision.RUN : Decision.STOP;
        }

        @Override
        public void begin(Phase phase, int position, int tokens) {
            this.position = position;
        }

        @Override
        public boolean observes(int sublayer, Phase phase) {
            // A run at the very start takes in the embedding: the input of the first sublayer, which has to run for that.
            return shape.step(sublayer) == Math.max(to - 1, 0);
        }

        @Override
        public void observe(int sublayer, Phase phase, float[] input, float[] output, int tokens, int width) {
            stream.put(position, to == 0 ? input : output, tokens, width);
        }

        /** Writes the kept rows over the stream. */
        private final class Kept implements StandIn {
            @Override
            public void apply(float[] target, int offset, int tokens, Workers workers) {
                int width = shape.width();
                if (position + tokens > stream.tokens) {
                    throw new IllegalStateException("this window was read before with " + stream.tokens + " tokens, not "
                            + (position + tokens));
                }
                System.arraycopy(stream.rows, position * width, target, offset, tokens * width);
            }

            @Override
            public long multiplyAdds() {
                return 0;
            }
        }
    }
}
