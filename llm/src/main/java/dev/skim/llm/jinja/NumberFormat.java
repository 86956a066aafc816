package dev.skim.llm.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;

/** One field of a format: {@code [[fill]align][sign][#][0][width][,][.precision][type]}. */
final class NumberFormat {
    /** Wider fields and longer fractions are refused: nothing that a template shows needs them. */
    private static final int MAX = 10_000;

    char fill = ' ';
    char align;
    char sign = '-';
    boolean prefix;
    boolean zeros;
    int width;
    char grouping;
    int precision = -1;
    char type;

    static NumberFormat parse(String spec) {
        NumberFormat format = new NumberFormat();
        int i = 0;
        if (spec.length() > 1 && "<>=^".indexOf(spec.charAt(1)) >= 0) {
            format.fill = spec.charAt(0);
            format.align = spec.charAt(1);
            i = 2;
        } else if (!spec.isEmpty() && "<>=^".indexOf(spec.charAt(0)) >= 0) {
            format.align = spec.charAt(0);
            i = 1;
        }
        if (at(spec, i, "+- ")) {
            format.sign = spec.charAt(i++);
        }
        if (at(spec, i, "#")) {
            format.prefix = true;
            i++;
        }
        if (at(spec, i, "0")) {
            format.zeros = true;
            i++;
        }
        int start = i;
        while (at(spec, i, "0123456789")) {
            i++;
        }
        format.width = start == i ? 0 : count(spec, start, i);
        if (at(spec, i, ",_")) {
            format.grouping = spec.charAt(i++);
        }
        if (at(spec, i, ".")) {
            start = ++i;
            while (at(spec, i, "0123456789")) {
                i++;
            }
            format.precision = start == i ? -2 : count(spec, start, i);
        }
        if (i < spec.length()) {
            format.type = spec.charAt(i++);
        }
        if (i < spec.length() || format.precision == -2) {
            throw new TemplateException("Invalid format specifier '" + spec + "'");
        }
        return format;
    }

    private static boolean at(String spec, int i, String set) {
        return i < spec.length() && set.indexOf(spec.charAt(i)) >= 0;
    }

