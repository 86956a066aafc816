package dev.skim.llm;

import java.util.List;
import java.util.Map;

/** A model's own chat template ({@code tokenizer.chat_template}, in Jinja), ready to render. Immutable. */
public final class ChatTemplate {
    private ChatTemplate() {}

    /**
     * Parses a template.
     *
     * @throws SkimException with the line and what is wrong, where the template cannot be parsed
     */
    public static ChatTemplate of(String source) {
        throw new UnsupportedOperationException();
    }

    /**
     * Renders a conversation.
     *
     * @param bos the BOS token's text, {@code eos} the EOS token's
     * @param addGenerationPrompt whether the assistant's turn is opened at the end
     * @throws SkimException where the template refuses the conversation ({@code raise_exception}) or fails
     */
    public String render(List<ChatMessage> messages, String bos, String eos, boolean addGenerationPrompt) {
        throw new UnsupportedOperationException();
    }

    /** Renders with any context (maps, lists, strings, numbers, booleans, null), as Jinja2 would. */
    public String render(Map<String, ?> context) {
        throw new UnsupportedOperationException();
    }
}
