package dev.skim.llm.jinja;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;

/**
 * Cuts a template into tokens, as Jinja2's lexer does with {@code trim_blocks} (a newline right after a block or a comment
 * goes) and {@code lstrip_blocks} (so do blanks before one at the start of a line); {@code -} and {@code +} at a delimiter
 * strip all the white space there, or keep it. Line ends become {@code \n}, and one at the very end is dropped.
 */
final class Lexer {
    private final String source;
    private final List<Token> tokens = new ArrayList<>();
    /** The closing brackets that are due, innermost last. */
    private final StringBuilder due = new StringBuilder();
    private int position;
    private int line = 1;
    /** Whether the text at {@link #position} starts a line, by what the last tag's end took with it. */
    private boolean lineStart = true;

    private Lexer(String source) {
        this.source = source;
    }

    static List<Token> tokenize(String source) {
        String text = source;
        if (text.indexOf('\r') >= 0) {
            text = text.replace("\r\n", "\n").replace('\r', '\n');
        }
        if (text.endsWith("\n")) {
            text = text.substring(0, text.length() - 1);
        }
        return new Lexer(text).run();
    }

    private List<Token> run() {
        while (position < source.length()) {
            int tag = nextTag(position);
            if (tag < 0) {
                add(Kind.DATA, source.substring(position));
                moveTo(source.length());
                break;
            }
            char type = source.charAt(tag + 1);
            char sign = signAt(tag + 2);
            text(tag, sign, type != '{');
            int inside = sign == 0 ? tag + 2 : tag + 3;
            if (type == '#') {
                comment(inside);
            } else if (type == '{') {
                add(Kind.VARIABLE_BEGIN, null);
                moveTo(inside);
                expression(true);
            } else {
                int raw = rawBegin(inside);
                if (raw >= 0) {
                    moveTo(raw);
                    raw();
                } else {
                    add(Kind.BLOCK_BEGIN, null);
                    moveTo(inside);
                    expression(false);
                }
            }
        }
        add(Kind.END, null);
        return tokens;
    }

    private int nextTag(int from) {
        for (int i = source.indexOf('{', from); i >= 0 && i + 1 < source.length(); i = source.indexOf('{', i + 1)) {
            char c = source.charAt(i + 1);
            if (c == '{' || c == '%' || c == '#') {
                return i;
            }
        }
        return -1;
    }

    /** The text up to a tag, with what the tag strips of it taken off. */
    private void text(int end, char sign, boolean stripsLine) {
        int kept = end;
        if (sign == '-') {
            while (kept > position && Text.isSpace(source.charAt(kept - 1))) {
                kept--;
            }
        } else if (sign != '+' && stripsLine) {
            // Back to the line's start, but never before the last tag: a line may hold thousands.
            int start = end;
            while (start > position && source.charAt(start - 1) != '\n' && Text.isSpace(source.charAt(start - 1))) {
                start--;
            }
            if (start > position ? source.charAt(start - 1) == '\n' : lineStart) {
                kept = start;
            }
        }
        if (kept > position) {
            add(Kind.DATA, source.substring(position, kept));
        }
        moveTo(end);
    }

    private void comment(int inside) {
        int end = source.indexOf("#}", inside);
        if (end < 0) {
            throw new TemplateException("the comment that starts here has no '#}'", line);
        }
        char sign = end > inside ? signAt(end - 1) : 0;
        endTag(end + 2, sign, true);
    }

    /** Where the text of a raw block starts, or -1 if what stands here is no {@code raw} tag. */
    private int rawBegin(int inside) {
        int i = skipSpace(inside);
        if (!source.startsWith("raw", i)) {
            return -1;
        }
        i = skipSpace(i + 3);
        if (source.startsWith("-%}", i)) {
            return skipSpace(i + 3);
        }
        return source.startsWith("%}", i) ? i + 2 : -1;
    }

