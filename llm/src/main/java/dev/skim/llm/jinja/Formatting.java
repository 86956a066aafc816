package dev.skim.llm.jinja;

import java.util.List;
import java.util.Map;

/** Python's {@code '...' % values} and {@code '...'.format(...)}. */
final class Formatting {
    private final Run run;
    private final String format;
    private final StringBuilder out = new StringBuilder();
    private int position;
    /** The arguments by position, and how many of them are used. */
    private List<?> positional;
    private int used;

    private Formatting(Run run, String format) {
        this.run = run;
        this.format = format;
    }

    /** {@code format % values}; {@code escapes} HTML-escapes the texts put in, for a format that is marked safe. */
    static String percent(Run run, String format, Object values, boolean escapes) {
        Formatting formatting = new Formatting(run, format);
        formatting.positional = values instanceof Tuple tuple ? tuple : Tuple.of(values);
        while (formatting.copyTo('%')) {
            formatting.percentField(values, escapes);
        }
        // A single value that has items, as a dict whose items are used by name, may be left over.
        boolean hasItems = values instanceof Map || values instanceof Undefined
                || values instanceof List && !(values instanceof Tuple);
        if (formatting.used < formatting.positional.size() && !hasItems) {
            throw new TemplateException("not all arguments converted during string formatting");
        }
        return formatting.out.toString();
    }

    /** {@code format.format(arguments)}. */
    static String braces(Run run, String format, Arguments arguments) {
        Formatting formatting = new Formatting(run, format);
        formatting.positional = arguments.positional();
        while (formatting.position < format.length()) {
            char c = format.charAt(formatting.position++);
            boolean doubled = formatting.position < format.length() && format.charAt(formatting.position) == c;
            if ((c == '{' || c == '}') && doubled) {
                formatting.out.append(c);
                formatting.position++;
            } else if (c == '{') {
                formatting.bracesField(arguments);
            } else if (c == '}') {
                throw new TemplateException("Single '}' encountered in format string");
            } else {
                formatting.out.append(c);
            }
        }
        return formatting.out.toString();
    }

    /** Copies up to and over the next {@code mark}; false at the end. */
    private boolean copyTo(char mark) {
        int next = format.indexOf(mark, position);
        out.append(format, position, next < 0 ? format.length() : next);
        position = next + 1;
        return next >= 0;
    }

    private Object nextArgument(String cause) {
        if (used >= positional.size()) {
            throw new TemplateException(cause);
        }
        return positional.get(used++);
    }

    private void percentField(Object values, boolean escapes) {
        Object value = null;
        boolean named = peek() == '(';
        if (named) {
            int end = format.indexOf(')', position);
            if (end < 0) {
                throw new TemplateException("incomplete format key");
            }
            if (!(values instanceof Map<?, ?> dict)) {
                throw new TemplateException("format requires a mapping");
            }
            value = Access.item(run, dict, format.substring(position + 1, end));
            position = end + 1;
        }
        NumberFormat spec = new NumberFormat();
        for (char c = peek(); c == '-' || c == '+' || c == ' ' || c == '0' || c == '#'; c = peek()) {
            switch (c) {
                case '-' -> spec.align = '<';
                case '0' -> spec.zeros = true;
                case '#' -> spec.prefix = true;
                default -> spec.sign = spec.sign == '+' ? '+' : c;
            }
            position++;
        }
        spec.width = starOrCount(0);
        if (spec.width < 0) {
            spec.align = '<';
            spec.width = -spec.width;
        }
        if (peek() == '.') {
            position++;
            spec.precision = Math.max(0, starOrCount(0));
        }
        while (peek() == 'h' || peek() == 'l' || peek() == 'L') {
            position++;
        }
        spec.type = peek();
        position++;
        if (spec.type == '%') {
            out.append('%');
            return;
        }
        if (!named) {
            value = nextArgument("not enough arguments for format string");
        }
        percentValue(value, spec, escapes);
    }

