package dev.skim.llm.jinja;

import java.math.BigInteger;

/** Python's int (long, or BigInteger where that is too small) and float. */
final class Numbers {
    /** As Python, no number of more digits is read or printed: the time grows with their square. */
    static final int MAX_DIGITS = 4300;
    private static final int MAX_BITS = 14_000;

    private Numbers() {}

    /** The int as a Long if it fits. */
    static Number narrow(BigInteger value) {
        if (value.bitLength() < Long.SIZE) {
            return value.longValue();
        }
        if (value.bitLength() > MAX_BITS) {
            throw new TemplateException("an integer of more than " + MAX_DIGITS + " digits");
        }
        return value;
    }

    static BigInteger big(Number value) {
        return value instanceof BigInteger big ? big : BigInteger.valueOf(value.longValue());
    }

    /** The value as an int, if it is one (a bool is), else null. */
    static Number integer(Object value) {
        if (value instanceof Boolean bool) {
            return bool ? 1L : 0L;
        }
        return value instanceof Long || value instanceof BigInteger ? (Number) value : null;
    }

    /** The value as an int or a float, if it is one (a bool is), else null. */
    static Number number(Object value) {
        return value instanceof Double real ? real : integer(value);
    }

    /** The number as a float. */
    static double real(Number value) {
        double real = value.doubleValue();
        if (Double.isInfinite(real) && !(value instanceof Double)) {
            throw new TemplateException("int too large to convert to float");
        }
        return real;
    }

    static int clip(Number value) {
        if (value instanceof BigInteger big) {
            return big.signum() < 0 ? Integer.MIN_VALUE : Integer.MAX_VALUE;
        }
        return Math.clamp(value.longValue(), Integer.MIN_VALUE, Integer.MAX_VALUE);
    }

    static boolean less(Number a, Number b) {
        if (a instanceof Double || b instanceof Double) {
            return a.doubleValue() < b.doubleValue();
        }
        return a instanceof Long x && b instanceof Long y ? x < y : big(a).compareTo(big(b)) < 0;
    }

    static boolean equal(Number a, Number b) {
        if (a instanceof Double || b instanceof Double) {
            return a.doubleValue() == b.doubleValue();
        }
        return a.equals(b);
    }

    /** {@code a op b} for one of Python's arithmetic operators. */
    static Number apply(Kind op, Number a, Number b) {
        if (op == Kind.DIV) {
            nonZero(b, "division by zero");
            return real(a) / real(b);
        }
        if (op == Kind.POW) {
            return power(a, b);
        }
        if (a instanceof Double || b instanceof Double) {
            return real(op, real(a), real(b));
        }
        if (op == Kind.FLOOR_DIV || op == Kind.MOD) {
            nonZero(b, op == Kind.MOD ? "integer modulo by zero" : "integer division or modulo by zero");
        }
        if (a instanceof Long x && b instanceof Long y) {
            Number result = exact(op, x, y);
            if (result != null) {
                return result;
            }
        }
        BigInteger x = big(a);
        BigInteger y = big(b);
        return narrow(switch (op) {
            case ADD -> x.add(y);
            case SUB -> x.subtract(y);
            case MUL -> x.multiply(y);
            case FLOOR_DIV -> {
                BigInteger[] parts = x.divideAndRemainder(y);
                yield parts[1].signum() != 0 && parts[1].signum() != y.signum()
                        ? parts[0].subtract(BigInteger.ONE) : parts[0];
            }
            default -> {
                BigInteger rest = x.remainder(y);
                yield rest.signum() != 0 && rest.signum() != y.signum() ? rest.add(y) : rest;
            }
        });
    }

    /** The result in longs, or null where it does not fit. */
    private static Number exact(Kind op, long x, long y) {
        switch (op) {
            case ADD -> {
                long sum = x + y;
                return ((x ^ sum) & (y ^ sum)) < 0 ? null : (Number) sum;
            }
            case SUB -> {
                long difference = x - y;
                return ((x ^ y) & (x ^ difference)) < 0 ? null : (Number) difference;
            }
            case MUL -> {
                long product = x * y;
                return Math.multiplyHigh(x, y) != product >> 63 ? null : (Number) product;
            }
            case FLOOR_DIV -> {
                return x == Long.MIN_VALUE && y == -1 ? null : (Number) Math.floorDiv(x, y);
            }
            default -> {
                return Math.floorMod(x, y);
            }
        }
    }

    private static double real(Kind op, double x, double y) {
        return switch (op) {
            case ADD -> x + y;
            case SUB -> x - y;
            case MUL -> x * y;
            case FLOOR_DIV -> {
                nonZero(y, "float floor division by zero");
                yield Math.floor((x - modulo(x, y)) / y + 0.5);
            }
            default -> {
                nonZero(y, "float modulo");
                yield modulo(x, y);
            }
        };
    }

    /** The remainder with the divisor's sign. */
    private static double modulo(double x, double y) {
        double rest = x % y;
        if (rest == 0) {
            return Math.copySign(0.0, y);
        }
        return rest < 0 != y < 0 ? rest + y : rest;
    }

    private static Number power(Number a, Number b) {
        if (a instanceof Double || b instanceof Double || b.doubleValue() < 0) {
            double x = real(a);
            double y = real(b);
            if (x == 0 && y < 0) {
                throw new TemplateException("0.0 cannot be raised to a negative power");
            }
            double result = Math.pow(x, y);
            if (Double.isNaN(result) && !Double.isNaN(x) && !Double.isNaN(y)) {
                throw new TemplateException("a negative number cannot be raised to a fractional power");
            }
            if (Double.isInfinite(result) && !Double.isInfinite(x) && !Double.isInfinite(y)) {
                throw new TemplateException("the result of '**' is too large");
            }
            return result;
        }
        BigInteger base = big(a);
        int bits = base.abs().bitLength();
        if (bits <= 1) {
            // 0, 1 and -1 may have any exponent: all that counts is whether it is zero, odd or even.
            return narrow(base.pow(big(b).signum() == 0 ? 0 : big(b).testBit(0) ? 1 : 2));
        }
        if ((bits - 1L) * clip(b) > MAX_BITS) {
            throw new TemplateException("an integer of more than " + MAX_DIGITS + " digits");
        }
        return narrow(base.pow(clip(b)));
    }

    static Number negate(Number value) {
        return value instanceof Double real ? (Number) (-real) : narrow(big(value).negate());
    }

    private static void nonZero(Number value, String cause) {
        if (value.doubleValue() == 0) {
            throw new TemplateException(cause);
        }
    }
}
