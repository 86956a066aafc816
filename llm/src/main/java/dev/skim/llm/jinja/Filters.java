package dev.skim.llm.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.List;
import java.util.Locale;

/** The filters: here those of texts and numbers, those of sequences in {@link SequenceFilters}. */
final class Filters {
    private Filters() {}

    static Object apply(Run run, String name, Object value, Arguments arguments) {
        run.spend(Values.weight(value));
        Object result = SequenceFilters.apply(run, name, value, arguments);
        if (result != SequenceFilters.NOT_MINE) {
            return result;
        }
        if (value instanceof Markup markup) {
            return switch (name) {
                case "default", "d", "safe", "escape", "e" -> text(run, name, value, arguments);
                case "string", "trim", "upper", "lower", "capitalize", "indent", "center" ->
                    new Markup((String) text(run, name, markup.text(), arguments));
                default -> text(run, name, markup.text(), arguments);
            };
        }
        return text(run, name, value, arguments);
    }

    private static Object text(Run run, String name, Object value, Arguments arguments) {
        switch (name) {
            case "default", "d" -> {
                Arguments.Bound bound = arguments.bind(name, 0, "default_value", "boolean");
                boolean replaced = value instanceof Undefined || bound.truth(1, false) && !Values.truth(value);
                return replaced ? bound.get(0, "") : value;
            }
            case "safe" -> {
                return new Markup(Text.str(run, value));
            }
            case "escape", "e" -> {
                return Markup.escape(value);
            }
            case "tojson" -> {
                return Json.write(run, value, arguments.bind(name, 0, "ensure_ascii", "indent", "separators", "sort_keys"));
            }
            case "trim" -> {
                return StringMethods.strip(Text.str(run, value), arguments.bind(name, 0, "chars").textOrNone(0), true, true);
            }
            case "replace" -> {
                Arguments.Bound bound = arguments.bind(name, 2, "old", "new", "count");
                int most = bound.get(2, null) == null ? -1 : bound.integer(2, -1);
                return StringMethods.replace(run, Text.str(run, value), Text.str(bound.get(0)), Text.str(bound.get(1)), most);
            }
            case "indent" -> {
                Values.refuseUndefined(value);
                if (!(value instanceof String text)) {
                    throw new TemplateException("indent takes a string, not '" + Values.typeName(value) + "'");
                }
                return indent(run, text, arguments.bind(name, 0, "width", "first", "blank"));
            }
            case "format" -> {
                Object values = arguments.named().isEmpty() ? Tuple.copyOf(arguments.positional()) : arguments.namedDict();
                return Formatting.percent(run, Text.str(run, value), values, false);
            }
            case "center" -> {
                Arguments width = arguments.positional().isEmpty() && arguments.named().isEmpty() ? Arguments.of(80L) : arguments;
                return StringMethods.call(run, Text.str(run, value), "center", width);
            }
            case "int" -> {
                Arguments.Bound bound = arguments.bind(name, 0, "default", "base");
                return toInt(value, bound.get(0, 0L), bound.integer(1, 10));
            }
            case "float" -> {
                Number number = toFloat(value);
                return number == null ? arguments.bind(name, 0, "default").get(0, 0.0) : (Object) number;
            }
            case "round" -> {
                return round(value, arguments.bind(name, 0, "precision", "method"));
            }
            case "attr" -> {
                String attribute = arguments.bind(name, 1, "name").text(0, null);
                Object own = Access.ownAttribute(value, attribute);
                return own == null ? Undefined.member(value, attribute) : own;
            }
            default -> {
                return plain(run, name, value, arguments);
            }
        }
    }

    /** The filters without arguments. */
    private static Object plain(Run run, String name, Object value, Arguments arguments) {
        Object result = switch (name) {
            case "string" -> Text.str(run, value);
            case "upper" -> Text.str(run, value).toUpperCase(Locale.ROOT);
            case "lower" -> Text.str(run, value).toLowerCase(Locale.ROOT);
            case "capitalize" -> StringMethods.capitalize(Text.str(run, value));
            case "title" -> title(Text.str(run, value));
            case "length", "count" -> (long) Values.length(value);
            case "abs" -> abs(value);
            default -> throw new TemplateException("there is no filter '" + name + "'");
        };
        arguments.bind(name, 0);
        return result;
    }

    /** Unlike str.title(), starts words at blanks and opening brackets only. */
    private static String title(String text) {
        StringBuilder out = new StringBuilder(text.length());
        boolean starts = true;
        for (int i = 0; i < text.length(); ) {
            int end = text.offsetByCodePoints(i, 1);
            String character = text.substring(i, end);
            out.append(starts ? character.toUpperCase(Locale.ROOT) : character.toLowerCase(Locale.ROOT));
            starts = "-({[<".contains(character) || Text.isSpace(character.charAt(0));
            i = end;
        }
        return out.toString();
    }

