package dev.skim.llm.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The methods of Python's values: which type has which, and those of dict, list and tuple. */
final class Methods {
    private static final Set<String> DICT =
            Set.of("clear", "copy", "get", "items", "keys", "pop", "popitem", "setdefault", "update", "values");
    private static final Set<String> LIST = Set.of("append", "clear", "copy", "count", "extend", "index", "insert", "pop",
            "remove", "reverse", "sort");

    private Methods() {}

    static boolean has(Object value, String name) {
        if (value instanceof Map) {
            return DICT.contains(name);
        }
        if (value instanceof String || value instanceof Markup) {
            return StringMethods.NAMES.contains(name);
        }
        if (Values.isList(value)) {
            return LIST.contains(name);
        }
        return value instanceof List && (name.equals("count") || name.equals("index"));
    }

    /** A method together with the value that it was taken from. */
    record Bound(Object self, String name) implements Callable {
        @Override
        public Object call(Run run, Arguments arguments) {
            if (self instanceof Map) {
                return dict(run, Values.dict(self), name, arguments);
            }
            if (self instanceof List) {
                run.spend(name.equals("append") || name.equals("pop") ? 1 : Values.weight(self));
                return list(run, Values.mutable(self), name, arguments);
            }
            run.spend(Values.weight(self));
            for (Object argument : arguments.positional()) {
                if (argument instanceof String part) {
                    run.spend(Values.searchCost(Text.str(self), part));
                }
            }
            if (self instanceof Markup markup) {
                Object result = StringMethods.call(run, markup.text(), name, StringMethods.escaped(name, arguments));
                return marked(result);
            }
            return StringMethods.call(run, (String) self, name, arguments);
        }
    }

    /** The result of a method of a marked string: the strings in it are marked too. */
    private static Object marked(Object result) {
        if (result instanceof String text) {
            return new Markup(text);
        }
        if (result instanceof List<?> parts) {
            List<Object> all = new ArrayList<>(parts.size());
            for (Object part : parts) {
                all.add(marked(part));
            }
            return result instanceof Tuple ? Tuple.copyOf(all) : all;
        }
        return result;
    }

    private static Object dict(Run run, Map<Object, Object> dict, String name, Arguments arguments) {
        switch (name) {
            case "get" -> {
                Arguments.Bound bound = arguments.bind(name, 1, "key", "default");
                Object stored = Values.storedKey(run, dict, Values.key(run, bound.get(0)));
                return stored == Values.ABSENT ? bound.get(1, null) : dict.get(stored);
            }
            case "setdefault" -> {
                Arguments.Bound bound = arguments.bind(name, 1, "key", "default");
                Object stored = Values.storedKey(run, dict, Values.key(run, bound.get(0)));
                if (stored == Values.ABSENT) {
                    Values.put(run, dict, bound.get(0), bound.get(1, null));
                    return bound.get(1, null);
                }
                return dict.get(stored);
            }
            case "pop" -> {
                Arguments.Bound bound = arguments.bind(name, 1, "key", "default");
                Object stored = Values.storedKey(run, dict, Values.key(run, bound.get(0)));
                if (stored != Values.ABSENT) {
                    return dict.remove(stored);
                }
                if (!bound.has(1)) {
                    throw new TemplateException("pop() found no key " + Text.repr(bound.get(0)));
                }
                return bound.get(1);
            }
            case "update" -> {
                run.spend(arguments.named().size());
                if (!arguments.positional().isEmpty()) {
                    putAll(run, dict, arguments.positional().get(0));
                }
                dict.putAll(arguments.named());
                return null;
            }
            default -> {
                arguments.bind(name, 0);
                return dict(run, dict, name);
            }
        }
    }

    private static Object dict(Run run, Map<Object, Object> dict, String name) {
        switch (name) {
            case "clear" -> {
                dict.clear();
                return null;
            }
            case "copy" -> {
                Map<Object, Object> copy = new LinkedHashMap<>();
                putAll(run, copy, dict);
                return copy;
            }
            case "popitem" -> {
                if (dict.isEmpty()) {
                    throw new TemplateException("popitem(): dictionary is empty");
                }
                run.spend(dict.size());
                Object last = null;
                for (Object key : dict.keySet()) {
                    last = key;
                }
                return Tuple.of(last, dict.remove(last));
            }
            default -> {
                return new DictView(dict, name);
            }
        }
    }

    /** Adds a dict's items, or pairs, as {@code dict(...)} and {@code update(...)} do. */
    static void putAll(Run run, Map<Object, Object> dict, Object items) {
        if (items instanceof Map<?, ?> map) {
            run.spend(map.size());
            for (Map.Entry<?, ?> entry : List.copyOf(map.entrySet())) {
                Values.put(run, dict, entry.getKey(), entry.getValue());
            }
            return;
        }
        for (Object item : Values.list(run, items)) {
            List<Object> pair = Values.list(run, item);
            if (pair.size() != 2) {
                throw new TemplateException("dictionary update sequence element has length " + pair.size()
                        + "; 2 is required");
            }
            Values.put(run, dict, pair.get(0), pair.get(1));
        }
    }

    private static Object list(Run run, List<Object> list, String name, Arguments arguments) {
        switch (name) {
            case "append" -> list.add(arguments.bind(name, 1, "object").get(0));
            case "extend" -> list.addAll(Values.list(run, arguments.bind(name, 1, "iterable").get(0)));
            case "insert" -> {
                Arguments.Bound bound = arguments.bind(name, 2, "index", "object");
                int index = bound.integer(0, 0);
                list.add(Math.clamp(index < 0 ? (long) index + list.size() : index, 0, list.size()), bound.get(1));
            }
            case "pop" -> {
                int index = arguments.bind(name, 0, "index").integer(0, -1);
                if (list.isEmpty()) {
                    throw new TemplateException("pop from empty list");
                }
                int from = index < 0 ? index + list.size() : index;
                if (from < 0 || from >= list.size()) {
                    throw new TemplateException("pop index out of range");
                }
                return list.remove(from);
            }
            case "remove" -> list.remove(find(run, list, arguments.bind(name, 1, "value").get(0)));
            case "index" -> {
                return (long) find(run, list, arguments.bind(name, 1, "value").get(0));
            }
            case "count" -> {
                Object value = arguments.bind(name, 1, "value").get(0);
                long count = 0;
                for (Object item : list) {
                    count += Values.equal(run, item, value) ? 1 : 0;
                }
                return count;
            }
            case "sort" -> {
                boolean reverse = arguments.bind(name, 0, "reverse").truth(0, false);
                List<Object> sorted = Sorting.byKeys(run, list, list, reverse);
                list.clear();
                list.addAll(sorted);
            }
            case "copy" -> {
                arguments.bind(name, 0);
                return new ArrayList<>(list);
            }
            case "clear" -> list.clear();
            default -> java.util.Collections.reverse(list);
        }
        return null;
    }

    private static int find(Run run, List<Object> list, Object value) {
        for (int i = 0; i < list.size(); i++) {
            if (Values.equal(run, list.get(i), value)) {
                return i;
            }
        }
        throw new TemplateException(Text.repr(value) + " is not in list");
    }
}
