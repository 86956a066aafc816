package dev.skim.llm.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** Python's {@code str()} and {@code repr()}, and what strings need to be sequences of code points. */
final class Text {
    /** Values that contain themselves end here. */
    private static final int DEPTH = 200;

    private Text() {}

    static String str(Object value) {
        if (value instanceof String text) {
            return text;
        }
        if (value instanceof Markup markup) {
            return markup.text();
        }
        return value instanceof Undefined ? "" : repr(value);
    }

    /** The same, paid for: a short list may have a long text. */
    static String str(Run run, Object value) {
        String text = str(value);
        if (!(value instanceof String)) {
            run.spend(text.length());
        }
        return text;
    }

    static String repr(Object value) {
        StringBuilder out = new StringBuilder();
        repr(value, out, 0);
        return out.toString();
    }

    private static void repr(Object value, StringBuilder out, int depth) {
        if (depth > DEPTH) {
            throw new TemplateException("a value nests deeper than " + DEPTH);
        }
        if (out.length() > Run.WORK) {
            throw new TemplateException("a value's text is longer than " + Run.WORK + " characters");
        }
        if (value == null) {
            out.append("None");
        } else if (value instanceof String text) {
            quote(text, out);
        } else if (value instanceof Boolean bool) {
            out.append(bool ? "True" : "False");
        } else if (value instanceof Double real) {
            out.append(real(real));
        } else if (value instanceof Long || value instanceof BigInteger || value instanceof Range) {
            out.append(value);
        } else if (value instanceof Map<?, ?> dict) {
            out.append('{');
            String separator = "";
            for (Map.Entry<?, ?> entry : dict.entrySet()) {
                out.append(separator);
                repr(entry.getKey(), out, depth + 1);
                out.append(": ");
                repr(entry.getValue(), out, depth + 1);
                separator = ", ";
            }
            out.append('}');
        } else if (value instanceof Tuple tuple) {
            items(tuple, '(', tuple.size() == 1 ? ",)" : ")", out, depth);
        } else if (value instanceof List<?> list) {
            items(list, '[', "]", out, depth);
        } else if (value instanceof DictView view) {
            out.append(view.typeName()).append('(');
            items(view, '[', "])", out, depth);
        } else if (value instanceof Markup markup) {
            out.append("Markup(");
            quote(markup.text(), out);
            out.append(')');
        } else if (value instanceof Undefined) {
            out.append("Undefined");
        } else if (value instanceof Namespace namespace) {
            out.append("<Namespace ");
            repr(namespace.values, out, depth + 1);
            out.append('>');
        } else {
            out.append('<').append(Values.typeName(value)).append('>');
        }
    }

    private static void items(Collection<?> items, char open, String close, StringBuilder out, int depth) {
        out.append(open);
        Iterator<?> iterator = items.iterator();
        while (iterator.hasNext()) {
            repr(iterator.next(), out, depth + 1);
            if (iterator.hasNext()) {
                out.append(", ");
            }
        }
        out.append(close);
    }

    private static void quote(String text, StringBuilder out) {
        char quote = text.indexOf('\'') >= 0 && text.indexOf('"') < 0 ? '"' : '\'';
        out.append(quote);
        for (int i = 0; i < text.length(); ) {
            int c = text.codePointAt(i);
            i += Character.charCount(c);
            if (c == quote || c == '\\') {
                out.append('\\').append((char) c);
            } else if (c == '\n') {
                out.append("\\n");
            } else if (c == '\r') {
                out.append("\\r");
            } else if (c == '\t') {
                out.append("\\t");
            } else if (isPrintable(c)) {
                out.appendCodePoint(c);
            } else if (c < 0x100) {
                escape(c, 'x', 2, out);
            } else if (c < 0x10000) {
                escape(c, 'u', 4, out);
            } else {
                escape(c, 'U', 8, out);
            }
        }
        out.append(quote);
    }

    /** Appends {@code \}, the letter and the number in that many hexadecimal digits. */
    static void escape(int c, char letter, int digits, StringBuilder out) {
        out.append('\\').append(letter);
        for (int i = digits - 1; i >= 0; i--) {
            out.append(Character.forDigit(c >>> 4 * i & 15, 16));
        }
    }

    private static boolean isPrintable(int c) {
        if (c >= ' ' && c < 0x7f) {
            return true;
        }
        return switch (Character.getType(c)) {
            case Character.CONTROL, Character.FORMAT, Character.SURROGATE, Character.PRIVATE_USE, Character.UNASSIGNED,
                    Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR, Character.SPACE_SEPARATOR -> false;
            default -> true;
        };
    }

    /** The shortest digits that name the float, with an exponent below 1e-4 and from 1e16 on. */
    static String real(double value) {
        if (Double.isNaN(value)) {
            return "nan";
        }
        if (Double.isInfinite(value)) {
            return value > 0 ? "inf" : "-inf";
        }
        if (value == 0) {
            return 1 / value < 0 ? "-0.0" : "0.0";
        }
        // Double.toString has the shortest digits, but its own ideas of the exponent.
        BigDecimal decimal = new BigDecimal(Double.toString(value)).stripTrailingZeros();
        String digits = decimal.unscaledValue().abs().toString();
        int exponent = digits.length() - 1 - decimal.scale();
        StringBuilder out = new StringBuilder(value < 0 ? "-" : "");
        if (exponent < -4 || exponent >= 16) {
            out.append(digits.charAt(0));
            if (digits.length() > 1) {
                out.append('.').append(digits, 1, digits.length());
            }
            out.append(exponent < 0 ? "e-" : "e+");
            return out.append(Math.abs(exponent) < 10 ? "0" : "").append(Math.abs(exponent)).toString();
        }
        String plain = decimal.abs().toPlainString();
        return out.append(plain).append(plain.indexOf('.') < 0 ? ".0" : "").toString();
    }

    /** White space as Python has it. */
    static boolean isSpace(int c) {
        if (c <= ' ') {
            return c == ' ' || c >= '\t' && c <= '\r' || c >= 0x1c && c <= 0x1f;
        }
        return c >= 0x80 && (c == 0x85 || Character.isSpaceChar(c));
    }

    /** The length in code points. */
    static int length(String text) {
        return text.codePointCount(0, text.length());
    }

    /** Whether each char is one code point, so that indices need no translation. */
    static boolean isBasic(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (Character.isSurrogate(text.charAt(i))) {
                return false;
            }
        }
        return true;
    }

    /** The code points from {@code start} on, {@code count} of them, {@code step} apart. */
    static String slice(String text, int start, int count, int step) {
        if (step == 1 && isBasic(text)) {
            return text.substring(start, start + count);
        }
        int[] points = text.codePoints().toArray();
        StringBuilder out = new StringBuilder(count);
        for (int i = 0; i < count; i++) {
            out.appendCodePoint(points[start + i * step]);
        }
        return out.toString();
    }

    /** Compares by code points, which is not the order of UTF-16 units. */
    static int compare(String a, String b) {
        int end = Math.min(a.length(), b.length());
        for (int i = 0; i < end; i++) {
            char x = a.charAt(i);
            char y = b.charAt(i);
            if (x != y) {
                return Character.isSurrogate(x) != Character.isSurrogate(y) ? (Character.isSurrogate(x) ? 1 : -1) : x - y;
            }
        }
        return a.length() - b.length();
    }
}
