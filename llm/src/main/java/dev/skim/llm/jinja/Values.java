package dev.skim.llm.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** What Python knows of any value: its type, truth, equality, order, length and items. */
final class Values {
    private static final int DEPTH = 200;

    private Values() {}

    /** A copy of a caller's value in the interpreter's own types. */
    static Object of(Object value) {
        return of(value, 0);
    }

    private static Object of(Object value, int depth) {
        if (depth > DEPTH) {
            throw new TemplateException("a value of the context nests deeper than " + DEPTH);
        }
        if (value == null || value instanceof String || value instanceof Boolean || value instanceof Long
                || value instanceof Double) {
            return value;
        }
        if (value instanceof Map<?, ?> map) {
            Map<Object, Object> dict = new LinkedHashMap<>();
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                dict.put(of(entry.getKey(), depth + 1), of(entry.getValue(), depth + 1));
            }
            return dict;
        }
        if (value instanceof Collection<?> items) {
            List<Object> list = new ArrayList<>(items.size());
            for (Object item : items) {
                list.add(of(item, depth + 1));
            }
            return list;
        }
        if (value instanceof Integer || value instanceof Short || value instanceof Byte) {
            return ((Number) value).longValue();
        }
        if (value instanceof BigInteger number) {
            return Numbers.narrow(number);
        }
        if (value instanceof Float || value instanceof BigDecimal) {
            return ((Number) value).doubleValue();
        }
        if (value instanceof CharSequence text) {
            return text.toString();
        }
        throw new TemplateException("the context holds a " + value.getClass().getName()
                + "; it takes maps, lists, strings, numbers, booleans and null");
    }

    static String typeName(Object value) {
        if (value == null) {
            return "NoneType";
        }
        if (value instanceof String) {
            return "str";
        }
        if (value instanceof Boolean) {
            return "bool";
        }
        if (value instanceof Double) {
            return "float";
        }
        if (value instanceof Number) {
            return "int";
        }
        if (value instanceof Map) {
            return "dict";
        }
        if (value instanceof DictView view) {
            return view.typeName();
        }
        if (value instanceof OneShot) {
            return "generator";
        }
        if (value instanceof List) {
            return isList(value) ? "list" : value instanceof Tuple ? "tuple" : "range";
        }
        if (value instanceof Function || value instanceof Methods.Bound) {
            return "function";
        }
        // Undefined, Markup, Namespace, Macro, Loop, ...: named as Jinja2 names them.
        return value.getClass().getSimpleName();
    }

    /** Whether the value is a list, which can change, unlike a tuple or a range. */
    static boolean isList(Object value) {
        return value instanceof ArrayList;
    }

    static boolean truth(Object value) {
        if (value instanceof Boolean bool) {
            return bool;
        }
        if (value == null || value instanceof Undefined) {
            return false;
        }
        if (value instanceof String text) {
            return !text.isEmpty();
        }
        if (value instanceof Collection<?> items) {
            return !items.isEmpty();
        }
        if (value instanceof Map<?, ?> dict) {
            return !dict.isEmpty();
        }
        if (value instanceof Number number) {
            return number.doubleValue() != 0;
        }
        return !(value instanceof Markup markup) || !markup.text().isEmpty();
    }

    /** Python's {@code ==}. Paid for by the node and the character: a list may hold another many times over. */
    static boolean equal(Run run, Object a, Object b) {
        return equal(run, a, b, 0);
    }

    private static boolean equal(Run run, Object a, Object b, int depth) {
        run.spend(1);
        if (depth > DEPTH) {
            throw new TemplateException("a value nests deeper than " + DEPTH);
        }
        Object x = Markup.strip(a);
        Object y = Markup.strip(b);
        if (x == y) {
            return !(x instanceof Double real) || !real.isNaN();
        }
        Number first = Numbers.number(x);
        Number second = Numbers.number(y);
        if (first != null || second != null) {
            return first != null && second != null && Numbers.equal(first, second);
        }
        if (x instanceof List<?> left && y instanceof List<?> right) {
            if (!typeName(x).equals(typeName(y)) || left.size() != right.size()) {
                return false;
            }
            for (int i = 0; i < left.size(); i++) {
                if (!equal(run, left.get(i), right.get(i), depth + 1)) {
                    return false;
                }
            }
            return true;
        }
        if (x instanceof Map<?, ?> left && y instanceof Map<?, ?> right) {
            if (left.size() != right.size()) {
                return false;
            }
            for (Map.Entry<?, ?> entry : left.entrySet()) {
                Object key = storedKey(run, right, entry.getKey());
                if (key == ABSENT || !equal(run, entry.getValue(), right.get(key), depth + 1)) {
                    return false;
                }
            }
            return true;
        }
        if (x instanceof String left && y instanceof String right && left.length() == right.length()) {
            run.spend(left.length());
        }
        return x instanceof Undefined && y instanceof Undefined || Objects.equals(x, y);
    }

    /** {@code a < b}, or {@code a <= b} if {@code orEqual}; {@code op} is how to name it where the two have no order. */
    static boolean less(Run run, Object a, Object b, boolean orEqual, String op) {
        Object x = Markup.strip(a);
        Object y = Markup.strip(b);
        if (x instanceof String left && y instanceof String right) {
            run.spend(Math.min(left.length(), right.length()));
            int order = Text.compare(left, right);
            return orEqual ? order <= 0 : order < 0;
        }
        Number first = Numbers.number(x);
        Number second = Numbers.number(y);
        if (first != null && second != null) {
            return Numbers.less(first, second) || orEqual && Numbers.equal(first, second);
        }
        if (x instanceof List<?> left && y instanceof List<?> right && typeName(x).equals(typeName(y))
                && !(x instanceof Range)) {
            int end = Math.min(left.size(), right.size());
            for (int i = 0; i < end; i++) {
                if (!equal(run, left.get(i), right.get(i))) {
                    return less(run, left.get(i), right.get(i), orEqual, op);
                }
            }
            return orEqual ? left.size() <= right.size() : left.size() < right.size();
        }
        refuseUndefined(x);
        refuseUndefined(y);
        throw new TemplateException("'" + op + "' not supported between instances of '" + typeName(a) + "' and '"
                + typeName(b) + "'");
    }

    static void refuseUndefined(Object value) {
        if (value instanceof Undefined undefined) {
            throw undefined.failure();
        }
    }

    /** The length, or -1 if the value has none. */
    static int lengthOrNone(Object value) {
        if (value instanceof String text) {
            return Text.length(text);
        }
        if (value instanceof Collection<?> items) {
            return items.size();
        }
        if (value instanceof Map<?, ?> dict) {
            return dict.size();
        }
        if (value instanceof Markup markup) {
            return Text.length(markup.text());
        }
        return value instanceof Undefined ? 0 : -1;
    }

    static int length(Object value) {
        int length = lengthOrNone(value);
        if (length < 0) {
            throw new TemplateException("object of type '" + typeName(value) + "' has no len()");
        }
        return length;
    }

    /** What looking at the whole value costs: its characters or items. */
    static int weight(Object value) {
        if (Markup.strip(value) instanceof String text) {
            return 1 + text.length();
        }
        if (value instanceof Range) {
            return 1;
        }
        return 1 + Math.max(0, lengthOrNone(value));
    }

    /** The items of anything that can be iterated, or null. */
    static Iterator<?> iteratorOrNone(Object value) {
        if (value instanceof List<?> list) {
            return new ListItems(list);
        }
        if (value instanceof Collection<?> items) {
            return items.iterator();
        }
        if (value instanceof Map<?, ?> dict) {
            return dict.keySet().iterator();
        }
        if (value instanceof OneShot items) {
            return items;
        }
        if (Markup.strip(value) instanceof String text) {
            return new Characters(text);
        }
        return value instanceof Undefined ? List.of().iterator() : null;
    }

    static Iterator<?> iterator(Object value) {
        Iterator<?> items = iteratorOrNone(value);
        if (items == null) {
            throw new TemplateException("'" + typeName(value) + "' object is not iterable");
        }
        return items;
    }

    /** All the items in a new list. */
    static List<Object> list(Run run, Object value) {
        Iterator<?> items = iterator(value);
        List<Object> list = new ArrayList<>();
        while (items.hasNext()) {
            run.spend(1);
            list.add(items.next());
        }
        return list;
    }

    static boolean contains(Run run, Object container, Object item) {
        if (Markup.strip(container) instanceof String text) {
            if (Markup.strip(item) instanceof String part) {
                run.spend(searchCost(text, part));
                return text.contains(part);
            }
            refuseUndefined(item);
            throw new TemplateException("'in <string>' requires string as left operand, not " + typeName(item));
        }
        Map<?, ?> dict = container instanceof DictView view ? view.keysOf() : container instanceof Map<?, ?> map ? map : null;
        if (dict != null) {
            return storedKey(run, dict, key(run, item)) != ABSENT;
        }
        Iterator<?> items = iteratorOrNone(container);
        if (items == null) {
            throw new TemplateException("argument of type '" + typeName(container) + "' is not iterable");
        }
        while (items.hasNext()) {
            if (equal(run, items.next(), item)) {
                return true;
            }
        }
        return false;
    }

    /** Stands for a key that is not there, as null is None. */
    static final Object ABSENT = new Object();

    /** What it may take to find a part in a text, which meets 16 characters in the time of one step. */
    static long searchCost(String text, String part) {
        return 1 + (long) text.length() * part.length() / 16;
    }

    /** A value as a dict's key; lists and dicts can be none. Paid for by the node, as hashing it goes through them all. */
    static Object key(Run run, Object value) {
        run.spend(value instanceof Range range ? 1L + range.size() : 1);
        if (isList(value) || value instanceof Map) {
            throw new TemplateException("unhashable type: '" + typeName(value) + "'");
        }
        if (value instanceof Tuple tuple) {
            for (Object item : tuple) {
                key(run, item);
            }
        }
        return Markup.strip(value);
    }

    /** The key under which the dict has what Python takes for the same key (1, 1.0 and True are), or {@link #ABSENT}. */
    static Object storedKey(Run run, Map<?, ?> dict, Object key) {
        if (key instanceof List<?>) {
            // All of these may have the same hash, and have no order by which they could be told apart faster.
            key(run, key);
            run.spend(dict.size());
        }
        if (key instanceof String text) {
            // Its hash is known after the first time, but a key that is the same is compared by the character.
            run.spend(text.length() / 16);
        }
        if (dict.containsKey(key)) {
            return key;
        }
        Number number = Numbers.number(key);
        if (number != null) {
            Number whole = number instanceof Double real && real == real.longValue() ? (Number) real.longValue() : number;
            Object bool = whole.equals(0L) ? Boolean.FALSE : whole.equals(1L) ? Boolean.TRUE : null;
            Object real = number.doubleValue();
            return dict.containsKey(whole) ? whole : bool != null && dict.containsKey(bool) ? bool
                    : dict.containsKey(real) && Numbers.equal((Number) real, number) ? real : ABSENT;
        }
        return ABSENT;
    }

    static void put(Run run, Map<Object, Object> dict, Object key, Object value) {
        Object wanted = key(run, key);
        Object stored = storedKey(run, dict, wanted);
        dict.put(stored == ABSENT ? wanted : stored, value);
    }

    /** A dict of the interpreter: all of them have any keys and values. */
    @SuppressWarnings("unchecked")
    static Map<Object, Object> dict(Object value) {
        return (Map<Object, Object>) value;
    }

    /** A list of the interpreter: all of them have any items. */
    @SuppressWarnings("unchecked")
    static List<Object> mutable(Object value) {
        return (List<Object>) value;
    }

    /** The characters of a text, each made when it is asked for: to begin with them costs nothing. */
    private static final class Characters implements Iterator<Object> {
        private final String text;
        private int next;

        Characters(String text) {
            this.text = text;
        }

        @Override
        public boolean hasNext() {
            return next < text.length();
        }

        @Override
        public Object next() {
            int start = next;
            next = text.offsetByCodePoints(start, 1);
            return text.substring(start, next);
        }
    }

    /** The items by index, so that a list may grow or shrink while a loop goes through it, as in Python. */
    private static final class ListItems implements Iterator<Object> {
        private final List<?> list;
        private int next;

        ListItems(List<?> list) {
            this.list = list;
        }

        @Override
        public boolean hasNext() {
            return next < list.size();
        }

        @Override
        public Object next() {
            return list.get(next++);
        }
    }
}
