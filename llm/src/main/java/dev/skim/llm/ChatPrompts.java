package dev.skim.llm;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Renders conversations by a chat template and encodes them, so that the tokens of what the session already holds stay
 * the same: an answer is taken over with the tokens that the model gave, which encoding its text might cut otherwise.
 */
final class ChatPrompts implements Chat.Prompts {
    private final ChatTemplate template;
    private final Tokenizer tokenizer;
    private final String bosText;
    private final String eosText;
    private final boolean addsBos;
    private String knownText = "";
    private int[] knownTokens = {};

    /** The prompt that awaits its answer: a question that is refused or cancelled leaves what is known. */
    private String pendingText = "";

    private int[] pendingTokens = {};

    ChatPrompts(ChatTemplate template, Tokenizer tokenizer) {
        this.template = template;
        this.tokenizer = tokenizer;
        this.bosText = tokenizer.bos() < 0 ? "" : tokenizer.piece(tokenizer.bos());
        this.eosText = tokenizer.eos() < 0 ? "" : tokenizer.piece(tokenizer.eos());
        int[] added = tokenizer.encode("", true, false);
        this.addsBos = added.length > 0 && added[0] == tokenizer.bos();
    }

    static ChatPrompts of(Model model) {
        ChatTemplate template = model.chatTemplate()
                .orElseThrow(() -> new SkimException("The model " + model.name()
                        + " has no chat template, so it cannot chat; `skim run --raw` goes on from a text with it."));
        return new ChatPrompts(template, model.tokenizer());
    }

    @Override
    public int[] tokens(List<ChatMessage> messages) {
        String text = render(messages);
        int[] tokens = withKnownTokens(text);
        if (tokens == null) {
            tokens = tokenizer.encode(text, false, true);
            if (addsBos && (tokens.length == 0 || tokens[0] != tokenizer.bos())) {
                int[] longer = new int[tokens.length + 1];
                longer[0] = tokenizer.bos();
                System.arraycopy(tokens, 0, longer, 1, tokens.length);
                tokens = longer;
            }
        }
        pendingText = text;
        pendingTokens = tokens;
        return tokens;
    }

    @Override
    public void answered(String text, int[] tokens) {
        boolean ended = tokens.length > 0 && tokenizer.isEndOfGeneration(tokens[tokens.length - 1]);
        int[] answer = ended ? Arrays.copyOf(tokens, tokens.length - 1) : tokens;
        knownText = pendingText + text;
        knownTokens = Chat.join(pendingTokens, answer);
    }

    /** The known tokens and those of the text after them, or null where the two cannot be put together safely. */
    private int[] withKnownTokens(String text) {
        if (knownTokens.length == 0 || !text.startsWith(knownText) || text.length() == knownText.length()) {
            return null;
        }
        int[] rest = tokenizer.encode(text.substring(knownText.length()), false, true);
        // Only a control token is cut the same way whatever stands before it.
        boolean startsAnew = rest.length > 0 && tokenizer.isControl(rest[0]);
        return startsAnew ? Chat.join(knownTokens, rest) : null;
    }

    private String render(List<ChatMessage> messages) {
        try {
            return template.render(messages, bosText, eosText, true);
        } catch (SkimException refusal) {
            if (messages.size() < 2 || !messages.get(0).role().equals("system")) {
                throw refusal;
            }
            // Some templates (gemma's) refuse a system prompt: there it opens the first question.
            List<ChatMessage> folded = new ArrayList<>(messages.subList(1, messages.size()));
            folded.set(0, new ChatMessage("user", messages.get(0).content() + "\n\n" + folded.get(0).content()));
            try {
                return template.render(folded, bosText, eosText, true);
            } catch (SkimException second) {
                refusal.addSuppressed(second);
                throw refusal;
            }
        }
    }
}
