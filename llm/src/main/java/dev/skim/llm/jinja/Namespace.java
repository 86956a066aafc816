package dev.skim.llm.jinja;

import java.util.LinkedHashMap;
import java.util.Map;

/** {@code namespace(...)}: the one object whose attributes a template can set. */
final class Namespace implements Attributes {
    final Map<String, Object> values = new LinkedHashMap<>();

    void set(String name, Object value) {
        values.put(name, value);
    }

    @Override
    public Object attribute(String name) {
        Object value = values.get(name);
        return value != null || values.containsKey(name) ? value : Undefined.member(this, name);
    }
}
