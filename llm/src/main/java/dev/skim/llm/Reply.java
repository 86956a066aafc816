package dev.skim.llm;

/**
 * A finished generation.
 *
 * @param text what was generated, without the end token
 * @param tokens its tokens, the end token included where there was one
 * @param stop why it ended
 * @param usage what it cost
 */
public record Reply(String text, int[] tokens, StopReason stop, Usage usage) {}
