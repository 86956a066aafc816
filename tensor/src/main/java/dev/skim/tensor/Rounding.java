package dev.skim.tensor;

/** How products round that need not be exact. */
enum Rounding {
    /** Not at all. */
    NONE,
    /** Activations, as {@link RoundedActivations} for codes of 4 bits. */
    SHORT,
    /** The same for codes of 5 bits: half as finely. */
    SHORTER,
    /** Activations, as {@link WholeActivations} for codes of 6 bits. */
    WHOLE,
    /** The same for codes of 4 bits. */
    WHOLE_OF_4,
    /** The same for codes of 2 bits. */
    WHOLE_OF_2,
    /** The same for codes that stand for values of 8 bits. */
    WHOLE_OF_8,
    /** No more than f32 does, of {@link Activations#differences}. */
    DIFFERENCES
}
