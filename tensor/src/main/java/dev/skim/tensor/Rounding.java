package dev.skim.tensor;

/** How a product rounds its activations, where it does. */
enum Rounding {
    /** Not at all. */
    NONE,
    /** As {@link RoundedActivations}. */
    SHORT,
    /** As {@link WholeActivations}. */
    WHOLE
}
