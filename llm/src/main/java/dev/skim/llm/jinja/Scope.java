package dev.skim.llm.jinja;

import java.util.HashMap;
import java.util.Map;

/** The names of a block, above those of the blocks around it. */
final class Scope {
    final Run run;
    private final Scope parent;
    private Map<String, Object> names;

    Scope(Run run, Map<String, Object> names) {
        this.run = run;
        this.parent = null;
        this.names = names;
    }

    Scope(Scope parent) {
        this.run = parent.run;
        this.parent = parent;
    }

    void set(String name, Object value) {
        if (names == null) {
            names = new HashMap<>();
        }
        names.put(name, value);
    }

    /** The innermost value of the name, a built-in function, or an {@link Undefined}. */
    Object get(String name) {
        for (Scope scope = this; scope != null; scope = scope.parent) {
            if (scope.names != null) {
                Object value = scope.names.get(name);
                if (value != null || scope.names.containsKey(name)) {
                    return value;
                }
            }
        }
        Function function = Function.named(name);
        return function == null ? Undefined.variable(name) : function;
    }
}
