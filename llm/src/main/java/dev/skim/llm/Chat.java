package dev.skim.llm;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A conversation on a session: renders turns by the chat template, and when the context is full drops the oldest turns
 * and keeps the system prompt.
 *
 * <p>Reading a shortened conversation anew is dear, so turns are dropped by the half context and not one by one. An
 * answer that runs into the context's end goes on after the oldest turns are dropped.
 */
public final class Chat {
    /** Turns messages into the tokens that the model is to go on from, and is told what it went on with. */
    interface Prompts {
        int[] tokens(List<ChatMessage> messages);

        void answered(String text, int[] tokens);
    }

    /** Gives an answer, in one pass or in several. */
    interface Generator {
        /** Begins an answer: a cancel from now on ends it. */
        void begin();

        /** Reads a whole prompt and generates, as {@link Session#generate(int[], int, Sampling, TokenListener)}. */
        Reply generate(int[] prompt, int maxTokens, Sampling sampling, TokenListener listener);

        /** Ends the answer; returns the text that its last token left incomplete. */
        String end();
    }

    private final Prompts prompts;
    private final Generator generator;
    private final int contextLength;
    private List<ChatMessage> messages;
    private int droppedTurns;

    /** Starts a conversation; {@code system} may be null or empty. */
    public Chat(Session session, String system) {
        this(session, system == null || system.isEmpty() ? List.of() : List.of(new ChatMessage("system", system)));
    }

    /**
     * Takes up a conversation; the next reply reads it.
     *
     * @param messages an optional system prompt, then user and assistant in turn
     * @throws SkimException where they come in another order
     */
    public Chat(Session session, List<ChatMessage> messages) {
        this(ChatPrompts.of(session.model()), session.answers(), session.contextLength(), messages);
    }

    Chat(Prompts prompts, Generator generator, int contextLength, List<ChatMessage> messages) {
        this.prompts = prompts;
        this.generator = generator;
        this.contextLength = contextLength;
        this.messages = List.copyOf(messages);
        checkOrder(this.messages);
    }

    private static void checkOrder(List<ChatMessage> messages) {
        int first = systemMessages(messages);
        for (int i = first; i < messages.size(); i++) {
            String wanted = (i - first) % 2 == 0 ? "user" : "assistant";
            if (!messages.get(i).role().equals(wanted)) {
                throw new SkimException("Message " + (i + 1) + " of the conversation is of the role "
                        + messages.get(i).role() + " where " + wanted + " must stand.");
            }
        }
        if ((messages.size() - first) % 2 != 0) {
            throw new SkimException("The conversation ends in a user's message, but an answer must stand there.");
        }
    }

    /** The messages so far, the system prompt included. */
    public List<ChatMessage> messages() {
        return messages;
    }

    /** How many turns (a question and its answer) were dropped so far because the context was full. */
    public int droppedTurns() {
        return droppedTurns;
    }

    /**
     * Answers a user's message. A cancelled answer stays in the conversation as far as it came; where nothing came, the
     * conversation stays as it was.
     *
     * @param maxTokens tokens to generate at most; 0 or less means until the end or the context's
     * @throws SkimException when the message alone does not fit into the context; the conversation stays as it was
     */
    public Reply reply(String user, int maxTokens, Sampling sampling, TokenListener listener) {
        generator.begin();
        List<ChatMessage> conversation = new ArrayList<>(messages);
        conversation.add(new ChatMessage("user", user));
        int room = Math.max(1, maxTokens > 0 ? Math.min(maxTokens, contextLength / 4) : contextLength / 4);
        int[] prompt = prompts.tokens(conversation);
        int dropped = 0;
        if (prompt.length + room > contextLength) {
            while (prompt.length > contextLength / 2 && dropOldestTurn(conversation)) {
                dropped++;
                prompt = prompts.tokens(conversation);
            }
            if (prompt.length >= contextLength) {
                throw new SkimException("The message takes " + prompt.length
                        + " tokens with all that must stand around it, but the context has room for " + contextLength
                        + ".");
            }
        }

        Reply whole = generator.generate(prompt, maxTokens, sampling, listener);
        while (whole.stop() == StopReason.CONTEXT_FULL && (maxTokens <= 0 || whole.tokens().length < maxTokens)) {
            int droppedNow = 0;
            do {
                if (!dropOldestTurn(conversation)) {
                    break;
                }
                droppedNow++;
                prompt = join(prompts.tokens(conversation), whole.tokens());
            } while (prompt.length > contextLength / 2);
            dropped += droppedNow;
            if (droppedNow == 0 || prompt.length >= contextLength) {
                break;
            }
            int left = maxTokens <= 0 ? maxTokens : maxTokens - whole.tokens().length;
            whole = join(whole, generator.generate(prompt, left, sampling, listener));
        }
        whole = whole.with(generator.end(), listener);

        if (whole.stop() != StopReason.CANCELLED || !whole.text().isEmpty()) {
            conversation.add(new ChatMessage("assistant", whole.text()));
            prompts.answered(whole.text(), whole.tokens());
            messages = List.copyOf(conversation);
            droppedTurns += dropped;
        }
        return whole;
    }

    /** Drops the oldest question with its answer; the last question stays. */
    private static boolean dropOldestTurn(List<ChatMessage> conversation) {
        int first = systemMessages(conversation);
        if (conversation.size() - first < 3) {
            return false;
        }
        conversation.subList(first, first + 2).clear();
        return true;
    }

    private static int systemMessages(List<ChatMessage> messages) {
        return !messages.isEmpty() && messages.get(0).role().equals("system") ? 1 : 0;
    }

    static int[] join(int[] first, int[] second) {
        int[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }

    private static Reply join(Reply first, Reply second) {
        Usage a = first.usage();
        Usage b = second.usage();
        double workA = a.promptTokens() + a.generatedTokens();
        double workB = b.promptTokens() + b.generatedTokens();
        double work = Math.max(1, workA + workB);
        Usage usage = new Usage(
                a.promptTokens() + b.promptTokens(),
                a.promptSeconds() + b.promptSeconds(),
                a.generatedTokens() + b.generatedTokens(),
                a.generationSeconds() + b.generationSeconds(),
                a.firstTokenSeconds(),
                b.contextUsed(),
                b.contextLength(),
                (a.skippedShare() * workA + b.skippedShare() * workB) / work,
                a.draftedTokens() + b.draftedTokens(),
                a.acceptedTokens() + b.acceptedTokens());
        return new Reply(first.text() + second.text(), join(first.tokens(), second.tokens()), second.stop(), usage);
    }
}
