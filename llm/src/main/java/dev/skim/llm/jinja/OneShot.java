package dev.skim.llm.jinja;

import java.util.Iterator;

/** A generator: true, without a length, and empty after its first use, as what {@code map} or {@code select} give. */
final class OneShot implements Iterator<Object> {
    private final Iterator<?> items;

    OneShot(Iterable<?> items) {
        this.items = items.iterator();
    }

    @Override
    public boolean hasNext() {
        return items.hasNext();
    }

    @Override
    public Object next() {
        return items.next();
    }
}