    static boolean isCount(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (!at(text, i, "0123456789")) {
                return false;
            }
        }
        return !text.isEmpty();
    }

    static int count(String text, int start, int end) {
        if (end - start > 9) {
            throw new TemplateException("the number " + text.substring(start, end) + " in a format is too large");
        }
        return Integer.parseInt(text.substring(start, end));
    }

    /** What the field's size costs; also refuses sizes beyond reason. */
    int cost() {
        if (width > MAX || precision > MAX) {
            throw new TemplateException("a format's width and precision go up to " + MAX);
        }
        return 8 + width + Math.max(0, precision);
    }

    String text(String text, char defaultAlign) {
        int length = Text.length(text);
        String shown = precision >= 0 && precision < length ? Text.slice(text, 0, precision, 1) : text;
        return pad("", shown, align == 0 ? defaultAlign : align);
    }

    static String character(Number code) {
        int point = Numbers.clip(code);
        if (!Character.isValidCodePoint(point)) {
            throw new TemplateException("%c arg not in range(0x110000)");
        }
        return Character.toString(point);
    }

    String number(Number value) {
        String digits;
        boolean negative;
        String base = "";
        switch (type) {
            case 0, 'd', 'n', 'b', 'o', 'x', 'X', 'c' -> {
                if (value instanceof Double real) {
                    if (type != 0 && type != 'n') {
                        throw new TemplateException("Unknown format code '" + type + "' for object of type 'float'");
                    }
                    negative = isNegative(real);
                    digits = precision < 0 ? Text.real(Math.abs(real)) : general(Math.abs(real), true);
                } else if (type == 'c') {
                    return text(character(value), '<');
                } else {
                    BigInteger whole = Numbers.big(value);
                    negative = whole.signum() < 0;
                    int radix = type == 'b' ? 2 : type == 'o' ? 8 : type == 'x' || type == 'X' ? 16 : 10;
                    digits = whole.abs().toString(radix);
                    base = prefix && radix != 10 ? "0" + type : "";
                    if (precision >= 0) {
                        digits = "0".repeat(Math.max(0, precision - digits.length())) + digits;
                    }
                }
            }
            case 'e', 'E', 'f', 'F', 'g', 'G', '%' -> {
                double real = Numbers.real(value);
                negative = isNegative(real);
                digits = real(Math.abs(real));
            }
            default -> throw new TemplateException("Unknown format code '" + type + "' for object of type '"
                    + Values.typeName(value) + "'");
        }
        if (type == 'X' || type == 'E' || type == 'F' || type == 'G') {
            digits = digits.toUpperCase(java.util.Locale.ROOT);
        }
        String head = (negative ? "-" : sign == '-' ? "" : String.valueOf(sign)) + base;
        return pad(head, grouping == 0 ? digits : group(digits), align == 0 ? '>' : align);
    }

    private static boolean isNegative(double value) {
        return value < 0 || value == 0 && 1 / value < 0;
    }

    private String real(double number) {
        double value = type == '%' ? number * 100 : number;
        if (!Double.isFinite(value)) {
            return Text.real(value) + (type == '%' ? "%" : "");
        }
        int places = precision < 0 ? 6 : precision;
        return switch (type) {
            case 'f', 'F' -> new BigDecimal(value).setScale(places, RoundingMode.HALF_EVEN).toPlainString();
            case '%' -> new BigDecimal(value).setScale(places, RoundingMode.HALF_EVEN).toPlainString() + "%";
            case 'e', 'E' -> exponential(new BigDecimal(value), places);
            default -> general(value, false);
        };
    }

    private static String exponential(BigDecimal value, int places) {
        BigDecimal rounded = value.round(new MathContext(places + 1, RoundingMode.HALF_EVEN));
        String digits = rounded.unscaledValue().toString();
        int exponent = rounded.signum() == 0 ? 0 : digits.length() - 1 - rounded.scale();
        digits = digits.length() > places + 1 ? digits.substring(0, places + 1) : digits;
        digits = digits + "0".repeat(places + 1 - digits.length());
        return digits.charAt(0) + (places > 0 ? "." + digits.substring(1) : "") + (exponent < 0 ? "e-" : "e+")
                + (Math.abs(exponent) < 10 ? "0" : "") + Math.abs(exponent);
    }

    /** {@code precision} significant digits, trailing zeros dropped; {@code asFloat} keeps one digit after the point. */
    private String general(double value, boolean asFloat) {
        if (!Double.isFinite(value)) {
            return Text.real(value);
        }
        int significant = Math.max(1, precision < 0 ? 6 : precision);
        BigDecimal exact = new BigDecimal(value);
        BigDecimal rounded = exact.round(new MathContext(significant, RoundingMode.HALF_EVEN));
        int exponent = rounded.signum() == 0 ? 0 : rounded.precision() - 1 - rounded.scale();
        if (exponent < -4 || exponent >= significant) {
            String text = exponential(exact, significant - 1);
            int e = text.indexOf('e');
            return dropZeros(text.substring(0, e)) + text.substring(e);
        }
        String plain = dropZeros(rounded.toPlainString());
        return asFloat && plain.indexOf('.') < 0 ? plain + ".0" : plain;
    }

    private static String dropZeros(String digits) {
        if (digits.indexOf('.') < 0) {
            return digits;
        }
        int end = digits.length();
        while (digits.charAt(end - 1) == '0') {
            end--;
        }
        return digits.substring(0, digits.charAt(end - 1) == '.' ? end - 1 : end);
    }

    private String group(String digits) {
        int end = 0;
        while (end < digits.length() && Character.isDigit(digits.charAt(end))) {
            end++;
        }
        StringBuilder out = new StringBuilder(digits);
        for (int i = end - 3; i > 0; i -= 3) {
            out.insert(i, grouping);
        }
        return out.toString();
    }

    /** Fills up to the width; with zeros or {@code =}, between the sign and the digits. */
    private String pad(String head, String body, char side) {
        int missing = width - head.length() - Text.length(body);
        if (missing <= 0) {
            return head + body;
        }
        String filling = String.valueOf(zeros && align == 0 ? '0' : fill).repeat(missing);
        if (zeros && align == 0 || side == '=') {
            return head + filling + body;
        }
        return switch (side) {
            case '<' -> head + body + filling;
            case '^' -> filling.substring(0, missing / 2) + head + body + filling.substring(missing / 2);
            default -> filling + head + body;
        };
    }
}
