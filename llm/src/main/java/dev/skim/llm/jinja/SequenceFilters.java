package dev.skim.llm.jinja;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The filters of sequences. Those that are generators in Jinja2 give a {@link OneShot}. */
final class SequenceFilters {
    /** The answer for a filter that is not one of these, as null is None. */
    static final Object NOT_MINE = new Object();

    private SequenceFilters() {}

    static Object apply(Run run, String name, Object value, Arguments arguments) {
        switch (name) {
            case "map" -> {
                return map(run, itemsOfTrue(run, value), arguments);
            }
            case "select", "reject" -> {
                return select(run, itemsOfTrue(run, value), arguments, false, name.equals("select"));
            }
            case "selectattr", "rejectattr" -> {
                return select(run, itemsOfTrue(run, value), arguments, true, name.equals("selectattr"));
            }
            case "join" -> {
                Arguments.Bound bound = arguments.bind(name, 0, "d", "attribute");
                return join(run, attributes(run, value, bound.get(1, null)), Text.str(bound.get(0, "")));
            }
            case "sort" -> {
                Arguments.Bound bound = arguments.bind(name, 0, "reverse", "case_sensitive", "attribute");
                List<Object> items = Values.list(run, value);
                List<Object> keys = new ArrayList<>(items.size());
                for (Object item : items) {
                    keys.add(sortKey(run, item, bound.get(2, null), bound.truth(1, false)));
                }
                return sorted(run, items, keys, bound.truth(0, false));
            }
            case "dictsort" -> {
                return dictSort(run, value, arguments.bind(name, 0, "case_sensitive", "by", "reverse"));
            }
            case "unique" -> {
                return unique(run, value, arguments.bind(name, 0, "case_sensitive", "attribute"));
            }
            case "batch" -> {
                return batch(run, value, arguments.bind(name, 1, "linecount", "fill_with"));
            }
            case "sum" -> {
                Arguments.Bound bound = arguments.bind(name, 0, "attribute", "start");
                Object sum = bound.get(1, 0L);
                for (Object item : attributes(run, value, bound.get(0, null))) {
                    sum = Operators.apply(run, Kind.ADD, sum, item);
                }
                return sum;
            }
            case "min", "max" -> {
                return extreme(run, value, arguments.bind(name, 0, "case_sensitive", "attribute"), name.equals("max"));
            }
            default -> {
                return plain(run, name, value, arguments);
            }
        }
    }

    /** The filters without arguments. */
    private static Object plain(Run run, String name, Object value, Arguments arguments) {
        switch (name) {
            case "list" -> {
                arguments.bind(name, 0);
                return Values.list(run, value);
            }
            case "first" -> {
                arguments.bind(name, 0);
                Iterator<?> items = Values.iterator(value);
                return items.hasNext() ? items.next() : Undefined.because("No first item, sequence was empty.");
            }
            case "last" -> {
                arguments.bind(name, 0);
                List<Object> items = Values.list(run, value);
                return items.isEmpty() ? Undefined.because("No last item, sequence was empty.") : items.getLast();
            }
            case "reverse" -> {
                arguments.bind(name, 0);
                if (Markup.strip(value) instanceof String text) {
                    return new StringBuilder(text).reverse().toString();
                }
                return new OneShot(Values.list(run, value).reversed());
            }
            case "items" -> {
                arguments.bind(name, 0);
                if (value instanceof Undefined) {
                    return new OneShot(List.of());
                }
                if (!(value instanceof Map<?, ?> dict)) {
                    throw new TemplateException("Can only get item pairs from a mapping.");
                }
                return new OneShot(new ArrayList<>(new DictView(dict, "items")));
            }
            default -> {
                return NOT_MINE;
            }
        }
    }

    /** The items; none of any value that is false, even one without items, as None: templates rely on it. */
    private static List<Object> itemsOfTrue(Run run, Object value) {
        return Values.truth(value) ? Values.list(run, value) : List.of();
    }

    private static Object map(Run run, List<Object> items, Arguments arguments) {
        List<Object> results = new ArrayList<>();
        if (arguments.positional().isEmpty()) {
            Arguments.Bound bound = arguments.bind("map", 0, "attribute", "default");
            if (!bound.has(0)) {
                throw new TemplateException("map requires a filter argument");
            }
            for (Object item : items) {
                Object result = attribute(run, item, bound.get(0));
                results.add(result instanceof Undefined && bound.get(1, null) != null ? bound.get(1) : result);
            }
        } else {
            String filter = name(arguments, 0, "filter");
            Arguments rest = arguments.from(1);
            for (Object item : items) {
                results.add(Filters.apply(run, filter, item, rest));
            }
        }
        return new OneShot(results);
    }

    private static Object select(Run run, List<Object> items, Arguments arguments, boolean byAttribute, boolean wanted) {
        int next = byAttribute ? 1 : 0;
        if (arguments.positional().size() < next) {
            throw new TemplateException("missing the attribute to select by");
        }
        boolean byTest = arguments.positional().size() > next;
        String test = byTest ? name(arguments, next, "test") : null;
        Arguments rest = arguments.from(next + 1);
        List<Object> selected = new ArrayList<>();
        for (Object item : items) {
            Object value = byAttribute ? attribute(run, item, arguments.positional().get(0)) : item;
            if ((byTest ? Tests.holds(run, test, value, rest) : Values.truth(value)) == wanted) {
                selected.add(item);
            }
        }
        return new OneShot(selected);
    }

