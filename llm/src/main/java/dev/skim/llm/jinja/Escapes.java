package dev.skim.llm.jinja;

/** The backslash escapes of Python's string literals; one that is not known stands for itself. */
final class Escapes {
    private Escapes() {}

    static String unescape(String body, int line) {
        StringBuilder out = new StringBuilder(body.length());
        for (int i = 0; i < body.length(); i++) {
            char c = body.charAt(i);
            if (c != '\\') {
                out.append(c);
                continue;
            }
            c = body.charAt(++i);
            switch (c) {
                case '\n' -> { }
                case '\\', '\'', '"' -> out.append(c);
                case 'n' -> out.append('\n');
                case 't' -> out.append('\t');
                case 'r' -> out.append('\r');
                case 'a' -> out.append('\u0007');
                case 'b' -> out.append('\b');
                case 'f' -> out.append('\f');
                case 'v' -> out.append('\u000b');
                case 'N' -> i = named(body, i, out, line);
                case 'x' -> i = hex(body, i, 2, out, line);
                case 'u' -> i = hex(body, i, 4, out, line);
                case 'U' -> i = hex(body, i, 8, out, line);
                case '0', '1', '2', '3', '4', '5', '6', '7' -> i = octal(body, i, out);
                default -> out.append('\\').append(c);
            }
        }
        return out.toString();
    }

    /** Appends the character of {@code digits} digits after {@code at}; returns the index of the last one. */
    private static int hex(String body, int at, int digits, StringBuilder out, int line) {
        int value = 0;
        int end = at + 1 + digits;
        for (int i = at + 1; i < end; i++) {
            int digit = i < body.length() ? Character.digit(body.charAt(i), 16) : -1;
            if (digit < 0 || value > Character.MAX_CODE_POINT >> 4 && digits == 8) {
                throw new TemplateException(
                        "the escape '\\" + body.charAt(at) + "' takes " + digits + " hexadecimal digits of a character", line);
            }
            value = value << 4 | digit;
        }
        if (!Character.isValidCodePoint(value)) {
            throw new TemplateException("the escape '\\U' goes up to 0010ffff", line);
        }
        out.appendCodePoint(value);
        return end - 1;
    }

    private static int named(String body, int at, StringBuilder out, int line) {
        int end = body.indexOf('}', at);
        if (end < 0 || body.charAt(at + 1) != '{') {
            throw new TemplateException("the escape '\\N' takes the name of a character in braces", line);
        }
        String name = body.substring(at + 2, end);
        try {
            out.appendCodePoint(Character.codePointOf(name));
        } catch (IllegalArgumentException e) {
            throw new TemplateException("unknown Unicode character name '" + name + "'", line);
        }
        return end;
    }

    private static int octal(String body, int at, StringBuilder out) {
        int value = 0;
        int i = at;
        while (i < body.length() && i < at + 3 && body.charAt(i) >= '0' && body.charAt(i) <= '7') {
            value = value << 3 | body.charAt(i++) - '0';
        }
        out.append((char) value);
        return i - 1;
    }
}
