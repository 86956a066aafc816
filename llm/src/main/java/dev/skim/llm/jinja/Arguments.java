package dev.skim.llm.jinja;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The arguments of a call: by position, then by name. */
record Arguments(List<Object> positional, Map<String, Object> named) {
    static final Arguments NONE = new Arguments(List.of(), Map.of());
    /** Stands where {@link #bind} found no argument, as null is None. */
    private static final Object ABSENT = new Object();

    static Arguments of(Object... positional) {
        return new Arguments(Arrays.asList(positional), Map.of());
    }

    /** The arguments without their first {@code count} positional ones. */
    Arguments from(int count) {
        return new Arguments(positional.subList(Math.min(count, positional.size()), positional.size()), named);
    }

    /**
     * Lays the arguments out for a function of the given parameters.
     *
     * @param required how many of the parameters must be there
     */
    Bound bind(String function, int required, String... parameters) {
        if (positional.size() > parameters.length) {
            throw new TemplateException(function + "() takes at most " + parameters.length + " arguments, got "
                    + positional.size());
        }
        Object[] values = new Object[parameters.length];
        Arrays.fill(values, ABSENT);
        for (int i = 0; i < positional.size(); i++) {
            values[i] = positional.get(i);
        }
        for (Map.Entry<String, Object> entry : named.entrySet()) {
            int i = Arrays.asList(parameters).indexOf(entry.getKey());
            if (i < 0) {
                throw new TemplateException(function + "() got an unexpected keyword argument '" + entry.getKey() + "'");
            }
            if (values[i] != ABSENT) {
                throw new TemplateException(function + "() got multiple values for argument '" + entry.getKey() + "'");
            }
            values[i] = entry.getValue();
        }
        for (int i = 0; i < required; i++) {
            if (values[i] == ABSENT) {
                throw new TemplateException(function + "() missing the required argument '" + parameters[i] + "'");
            }
        }
        return new Bound(function, values);
    }

    /** The named arguments as a dict. */
    Map<Object, Object> namedDict() {
        return new LinkedHashMap<>(named);
    }

    /** Arguments in the order of a function's parameters. */
    record Bound(String function, Object[] values) {
        boolean has(int i) {
            return values[i] != ABSENT;
        }

        Object get(int i, Object otherwise) {
            return has(i) ? values[i] : otherwise;
        }

        Object get(int i) {
            return values[i];
        }

        boolean truth(int i, boolean otherwise) {
            return has(i) ? Values.truth(values[i]) : otherwise;
        }

        String text(int i, String otherwise) {
            if (!has(i)) {
                return otherwise;
            }
            if (Markup.strip(values[i]) instanceof String text) {
                return text;
            }
            throw wrong(i, "a string");
        }

        /** A string, or null for None or nothing. */
        String textOrNone(int i) {
            return !has(i) || values[i] == null ? null : text(i, null);
        }

        /** A whole number, clipped to what an int holds: lengths and positions beyond that are all alike. */
        int integer(int i, int otherwise) {
            if (!has(i)) {
                return otherwise;
            }
            Number number = Numbers.integer(values[i]);
            if (number == null) {
                throw wrong(i, "an integer");
            }
            return Numbers.clip(number);
        }

        private TemplateException wrong(int i, String accepted) {
            if (values[i] instanceof Undefined undefined) {
                return undefined.failure();
            }
            return new TemplateException(function + "() takes " + accepted + " as argument " + (i + 1) + ", not '"
                    + Values.typeName(values[i]) + "'");
        }
    }
}
