package dev.skim.skip;

/**
 * Sublayers that have their turns one after another.
 *
 * @param start the step of the first one: twice its layer, plus one for a feed-forward sublayer
 *     ({@link ModelShape#step})
 * @param span how many there are
 */
public record Run(int start, int span) {
    /** Checks that the run is not empty. */
    public Run {
        if (start < 0 || span < 1) {
            throw new IllegalArgumentException("a run starts at step 0 or later and has at least one sublayer");
        }
    }

    /** The run of {@code count} whole layers from {@code layer} on. */
    public static Run ofLayers(int layer, int count) {
        return new Run(2 * layer, 2 * count);
    }

    /** The step after the last. */
    public int end() {
        return start + span;
    }

    /** Multiply-adds of its sublayers for one token. */
    public long cost(ModelShape shape) {
        long cost = 0;
        for (int step = start; step < end(); step++) {
            cost += shape.cost(shape.sublayer(step));
        }
        return cost;
    }

    @Override
    public String toString() {
        return "steps " + start + " to " + (end() - 1);
    }
}
