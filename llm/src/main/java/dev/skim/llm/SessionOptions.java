package dev.skim.llm;

import dev.skim.skip.SkipPolicy;
import java.util.Objects;

/**
 * How a session is opened.
 *
 * @param contextLength positions of the context; 0 takes the length that the model was trained for
 * @param skip what to leave out
 */
public record SessionOptions(int contextLength, SkipPolicy skip) {
    /** The model's own context length, nothing left out. */
    public static final SessionOptions DEFAULT = new SessionOptions(0, SkipPolicy.NONE);

    /** Checks the length. */
    public SessionOptions {
        if (contextLength < 0) {
            throw new SkimException("The context length must be 0 (the model's own) or more, not " + contextLength + ".");
        }
        Objects.requireNonNull(skip);
    }
}