    private void raw() {
        lineStart = source.charAt(position - 1) == '\n';
        for (int tag = source.indexOf("{%", position); tag >= 0; tag = source.indexOf("{%", tag + 1)) {
            char sign = signAt(tag + 2);
            int i = skipSpace(sign == 0 ? tag + 2 : tag + 3);
            if (!source.startsWith("endraw", i)) {
                continue;
            }
            i = skipSpace(i + 6);
            char endSign = signAt(i);
            int close = endSign == 0 ? i : i + 1;
            if (source.startsWith("%}", close)) {
                text(tag, sign, true);
                endTag(close + 2, endSign, true);
                return;
            }
        }
        throw new TemplateException("the raw block that starts here has no '{% endraw %}'", line);
    }

    /** The tokens of a tag, up to and with its end. */
    private void expression(boolean variable) {
        while (position < source.length()) {
            char c = source.charAt(position);
            if (due.isEmpty() && endsTag(variable)) {
                return;
            }
            if (Text.isSpace(c)) {
                moveTo(skipSpace(position));
            } else if (c >= '0' && c <= '9') {
                number();
            } else if (c == '_' || Character.isLetter(c)) {
                name();
            } else if (c == '\'' || c == '"') {
                string(c);
            } else {
                operator(c);
            }
        }
    }

    private boolean endsTag(boolean variable) {
        char sign = signAt(position);
        if (variable && sign == '+') {
            return false;
        }
        int close = sign == 0 ? position : position + 1;
        if (!source.startsWith(variable ? "}}" : "%}", close)) {
            return false;
        }
        add(variable ? Kind.VARIABLE_END : Kind.BLOCK_END, null);
        endTag(close + 2, sign, !variable);
        return true;
    }

    /** Moves past the end of a tag and the white space that goes with it. */
    private void endTag(int end, char sign, boolean trims) {
        int to = end;
        if (sign == '-') {
            to = skipSpace(end);
        } else if (sign == 0 && trims && end < source.length() && source.charAt(end) == '\n') {
            to = end + 1;
        }
        moveTo(to);
        lineStart = source.charAt(to - 1) == '\n';
    }

    private void number() {
        int start = position;
        int end = digits(start);
        boolean afterDot = start > 0 && source.charAt(start - 1) == '.';
        int fraction = end < source.length() && source.charAt(end) == '.' ? digits(end + 1) : -1;
        int mantissa = fraction > end + 1 ? fraction : end;
        int exponent = exponent(mantissa);
        if (!afterDot && (mantissa > end || exponent > mantissa)) {
            add(Kind.FLOAT, Double.valueOf(source.substring(start, Math.max(mantissa, exponent)).replace("_", "")));
            moveTo(Math.max(mantissa, exponent));
            return;
        }
        int radix = 10;
        if (source.charAt(start) == '0') {
            char mark = start + 1 < source.length() ? Character.toLowerCase(source.charAt(start + 1)) : 0;
            radix = mark == 'x' ? 16 : mark == 'o' ? 8 : mark == 'b' ? 2 : 10;
            if (radix == 10) {
                // As in Python, no number but zero starts with a zero.
                end = start;
                while (end < source.length() && source.charAt(end) == '0') {
                    end++;
                }
            } else {
                end = start + 2;
                while (end < source.length()
                        && (source.charAt(end) == '_' || Character.digit(source.charAt(end), radix) >= 0)) {
                    end++;
                }
            }
        }
        String digits = source.substring(radix == 10 ? start : start + 2, end).replace("_", "");
        if (digits.isEmpty() || digits.length() > Numbers.MAX_DIGITS) {
            throw new TemplateException("'" + source.substring(start, end) + "' is not a number", line);
        }
        add(Kind.INTEGER, Numbers.narrow(new BigInteger(digits, radix)));
        moveTo(end);
    }

    /** The end of a run of digits, in which single underscores may stand between digits. */
    private int digits(int from) {
        int i = from;
        while (i < source.length()
                && (isDigit(i) || source.charAt(i) == '_' && i > from && isDigit(i - 1) && isDigit(i + 1))) {
            i++;
        }
        return i;
    }

