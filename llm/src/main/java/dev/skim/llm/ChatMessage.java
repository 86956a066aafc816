package dev.skim.llm;

import java.util.Objects;

/**
 * One message of a conversation.
 *
 * @param role {@code system}, {@code user} or {@code assistant}
 * @param content its text
 */
public record ChatMessage(String role, String content) {
    /** Checks that both are there. */
    public ChatMessage {
        Objects.requireNonNull(role);
        Objects.requireNonNull(content);
    }
}
