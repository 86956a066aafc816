package dev.skim.llm.jinja;

import java.util.List;
import java.util.Map;

/** The tests, as in {@code value is defined}. */
final class Tests {
    private Tests() {}

    static boolean holds(Run run, String name, Object value, Arguments arguments) {
        run.spend(1);
        Kind comparison = switch (name) {
            case "eq", "equalto", "==" -> Kind.EQ;
            case "ne", "!=" -> Kind.NE;
            case "lt", "lessthan", "<" -> Kind.LT;
            case "le", "<=" -> Kind.LE;
            case "gt", "greaterthan", ">" -> Kind.GT;
            case "ge", ">=" -> Kind.GE;
            case "in" -> Kind.IN;
            default -> null;
        };
        if (comparison != null) {
            return Operators.compare(run, comparison, value, arguments.bind(name, 1, "other").get(0));
        }
        switch (name) {
            case "divisibleby" -> {
                Object divisor = arguments.bind(name, 1, "num").get(0);
                return !Values.truth(Operators.apply(run, Kind.MOD, value, divisor));
            }
            case "sameas" -> {
                Object other = arguments.bind(name, 1, "other").get(0);
                run.spend(Values.weight(value));
                boolean scalar = value instanceof Boolean || value instanceof Long || value instanceof String;
                return scalar ? value.equals(other) : value == other;
            }
            default -> {
                boolean holds = plain(run, name, value);
                arguments.bind(name, 0);
                return holds;
            }
        }
    }

    /** The tests without arguments. */
    private static boolean plain(Run run, String name, Object value) {
        return switch (name) {
            case "defined" -> !(value instanceof Undefined);
            case "undefined" -> value instanceof Undefined;
            case "none" -> value == null;
            case "boolean" -> value instanceof Boolean;
            case "true" -> value == Boolean.TRUE;
            case "false" -> value == Boolean.FALSE;
            case "string" -> value instanceof String || value instanceof Markup;
            case "number" -> Numbers.number(value) != null;
            case "integer" -> value instanceof Number && !(value instanceof Double);
            case "float" -> value instanceof Double;
            case "mapping" -> value instanceof Map;
            // As in Jinja2, an undefined value is an empty sequence.
            case "iterable" -> Values.iteratorOrNone(value) != null;
            case "sequence" -> value instanceof String || value instanceof Markup || value instanceof List
                    || value instanceof Map || value instanceof Undefined;
            case "callable" -> value instanceof Callable || value instanceof Undefined;
            case "escaped" -> value instanceof Markup;
            case "lower", "upper" -> {
                String text = Text.str(value);
                run.spend(text.length());
                yield StringMethods.is(text, "is" + name);
            }
            case "odd" -> Values.equal(run, Operators.apply(run, Kind.MOD, value, 2L), 1L);
            case "even" -> Values.equal(run, Operators.apply(run, Kind.MOD, value, 2L), 0L);
            default -> throw new TemplateException("there is no test '" + name + "'");
        };
    }
}
