package dev.skim.llm.jinja;

import java.util.AbstractList;
import java.util.List;

/** Python's tuple: a list that cannot change. */
final class Tuple extends AbstractList<Object> {
    private final Object[] items;

    private Tuple(Object[] items) {
        this.items = items;
    }

    static Tuple of(Object... items) {
        return new Tuple(items);
    }

    static Tuple copyOf(List<?> items) {
        return new Tuple(items.toArray());
    }

    @Override
    public Object get(int index) {
        return items[index];
    }

    @Override
    public int size() {
        return items.length;
    }
}
