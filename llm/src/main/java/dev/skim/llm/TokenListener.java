package dev.skim.llm;

/** Hears a generation as it goes. */
@FunctionalInterface
public interface TokenListener {
    /** Hears nothing and lets the generation go on. */
    TokenListener NONE = text -> true;

    /**
     * Called with each new piece of text: whole characters, never a broken UTF-8 sequence.
     *
     * @return whether to go on
     */
    boolean accept(String text);
}
