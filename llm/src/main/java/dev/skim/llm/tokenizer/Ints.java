package dev.skim.llm.tokenizer;

import java.util.Arrays;

/** A growing array of ints. */
public final class Ints {
    private int[] values;
    private int size;

    /** Makes an empty list with room for {@code capacity} values. */
    public Ints(int capacity) {
        values = new int[Math.max(capacity, 8)];
    }

    /** Appends a value. */
    public void add(int value) {
        if (size == values.length) {
            values = Arrays.copyOf(values, Math.multiplyExact(size, 2));
        }
        values[size++] = value;
    }

    /** The number of values. */
    public int size() {
        return size;
    }

    /** The value at {@code index}, which must be below {@link #size()}. */
    public int get(int index) {
        return values[index];
    }

    /** Forgets all values and keeps the room. */
    public void clear() {
        size = 0;
    }

    /** A copy of the values. */
    public int[] toArray() {
        return Arrays.copyOf(values, size);
    }
}
