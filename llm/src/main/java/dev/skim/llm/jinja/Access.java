package dev.skim.llm.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** {@code value.name}, {@code value[key]} and {@code value[start:stop:step]}. */
final class Access {
    private Access() {}

    /** {@code value.name}: Python's attribute of that name (a method, say), else the dict's item. */
    static Object attribute(Object value, String name) {
        Values.refuseUndefined(value);
        Object own = ownAttribute(value, name);
        if (own == null && value instanceof Map<?, ?> dict) {
            Object item = dict.get(name);
            return item != null || dict.containsKey(name) ? item : Undefined.member(value, name);
        }
        return own == null ? Undefined.member(value, name) : own;
    }

    /** What Python's {@code getattr} gives, or null. */
    static Object ownAttribute(Object value, String name) {
        if (value instanceof Attributes attributes) {
            return attributes.attribute(name);
        }
        return Methods.has(value, name) ? new Methods.Bound(value, name) : null;
    }

    /** {@code value[key]}: the item, else the attribute of that name. */
    static Object item(Run run, Object value, Object key) {
        Values.refuseUndefined(value);
        if (value instanceof Map<?, ?> dict) {
            boolean hashable = !Values.isList(key) && !(key instanceof Map);
            Object stored = hashable ? Values.storedKey(run, dict, Markup.strip(key)) : Values.ABSENT;
            if (stored != Values.ABSENT) {
                return dict.get(stored);
            }
        } else {
            Number number = Numbers.integer(key);
            if (number != null && Markup.strip(value) instanceof String) {
                // Where a character stands in a text takes going through it.
                run.spend(Values.weight(value));
            }
            int length = number == null || value instanceof DictView ? -1 : Values.lengthOrNone(value);
            if (length >= 0) {
                int index = Numbers.clip(number);
                if (index < 0) {
                    index += length;
                }
                if (index >= 0 && index < length) {
                    return at(value, index);
                }
            }
        }
        Object own = Markup.strip(key) instanceof String name ? ownAttribute(value, name) : null;
        return own == null ? Undefined.member(value, key) : own;
    }

    private static Object at(Object value, int index) {
        if (value instanceof List<?> list) {
            return list.get(index);
        }
        String character = Text.slice(Text.str(value), index, 1, 1);
        return value instanceof Markup ? new Markup(character) : character;
    }

    /** {@code value[start:stop:step]}; null bounds are the ends. */
    static Object slice(Run run, Object value, Object start, Object stop, Object step) {
        Values.refuseUndefined(value);
        if (!(value instanceof String || value instanceof Markup || value instanceof List)) {
            throw new TemplateException("'" + Values.typeName(value) + "' object cannot be sliced");
        }
        if (!isBound(start) || !isBound(stop) || !isBound(step)) {
            throw new TemplateException("slice indices must be integers or None");
        }
        int by = step == null ? 1 : Numbers.clip(Numbers.integer(step));
        if (by == 0) {
            throw new TemplateException("slice step cannot be zero");
        }
        int length = Values.length(value);
        int from = bound(start, length, by < 0 ? length - 1 : 0, by < 0);
        int to = bound(stop, length, by < 0 ? -1 : length, by < 0);
        long distance = by > 0 ? (long) to - from : (long) from - to;
        int count = distance <= 0 ? 0 : (int) ((distance - 1) / Math.abs((long) by)) + 1;
        if (value instanceof Range range) {
            return range.slice(from, to, by);
        }
        run.spend(value instanceof List ? count : length);
        if (value instanceof List<?> list) {
            List<Object> items = new ArrayList<>(count);
            for (int i = 0; i < count; i++) {
                items.add(list.get(from + i * by));
            }
            return Values.isList(value) ? items : Tuple.copyOf(items);
        }
        String text = Text.slice(Text.str(value), count == 0 ? 0 : from, count, by);
        return value instanceof Markup ? new Markup(text) : text;
    }

    private static boolean isBound(Object value) {
        return value == null || Numbers.integer(value) != null;
    }

    /** A bound counted from the end if it is negative, and moved into the sequence (for a negative step: or before it). */
    private static int bound(Object value, int length, int otherwise, boolean backwards) {
        if (value == null) {
            return otherwise;
        }
        long index = Numbers.clip(Numbers.integer(value));
        if (index < 0) {
            index += length;
        }
        int least = backwards ? -1 : 0;
        return (int) Math.clamp(index, least, backwards ? length - 1 : length);
    }
}