    private int exponent(int from) {
        if (from >= source.length() || (source.charAt(from) | 0x20) != 'e') {
            return from;
        }
        int i = signAt(from + 1) == 0 ? from + 1 : from + 2;
        int end = digits(i);
        return end > i ? end : from;
    }

    private boolean isDigit(int i) {
        return i < source.length() && source.charAt(i) >= '0' && source.charAt(i) <= '9';
    }

    private void name() {
        int end = position + 1;
        while (end < source.length() && (source.charAt(end) == '_' || Character.isLetterOrDigit(source.charAt(end)))) {
            end++;
        }
        add(Kind.NAME, source.substring(position, end));
        moveTo(end);
    }

    private void string(char quote) {
        int end = position + 1;
        boolean escaped = false;
        while (end < source.length() && source.charAt(end) != quote) {
            if (source.charAt(end) == '\\') {
                escaped = true;
                end++;
            }
            end++;
        }
        if (end >= source.length()) {
            throw new TemplateException("the string that starts here has no closing " + quote, line);
        }
        String body = source.substring(position + 1, end);
        add(Kind.STRING, escaped ? Escapes.unescape(body, line) : body);
        moveTo(end + 1);
    }

    private void operator(char c) {
        char next = position + 1 < source.length() ? source.charAt(position + 1) : 0;
        Kind kind = switch (c) {
            case '+' -> Kind.ADD;
            case '-' -> Kind.SUB;
            case '*' -> next == '*' ? Kind.POW : Kind.MUL;
            case '/' -> next == '/' ? Kind.FLOOR_DIV : Kind.DIV;
            case '%' -> Kind.MOD;
            case '~' -> Kind.TILDE;
            case '=' -> next == '=' ? Kind.EQ : Kind.ASSIGN;
            case '!' -> next == '=' ? Kind.NE : null;
            case '<' -> next == '=' ? Kind.LE : Kind.LT;
            case '>' -> next == '=' ? Kind.GE : Kind.GT;
            case '.' -> Kind.DOT;
            case ',' -> Kind.COMMA;
            case ':' -> Kind.COLON;
            case ';' -> Kind.SEMICOLON;
            case '|' -> Kind.PIPE;
            case '(' -> Kind.LPAREN;
            case ')' -> Kind.RPAREN;
            case '[' -> Kind.LBRACKET;
            case ']' -> Kind.RBRACKET;
            case '{' -> Kind.LBRACE;
            case '}' -> Kind.RBRACE;
            default -> null;
        };
        if (kind == null) {
            throw new TemplateException("the character " + Text.repr(source.substring(position,
                    source.offsetByCodePoints(position, 1))) + " cannot stand in a tag", line);
        }
        balance(c);
        add(kind, null);
        moveTo(position + kind.text.length());
    }

    private void balance(char c) {
        if (c == '(' || c == '[' || c == '{') {
            due.append(c == '(' ? ')' : c == '[' ? ']' : '}');
        } else if (c == ')' || c == ']' || c == '}') {
            int last = due.length() - 1;
            if (last < 0) {
                throw new TemplateException("unexpected '" + c + "'", line);
            }
            if (due.charAt(last) != c) {
                throw new TemplateException("unexpected '" + c + "', expected '" + due.charAt(last) + "'", line);
            }
            due.setLength(last);
        }
    }

    private char signAt(int i) {
        char c = i < source.length() ? source.charAt(i) : 0;
        return c == '-' || c == '+' ? c : 0;
    }

    private int skipSpace(int from) {
        int i = from;
        while (i < source.length() && Text.isSpace(source.charAt(i))) {
            i++;
        }
        return i;
    }

    private void add(Kind kind, Object value) {
        tokens.add(new Token(kind, line, value));
    }

    private void moveTo(int to) {
        for (int i = position; i < to; i++) {
            if (source.charAt(i) == '\n') {
                line++;
            }
        }
        position = to;
    }
}
