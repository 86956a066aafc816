package dev.skim.llm;

import dev.skim.llm.jinja.Template;
import dev.skim.llm.jinja.TemplateException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A model's own chat template ({@code tokenizer.chat_template}, in Jinja), ready to render as Jinja2 would. Immutable.
 *
 * <p>A template sees copies of what it is given and nothing else of the JVM, and it is stopped with an error where it loops
 * for too long or makes too much text.
 */
public final class ChatTemplate {
    private final Template template;

    private ChatTemplate(Template template) {
        this.template = template;
    }

    /**
     * Parses a template.
     *
     * @throws SkimException with the line and what is wrong, where the template cannot be parsed
     */
    public static ChatTemplate of(String source) {
        try {
            return new ChatTemplate(Template.parse(source));
        } catch (TemplateException e) {
            throw failure("the chat template cannot be read", e);
        }
    }

    /**
     * Renders a conversation. The template finds {@code messages} (each with {@code role} and {@code content}),
     * {@code bos_token}, {@code eos_token} and {@code add_generation_prompt}, and, as in every template, the functions
     * {@code raise_exception} and {@code strftime_now}.
     *
     * @param bos the BOS token's text, {@code eos} the EOS token's
     * @param addGenerationPrompt whether the assistant's turn is opened at the end
     * @throws SkimException where the template refuses the conversation ({@code raise_exception}) or fails
     */
    public String render(List<ChatMessage> messages, String bos, String eos, boolean addGenerationPrompt) {
        List<Map<String, String>> turns = new ArrayList<>(messages.size());
        for (ChatMessage message : messages) {
            // In this order, which shows where a template prints a whole message.
            Map<String, String> turn = new LinkedHashMap<>();
            turn.put("role", message.role());
            turn.put("content", message.content());
            turns.add(turn);
        }
        Map<String, Object> context = new HashMap<>();
        context.put("messages", turns);
        context.put("bos_token", bos);
        context.put("eos_token", eos);
        context.put("add_generation_prompt", addGenerationPrompt);
        return render(context);
    }

    /**
     * Renders with any context (maps, lists, strings, numbers, booleans, null), as Jinja2 would.
     *
     * @throws SkimException where the template refuses the context ({@code raise_exception}) or fails
     */
    public String render(Map<String, ?> context) {
        return render(context, null);
    }

    /** The same by the given clock; null is the system's. */
    String render(Map<String, ?> context, Clock clock) {
        try {
            return template.render(context, clock);
        } catch (TemplateException e) {
            throw failure(e.raised() ? "the chat template refuses this conversation" : "the chat template fails", e);
        }
    }

    private static SkimException failure(String what, TemplateException e) {
        return new SkimException(what + (e.line() > 0 ? " at line " + e.line() : "") + ": " + e.getMessage(), e);
    }
}
