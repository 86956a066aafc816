package dev.skim.llm.jinja;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** The {@code tojson} of chat templates: Python's {@code json.dumps}, by default without ASCII escapes. */
final class Json {
    private static final int DEPTH = 200;

    private final StringBuilder out = new StringBuilder();
    private final Run run;
    private final boolean ascii;
    private final boolean sorted;
    /** What one level is indented by; null for all in one line. */
    private final String indent;
    private final String itemSeparator;
    private final String keySeparator;

    private Json(Run run, boolean ascii, boolean sorted, String indent, String itemSeparator, String keySeparator) {
        this.run = run;
        this.ascii = ascii;
        this.sorted = sorted;
        this.indent = indent;
        this.itemSeparator = itemSeparator;
        this.keySeparator = keySeparator;
    }

    /** Writes the value with the arguments {@code ensure_ascii}, {@code indent}, {@code separators}, {@code sort_keys}. */
    static String write(Run run, Object value, Arguments.Bound arguments) {
        Object indent = arguments.get(1, null);
        String step = null;
        if (indent instanceof String text) {
            step = text;
        } else if (indent != null) {
            int width = Math.max(0, arguments.integer(1, 0));
            run.spend(width);
            step = " ".repeat(width);
        }
        String item = step == null ? ", " : ",";
        String key = ": ";
        if (arguments.get(2, null) != null) {
            List<Object> separators = Values.list(run, arguments.get(2));
            if (separators.size() != 2 || !(separators.get(0) instanceof String first)
                    || !(separators.get(1) instanceof String second)) {
                throw new TemplateException("tojson takes two strings as separators");
            }
            item = first;
            key = second;
        }
        Json json = new Json(run, arguments.truth(0, false), arguments.truth(3, false), step, item, key);
        json.value(value, 0);
        return json.out.toString();
    }

    private void value(Object value, int depth) {
        if (depth > DEPTH) {
            throw new TemplateException("a value nests deeper than " + DEPTH);
        }
        if (Markup.strip(value) instanceof String text) {
            string(text);
        } else if (value instanceof Map<?, ?> dict) {
            dict(dict, depth);
        } else if (value instanceof List<?> && !(value instanceof Range)) {
            list((Collection<?>) value, depth);
        } else {
            run.spend(8);
            out.append(scalar(value, "Object of type " + Values.typeName(value) + " is not JSON serializable"));
        }
    }

    private static String scalar(Object value, String otherwise) {
        if (value == null) {
            return "null";
        }
        if (value instanceof Boolean bool) {
            return bool ? "true" : "false";
        }
        if (value instanceof Double real) {
            return real.isNaN() ? "NaN" : real.isInfinite() ? (real > 0 ? "Infinity" : "-Infinity") : Text.real(real);
        }
        if (value instanceof Long || value instanceof BigInteger) {
            return value.toString();
        }
        throw new TemplateException(otherwise);
    }

    private void list(Collection<?> items, int depth) {
        out.append('[');
        Iterator<?> iterator = items.iterator();
        boolean first = true;
        while (iterator.hasNext()) {
            separate(first, depth + 1);
            first = false;
            value(iterator.next(), depth + 1);
        }
        end(first, depth, ']');
    }

    private void dict(Map<?, ?> dict, int depth) {
        out.append('{');
        boolean first = true;
        List<Object> keys = new ArrayList<>(dict.keySet());
        if (sorted) {
            keys = Sorting.byKeys(run, keys, keys, false);
        }
        for (Object key : keys) {
            separate(first, depth + 1);
            first = false;
            string(key instanceof String text ? text : scalar(key,
                    "keys must be str, int, float, bool or None, not " + Values.typeName(key)));
            out.append(keySeparator);
            value(dict.get(key), depth + 1);
        }
        end(first, depth, '}');
    }

    private void separate(boolean first, int depth) {
        if (!first) {
            out.append(itemSeparator);
        }
        line(depth);
    }

    private void end(boolean empty, int depth, char bracket) {
        if (!empty) {
            line(depth);
        }
        out.append(bracket);
    }

    private void line(int depth) {
        run.spend(1);
        if (indent != null) {
            run.spend((long) indent.length() * depth);
            out.append('\n').repeat(indent, depth);
        }
    }

    private void string(String text) {
        run.spend(text.length() + 2L);
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"', '\\' -> out.append('\\').append(c);
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                case '\f' -> out.append("\\f");
                case '\b' -> out.append("\\b");
                default -> {
                    if (c < ' ' || ascii && c > '~') {
                        Text.escape(c, 'u', 4, out);
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }
}
