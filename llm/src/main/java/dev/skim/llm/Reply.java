package dev.skim.llm;

/**
 * A finished generation.
 *
 * @param text what was generated, without the end token
 * @param tokens its tokens, the end token included where there was one
 * @param stop why it ended
 * @param usage what it cost
 */
public record Reply(String text, int[] tokens, StopReason stop, Usage usage) {
    /** The same with the text that the last tokens left incomplete, which the listener is told as well. */
    Reply with(String rest, TokenListener listener) {
        if (rest.isEmpty()) {
            return this;
        }
        listener.accept(rest);
        return new Reply(text + rest, tokens, stop, usage);
    }
}