    private void percentValue(Object value, NumberFormat spec, boolean escapes) {
        run.spend(spec.cost());
        switch (spec.type) {
            case 's', 'r', 'a' -> {
                String text = spec.type == 's' ? Text.str(value) : Text.repr(value);
                run.spend(text.length());
                boolean marked = escapes && !(value instanceof Markup);
                spec.zeros = false;
                out.append(spec.text(marked ? Markup.escape(text).text() : text, '>'));
            }
            case 'c' -> {
                Number code = Numbers.integer(value);
                String text = code == null ? Text.str(value) : NumberFormat.character(code);
                run.spend(text.length());
                spec.zeros = false;
                out.append(spec.text(text, '>'));
            }
            case 'd', 'i', 'u', 'o', 'x', 'X', 'e', 'E', 'f', 'F', 'g', 'G' -> {
                Number number = Numbers.number(value);
                if (number == null) {
                    Values.refuseUndefined(value);
                    throw new TemplateException("%" + spec.type + " format: a real number is required, not "
                            + Values.typeName(value));
                }
                if (spec.type == 'i' || spec.type == 'u') {
                    spec.type = 'd';
                }
                if (number instanceof Double && "doxX".indexOf(spec.type) >= 0) {
                    number = Filters.truncate(number);
                }
                if (spec.align == '<') {
                    spec.zeros = false;
                }
                out.append(spec.number(number));
            }
            default -> throw new TemplateException("unsupported format character '" + spec.type + "'");
        }
        run.spend(out.length() > Run.WORK ? Run.WORK : 1);
    }

    private int starOrCount(int otherwise) {
        if (peek() == '*') {
            position++;
            Number number = Numbers.integer(nextArgument("not enough arguments for format string"));
            if (number == null) {
                throw new TemplateException("* wants int");
            }
            return Numbers.clip(number);
        }
        int start = position;
        while (peek() >= '0' && peek() <= '9') {
            position++;
        }
        return start == position ? otherwise : NumberFormat.count(format, start, position);
    }

    private char peek() {
        if (position >= format.length()) {
            throw new TemplateException("incomplete format");
        }
        return format.charAt(position);
    }

    private void bracesField(Arguments arguments) {
        int end = format.indexOf('}', position);
        if (end < 0) {
            throw new TemplateException("expected '}' before end of string");
        }
        String field = format.substring(position, end);
        position = end + 1;
        if (field.indexOf('{') >= 0) {
            throw new TemplateException("format() takes no fields inside fields here");
        }
        int colon = field.indexOf(':');
        String spec = colon < 0 ? "" : field.substring(colon + 1);
        String name = colon < 0 ? field : field.substring(0, colon);
        boolean quoted = name.endsWith("!r");
        if (quoted || name.endsWith("!s")) {
            name = name.substring(0, name.length() - 2);
        }
        Object value = argument(name, arguments);
        NumberFormat parsed = NumberFormat.parse(spec);
        run.spend(parsed.cost());
        Number number = quoted ? null : Numbers.number(value);
        if (number == null || value instanceof Boolean && parsed.type == 0) {
            if (parsed.type != 0 && parsed.type != 's') {
                throw new TemplateException("Unknown format code '" + parsed.type + "' for object of type '"
                        + Values.typeName(value) + "'");
            }
            parsed.zeros = false;
            String text = quoted ? Text.repr(value) : Text.str(value);
            run.spend(text.length());
            out.append(parsed.text(text, '<'));
        } else {
            out.append(parsed.number(number));
        }
        run.spend(out.length() > Run.WORK ? Run.WORK : 1);
    }

    /** The argument {@code name} (empty: the next one), with {@code [key]} after it; attributes are not reached. */
    private Object argument(String name, Arguments arguments) {
        int bracket = name.indexOf('[');
        String root = bracket < 0 ? name : name.substring(0, bracket);
        if (root.indexOf('.') >= 0) {
            throw new TemplateException("format() reaches no attributes here");
        }
        Object value;
        if (root.isEmpty() || NumberFormat.isCount(root)) {
            int index = root.isEmpty() ? used++ : NumberFormat.count(root, 0, root.length());
            if (index >= positional.size()) {
                throw new TemplateException("Replacement index " + index + " out of range for positional args tuple");
            }
            value = positional.get(index);
        } else if (arguments.named().containsKey(root)) {
            value = arguments.named().get(root);
        } else {
            throw new TemplateException("format() has no argument '" + root + "'");
        }
        for (int open = bracket; open >= 0 && open < name.length(); ) {
            int close = name.indexOf(']', open);
            if (name.charAt(open) != '[' || close < 0) {
                throw new TemplateException("Missing ']' in format string");
            }
            String key = name.substring(open + 1, close);
            boolean index = NumberFormat.isCount(key);
            value = Access.item(run, value, index ? (Object) (long) NumberFormat.count(key, 0, key.length()) : key);
            Values.refuseUndefined(value);
            open = close + 1;
        }
        return value;
    }
}
