package dev.skim.llm.jinja;

import java.util.AbstractList;

/** Python's range: numbers that are made when they are asked for. */
final class Range extends AbstractList<Object> {
    private final long start;
    private final long stop;
    private final long step;
    private final int size;

    Range(long start, long stop, long step) {
        if (step == 0) {
            throw new TemplateException("range() arg 3 must not be zero");
        }
        this.start = start;
        this.stop = stop;
        this.step = step;
        // Unsigned, as the distance between two longs may not fit in one.
        long distance = step > 0 ? stop - start : start - stop;
        boolean empty = step > 0 ? start >= stop : start <= stop;
        long count = empty ? 0 : Long.divideUnsigned(distance - 1, Math.abs(step)) + 1;
        if (count < 0 || count > Integer.MAX_VALUE) {
            throw new TemplateException("range() of more than " + Integer.MAX_VALUE + " numbers");
        }
        size = (int) count;
    }

    /** The numbers at the indices from {@code from} up to {@code to}, {@code by} apart. */
    Range slice(int from, int to, int by) {
        return new Range(start + from * step, start + to * step, step * by);
    }

    @Override
    public Object get(int index) {
        return start + index * step;
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public String toString() {
        return "range(" + start + ", " + stop + (step == 1 ? "" : ", " + step) + ")";
    }
}
