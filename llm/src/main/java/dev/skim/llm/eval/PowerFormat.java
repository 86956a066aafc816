package dev.skim.llm.eval;

import java.text.FieldPosition;
import java.text.NumberFormat;
import java.text.ParsePosition;
import java.util.Locale;

/** Writes the numbers whose logarithms an axis holds. */
final class PowerFormat extends NumberFormat {
    private static final long serialVersionUID = 1;

    private final double base;
    private final String pattern;

    /** Of logarithms to a base, by a pattern of {@link String#format}. */
    PowerFormat(double base, String pattern) {
        this.base = base;
        this.pattern = pattern;
    }

    @Override
    public StringBuffer format(double logarithm, StringBuffer to, FieldPosition position) {
        return to.append(String.format(Locale.ROOT, pattern, Math.pow(base, logarithm)));
    }

    @Override
    public StringBuffer format(long logarithm, StringBuffer to, FieldPosition position) {
        return format((double) logarithm, to, position);
    }

    @Override
    public Number parse(String text, ParsePosition position) {
        throw new UnsupportedOperationException("an axis is not read");
    }
}
