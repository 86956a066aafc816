package dev.skim.llm;

/** Why a generation ended. */
public enum StopReason {
    /** The model gave an end-of-text or end-of-turn token. */
    END,
    /** The wanted number of tokens was reached. */
    LENGTH,
    /** No position of the context was left. */
    CONTEXT_FULL,
    /** {@link Session#cancel()} was called, or the listener asked for it. */
    CANCELLED
}