    private static String indent(Run run, String text, Arguments.Bound bound) {
        String indention;
        if (bound.get(0, 4L) instanceof String given) {
            indention = given;
        } else {
            int width = Math.max(0, bound.integer(0, 4));
            run.spend(width);
            indention = " ".repeat(width);
        }
        boolean blank = bound.truth(2, false);
        List<Object> lines = Splitting.lines(text + "\n", false);
        run.spend((long) indention.length() * lines.size());
        StringBuilder out = new StringBuilder(bound.truth(1, false) ? indention : "");
        for (int i = 0; i < lines.size(); i++) {
            String line = (String) lines.get(i);
            if (i > 0) {
                out.append('\n').append(blank || !line.isEmpty() ? indention : "");
            }
            out.append(line);
        }
        return out.toString();
    }

    private static Object abs(Object value) {
        Number number = Numbers.number(value);
        if (number == null) {
            Values.refuseUndefined(value);
            throw new TemplateException("bad operand type for abs(): '" + Values.typeName(value) + "'");
        }
        return number instanceof Double real ? (Object) Math.abs(real) : Numbers.narrow(Numbers.big(number).abs());
    }

    private static Object toInt(Object value, Object otherwise, int base) {
        Values.refuseUndefined(value);
        if (value instanceof String text) {
            Number whole = parseInt(text, base);
            if (whole != null) {
                return whole;
            }
        }
        Number number = value instanceof String ? toFloat(value) : Numbers.number(value);
        boolean finite = number != null && !(number instanceof Double real && (real.isNaN() || real.isInfinite()));
        return finite ? truncate(number) : otherwise;
    }

    /** The number without its fraction. */
    static Number truncate(Number number) {
        if (!(number instanceof Double real)) {
            return number;
        }
        if (real.isNaN() || real.isInfinite()) {
            throw new TemplateException("cannot convert float " + Text.real(real) + " to integer");
        }
        return Numbers.narrow(new BigDecimal(real).toBigInteger());
    }

    private static Number parseInt(String text, int base) {
        String digits = StringMethods.strip(text, null, true, true).replace("_", "");
        int sign = digits.startsWith("-") || digits.startsWith("+") ? 1 : 0;
        String prefix = digits.length() > sign + 2 ? digits.substring(sign, sign + 2).toLowerCase(Locale.ROOT) : "";
        int radix = prefix.equals("0x") ? 16 : prefix.equals("0o") ? 8 : prefix.equals("0b") ? 2 : 0;
        boolean prefixed = radix != 0 && (base == 0 || base == radix);
        if (prefixed) {
            digits = digits.substring(0, sign) + digits.substring(sign + 2);
        }
        int used = prefixed ? radix : base == 0 ? 10 : base;
        if (used < 2 || used > 36 || digits.length() > Numbers.MAX_DIGITS || digits.indexOf('-', sign) >= 0
                || digits.indexOf('+', sign) >= 0) {
            return null;
        }
        try {
            return Numbers.narrow(new BigInteger(digits, used));
        } catch (NumberFormatException e) {
            return null;
        }
    }

    /** The value as a float, or null. */
    private static Number toFloat(Object value) {
        Values.refuseUndefined(value);
        if (!(value instanceof String text)) {
            Number number = Numbers.number(value);
            return number == null ? null : (Number) number.doubleValue();
        }
        String digits = StringMethods.strip(text, null, true, true).replace("_", "").toLowerCase(Locale.ROOT);
        boolean negative = digits.startsWith("-");
        String unsigned = negative || digits.startsWith("+") ? digits.substring(1) : digits;
        switch (unsigned) {
            case "inf", "infinity" -> {
                return negative ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
            }
            case "nan" -> {
                return Double.NaN;
            }
            default -> {
                // Java's parser also takes hexadecimal floats and the suffixes d and f, which Python's does not.
                for (int i = 0; i < digits.length(); i++) {
                    if ("0123456789.e+-".indexOf(digits.charAt(i)) < 0) {
                        return null;
                    }
                }
                try {
                    return Double.valueOf(digits);
                } catch (NumberFormatException e) {
                    return null;
                }
            }
        }
    }

    private static Object round(Object value, Arguments.Bound bound) {
        Number number = Numbers.number(value);
        if (number == null) {
            Values.refuseUndefined(value);
            throw new TemplateException("type " + Values.typeName(value) + " doesn't define __round__ method");
        }
        int precision = Math.clamp(bound.integer(0, 0), -400, 400);
        String method = bound.text(1, "common");
        RoundingMode mode = switch (method) {
            case "common" -> RoundingMode.HALF_EVEN;
            case "ceil" -> RoundingMode.CEILING;
            case "floor" -> RoundingMode.FLOOR;
            default -> throw new TemplateException("method must be common, ceil or floor");
        };
        if (number instanceof Double real) {
            if (real.isNaN() || real.isInfinite()) {
                return real;
            }
            if (mode == RoundingMode.HALF_EVEN) {
                return new BigDecimal(real).setScale(precision, mode).doubleValue();
            }
        } else if (mode == RoundingMode.HALF_EVEN) {
            return precision >= 0 ? number
                    : Numbers.narrow(new BigDecimal(Numbers.big(number)).setScale(precision, mode).toBigInteger());
        }
        // As Jinja2: scaled in floating point, so that 2.675 * 100 rounds as it does there.
        double scale = Math.pow(10, precision);
        double scaled = number.doubleValue() * scale;
        return (mode == RoundingMode.CEILING ? Math.ceil(scaled) : Math.floor(scaled)) / scale;
    }
}