    private static String name(Arguments arguments, int i, String what) {
        if (arguments.positional().get(i) instanceof String name) {
            return name;
        }
        throw new TemplateException("there is no " + what + " " + Text.repr(arguments.positional().get(i)));
    }

    /** The item's attribute by a path such as {@code a.b.0}, or by index. */
    static Object attribute(Run run, Object item, Object path) {
        if (!(path instanceof String text)) {
            return path == null ? item : Access.item(run, item, path);
        }
        Object value = item;
        for (Object part : Splitting.split(text, ".", Integer.MAX_VALUE, false)) {
            String name = (String) part;
            boolean index = NumberFormat.isCount(name);
            value = Access.item(run, value, index ? (Object) (long) NumberFormat.count(name, 0, name.length()) : name);
        }
        return value;
    }

    private static List<Object> attributes(Run run, Object value, Object path) {
        List<Object> items = Values.list(run, value);
        if (path != null) {
            for (int i = 0; i < items.size(); i++) {
                items.set(i, attribute(run, items.get(i), path));
            }
        }
        return items;
    }

    private static String join(Run run, List<Object> items, String separator) {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < items.size(); i++) {
            String text = Text.str(items.get(i));
            run.spend((long) text.length() + separator.length());
            out.append(i == 0 ? "" : separator).append(text);
        }
        return out.toString();
    }

    private static Object foldCase(Run run, Object value, boolean caseSensitive) {
        Object bare = Markup.strip(value);
        if (caseSensitive || !(bare instanceof String text)) {
            return bare;
        }
        run.spend(text.length());
        return text.toLowerCase(Locale.ROOT);
    }

    /**
     * What an item is sorted by: its attributes, with commas between them in {@code path}. Always a list, as in Jinja2: equal
     * items need no order then.
     */
    private static Object sortKey(Run run, Object item, Object path, boolean caseSensitive) {
        List<Object> keys = new ArrayList<>();
        if (path instanceof String paths) {
            for (Object one : Splitting.split(paths, ",", Integer.MAX_VALUE, false)) {
                keys.add(foldCase(run, attribute(run, item, one), caseSensitive));
            }
        } else {
            keys.add(foldCase(run, attribute(run, item, path), caseSensitive));
        }
        return keys;
    }

    private static List<Object> sorted(Run run, List<Object> items, List<Object> keys, boolean reverse) {
        run.spend(items.size() * 16L);
        return Sorting.byKeys(run, items, keys, reverse);
    }

    private static Object dictSort(Run run, Object value, Arguments.Bound bound) {
        if (!(value instanceof Map<?, ?> dict)) {
            Values.refuseUndefined(value);
            throw new TemplateException("dictsort takes a dict, not '" + Values.typeName(value) + "'");
        }
        int position = switch (bound.text(1, "key")) {
            case "key" -> 0;
            case "value" -> 1;
            default -> throw new TemplateException("You can only sort by either \"key\" or \"value\"");
        };
        List<Object> items = new ArrayList<>(new DictView(dict, "items"));
        List<Object> keys = new ArrayList<>(items.size());
        for (Object item : items) {
            keys.add(foldCase(run, ((Tuple) item).get(position), bound.truth(0, false)));
        }
        return sorted(run, items, keys, bound.truth(2, false));
    }

    private static Object unique(Run run, Object value, Arguments.Bound bound) {
        Map<Object, Object> seen = new LinkedHashMap<>();
        List<Object> kept = new ArrayList<>();
        for (Object item : Values.list(run, value)) {
            Object key = Values.key(run, foldCase(run, attribute(run, item, bound.get(1, null)), bound.truth(0, false)));
            if (Values.storedKey(run, seen, key) == Values.ABSENT) {
                seen.put(key, null);
                kept.add(item);
            }
        }
        return new OneShot(kept);
    }

    private static Object batch(Run run, Object value, Arguments.Bound bound) {
        int size = Math.max(1, bound.integer(0, 1));
        List<Object> batches = new ArrayList<>();
        List<Object> batch = new ArrayList<>();
        for (Object item : Values.list(run, value)) {
            if (batch.size() == size) {
                batches.add(batch);
                batch = new ArrayList<>();
            }
            batch.add(item);
        }
        if (!batch.isEmpty()) {
            if (bound.get(1, null) != null) {
                run.spend(size - batch.size());
                batch.addAll(Collections.nCopies(size - batch.size(), bound.get(1)));
            }
            batches.add(batch);
        }
        return new OneShot(batches);
    }

    private static Object extreme(Run run, Object value, Arguments.Bound bound, boolean largest) {
        Object best = Undefined.because("No aggregated item, sequence was empty.");
        Object bestKey = null;
        boolean first = true;
        for (Object item : Values.list(run, value)) {
            Object key = foldCase(run, attribute(run, item, bound.get(1, null)), bound.truth(0, false));
            if (first || (largest ? Values.less(run, bestKey, key, false, ">") : Values.less(run, key, bestKey, false, "<"))) {
                best = item;
                bestKey = key;
                first = false;
            }
        }
        return best;
    }
}
