package dev.skim.llm.jinja;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The functions that every template has. */
record Function(String name) implements Callable {
    /** The function of that name, or null. */
    static Function named(String name) {
        return switch (name) {
            case "raise_exception", "strftime_now", "namespace", "range", "dict", "joiner", "cycler" -> new Function(name);
            default -> null;
        };
    }

    @Override
    public Object call(Run run, Arguments arguments) {
        return switch (name) {
            case "raise_exception" -> throw TemplateException.raised(Text.str(arguments.bind(name, 1, "message").get(0)));
            case "strftime_now" -> {
                String format = arguments.bind(name, 1, "format").text(0, null);
                run.spend(format.length());
                yield Strftime.format(run.now(), format);
            }
            case "range" -> range(arguments);
            case "joiner" -> new Joiner(Text.str(arguments.bind(name, 0, "sep").get(0, ", ")));
            case "cycler" -> {
                if (arguments.positional().isEmpty()) {
                    throw new TemplateException("at least one item has to be provided");
                }
                yield new Cycler(Tuple.copyOf(arguments.positional()));
            }
            case "namespace" -> {
                Namespace namespace = new Namespace();
                for (Map.Entry<Object, Object> entry : dict(run, arguments).entrySet()) {
                    namespace.set(Text.str(entry.getKey()), entry.getValue());
                }
                yield namespace;
            }
            default -> dict(run, arguments);
        };
    }

    private Map<Object, Object> dict(Run run, Arguments arguments) {
        Map<Object, Object> dict = new LinkedHashMap<>();
        if (arguments.positional().size() > 1) {
            throw new TemplateException(name + " expected at most 1 argument, got " + arguments.positional().size());
        }
        if (!arguments.positional().isEmpty()) {
            Methods.putAll(run, dict, arguments.positional().get(0));
        }
        dict.putAll(arguments.named());
        return dict;
    }

    private Range range(Arguments arguments) {
        List<Object> bounds = arguments.positional();
        if (bounds.isEmpty() || bounds.size() > 3 || !arguments.named().isEmpty()) {
            throw new TemplateException("range expected 1 to 3 arguments");
        }
        long[] numbers = new long[bounds.size()];
        for (int i = 0; i < numbers.length; i++) {
            Values.refuseUndefined(bounds.get(i));
            if (!(Numbers.integer(bounds.get(i)) instanceof Long number)) {
                throw new TemplateException("'" + Values.typeName(bounds.get(i))
                        + "' object cannot be interpreted as an integer of 64 bits");
            }
            numbers[i] = number;
        }
        return numbers.length == 1 ? new Range(0, numbers[0], 1)
                : new Range(numbers[0], numbers[1], numbers.length == 3 ? numbers[2] : 1);
    }

    /** Nothing at its first call, then the separator. */
    private static final class Joiner implements Callable {
        private final String separator;
        private boolean used;

        Joiner(String separator) {
            this.separator = separator;
        }

        @Override
        public Object call(Run run, Arguments arguments) {
            arguments.bind("joiner", 0);
            String text = used ? separator : "";
            used = true;
            return text;
        }
    }

    /** Goes round its items: {@code next()}, {@code current}, {@code reset()}. */
    private static final class Cycler implements Attributes {
        private final Tuple items;
        private int position;

        Cycler(Tuple items) {
            this.items = items;
        }

        @Override
        public Object attribute(String name) {
            return switch (name) {
                case "current" -> items.get(position);
                case "next", "reset" -> new Step(this, name.equals("next"));
                default -> Undefined.member(this, name);
            };
        }
    }

    private record Step(Cycler cycler, boolean advances) implements Callable {
        @Override
        public Object call(Run run, Arguments arguments) {
            arguments.bind(advances ? "next" : "reset", 0);
            if (!advances) {
                cycler.position = 0;
                return null;
            }
            Object current = cycler.items.get(cycler.position);
            cycler.position = (cycler.position + 1) % cycler.items.size();
            return current;
        }
    }
}
