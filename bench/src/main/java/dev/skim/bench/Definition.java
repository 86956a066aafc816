package dev.skim.bench;

/** Checks of what is to be timed: against the double-precision definition, and of one variant against another. */
final class Definition {
    private Definition() {}

    /**
     * Holds a result to its definition.
     *
     * @param size the size of the numbers that were added up, to which the error is compared
     * @throws IllegalStateException where they differ by more than {@code tolerance * size}
     */
    static void check(String what, double defined, float computed, double size, double tolerance) {
        if (!(Math.abs(defined - computed) <= tolerance * size)) {
            throw new IllegalStateException(what + " is " + computed + ", by its definition " + defined
                    + "; it is not worth timing");
        }
    }

    /** Holds two ways to compute the same number to the same bits; 0 and -0 are the same. */
    static void same(String what, float one, float other) {
        if (one != other) {
            throw new IllegalStateException(what + " is " + one + " in one way and " + other + " in another");
        }
    }
}
