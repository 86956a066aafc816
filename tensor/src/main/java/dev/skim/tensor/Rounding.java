package dev.skim.tensor;

/** How products round that need not be exact. */
enum Rounding {
    /** Not at all. */
    NONE,
    /** Activations, as {@link RoundedActivations}. */
    SHORT,
    /** Activations, as {@link WholeActivations}. */
    WHOLE,
    /** No more than f32 does, of {@link Activations#differences}. */
    DIFFERENCES
}
