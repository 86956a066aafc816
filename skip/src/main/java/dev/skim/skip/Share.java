package dev.skim.skip;

import java.math.BigDecimal;

/**
 * A share of the layers' cost to be saved, written {@code 25%}.
 *
 * @param value 0 to below 1
 */
public record Share(double value) {
    private static final BigDecimal ALL = BigDecimal.valueOf(100);

    /** Checks the range. */
    public Share {
        if (!(value >= 0) || value >= 1) {
            throw new IllegalArgumentException("a share is 0% to below 100%, such as 25%");
        }
    }

    /**
     * Reads {@code 25%} or {@code 12.5%}.
     *
     * @throws IllegalArgumentException when it is no percentage or not below 100
     */
    public static Share parse(String text) {
        try {
            if (text.endsWith("%")) {
                BigDecimal percent = new BigDecimal(text.substring(0, text.length() - 1).strip());
                // Compared as it is written: 1e999999999 has a billion digits once its point is moved.
                return new Share(percent.compareTo(ALL) < 0 ? percent.scaleByPowerOfTen(-2).doubleValue() : 1);
            }
        } catch (NumberFormatException | ArithmeticException notANumber) {
            // Falls through to the sentence below.
        }
        throw new IllegalArgumentException("a share is written with a percent sign, such as 25% or 12.5%, not '" + text + "'");
    }

    /** A number without a needless fraction or exponent. */
    static String plain(double number) {
        return new BigDecimal(Double.toString(number)).stripTrailingZeros().toPlainString();
    }

    @Override
    public String toString() {
        return new BigDecimal(Double.toString(value)).movePointRight(2).stripTrailingZeros().toPlainString() + "%";
    }
}
