package dev.skim.skip;

/**
 * An acceleration ratio, the alpha of AdaSkip and the target speedup of Unified Layer Skipping: {@code 1.14} or, exact,
 * {@code 8/7}.
 *
 * @param numerator over {@code denominator}; at least as large
 */
public record Ratio(double numerator, double denominator) {
    /** Checks that the ratio is a finite number of at least 1. */
    public Ratio {
        if (!(denominator > 0) || !(numerator >= denominator) || numerator == Double.POSITIVE_INFINITY) {
            throw new IllegalArgumentException("a ratio is a number of at least 1, such as 1.14 or 8/7");
        }
    }

    /**
     * Reads {@code 1.14} or {@code 8/7}.
     *
     * @throws IllegalArgumentException when it is neither, or below 1
     */
    public static Ratio parse(String text) {
        int slash = text.indexOf('/');
        try {
            return slash < 0
                    ? new Ratio(Double.parseDouble(text), 1)
                    : new Ratio(Double.parseDouble(text.substring(0, slash)), Double.parseDouble(text.substring(slash + 1)));
        } catch (NumberFormatException notANumber) {
            throw new IllegalArgumentException("a ratio is a number of at least 1, such as 1.14 or 8/7, not '" + text + "'");
        }
    }

    /** The ratio as one number. */
    public double value() {
        return numerator / denominator;
    }

    /** {@code count - count / ratio}, to the nearest whole number, halves up: how many of {@code count} go. */
    public int leftOut(int count) {
        // Numerator first, so that 60 sublayers at 8/7 are 7.5 and no binary neighbour of it.
        return (int) Math.floor(count * (numerator - denominator) / numerator + 0.5);
    }

    @Override
    public String toString() {
        return denominator == 1 ? Share.plain(numerator) : Share.plain(numerator) + "/" + Share.plain(denominator);
    }
}
