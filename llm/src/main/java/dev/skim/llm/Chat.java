package dev.skim.llm;

import java.util.List;

/**
 * A conversation on a session: renders turns by the chat template, and when the context is full drops the oldest turns
 * and keeps the system prompt.
 */
public final class Chat {
    /** Starts a conversation; {@code system} may be null or empty. */
    public Chat(Session session, String system) {
        throw new UnsupportedOperationException();
    }

    /** The messages so far, the system prompt included. */
    public List<ChatMessage> messages() {
        throw new UnsupportedOperationException();
    }

    /** Answers a user's message. A cancelled answer stays in the conversation as far as it came. */
    public Reply reply(String user, int maxTokens, Sampling sampling, TokenListener listener) {
        throw new UnsupportedOperationException();
    }
}
