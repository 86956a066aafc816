package dev.skim.skip;

import java.util.Locale;

/** The phases in which a method leaves sublayers out (the three settings that the AdaSkip paper evaluates). */
public enum Mode {
    /** In the prompt; after it the same set stays left out, since its keys and values are missing. Nothing is added. */
    PREFILL,
    /** For generated tokens only: the whole model reads the prompt. */
    DECODE,
    /** In the prompt and for generated tokens. */
    BOTH;

    /** Whether the prompt is read with less than the whole model. */
    public boolean skipsPrompt() {
        return this != DECODE;
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
