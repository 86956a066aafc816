package dev.skim.llm.jinja;

import java.util.AbstractCollection;
import java.util.Iterator;
import java.util.Map;

/** What a dict's {@code keys()}, {@code values()} and {@code items()} give: it has a length and an order, but no index. */
final class DictView extends AbstractCollection<Object> {
    private final Map<?, ?> dict;
    private final String kind;

    /** The view of the {@code kind} {@code keys}, {@code values} or {@code items}. */
    DictView(Map<?, ?> dict, String kind) {
        this.dict = dict;
        this.kind = kind;
    }

    String typeName() {
        return "dict_" + kind;
    }

    /** The dict if this shows its keys, else null. */
    Map<?, ?> keysOf() {
        return kind.equals("keys") ? dict : null;
    }

    @Override
    public Iterator<Object> iterator() {
        Iterator<? extends Map.Entry<?, ?>> entries = dict.entrySet().iterator();
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return entries.hasNext();
            }

            @Override
            public Object next() {
                Map.Entry<?, ?> entry = entries.next();
                return switch (kind) {
                    case "keys" -> entry.getKey();
                    case "values" -> entry.getValue();
                    default -> Tuple.of(entry.getKey(), entry.getValue());
                };
            }
        };
    }

    @Override
    public int size() {
        return dict.size();
    }
}
