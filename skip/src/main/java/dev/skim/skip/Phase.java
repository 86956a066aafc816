package dev.skim.skip;

/** What a forward pass is for. Always stated by the caller, never guessed from the number of tokens. */
public enum Phase {
    /** The prompt is read. */
    PREFILL,
    /** A token is generated (or a drafted batch of them is verified). */
    DECODE
}
