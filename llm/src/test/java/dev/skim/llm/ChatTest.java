package dev.skim.llm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

/** The chat's bookkeeping, on a model that costs nothing: a character is a token. */
class ChatTest {
    private static final TokenListener QUIET = TokenListener.NONE;

    /** Says a letter again and again, up to a number of tokens, in a context of a given length. */
    private static final class Parrot implements Chat.Prompts, Chat.Generator {
        final int contextLength;
        int length;
        char letter = 'a';
        StopReason end = StopReason.END;
        final List<String> prompts = new ArrayList<>();
        int begun;
        int ended;
        String rest = "";

        Parrot(int contextLength, int length) {
            this.contextLength = contextLength;
            this.length = length;
        }

        @Override
        public void begin() {
            begun++;
        }

        @Override
        public String end() {
            ended++;
            return rest;
        }

        @Override
        public int[] tokens(List<ChatMessage> messages) {
            assertEquals(ended + 1, begun, "a cancel must not be forgotten once the work has begun");
            StringBuilder text = new StringBuilder();
            for (ChatMessage message : messages) {
                text.append(message.role().charAt(0)).append(message.content()).append('|');
            }
            return text.chars().toArray();
        }

        @Override
        public void answered(String text, int[] tokens) {
            assertEquals(text.length() - rest.length(), tokens.length);
        }

        @Override
        public Reply generate(int[] prompt, int maxTokens, Sampling sampling, TokenListener listener) {
            assertEquals(ended + 1, begun);
            assertTrue(prompt.length < contextLength, "a prompt that leaves no room must not come here");
            String read = new String(prompt, 0, prompt.length);
            prompts.add(read);
            int said = 0;
            while (said < length && read.charAt(read.length() - 1 - said) == letter) {
                said++;
            }
            int wanted = length - said;
            int room = contextLength - prompt.length;
            int count = Math.min(Math.min(wanted, room), maxTokens <= 0 ? Integer.MAX_VALUE : maxTokens);
            StopReason stop = count == wanted ? end : count == room ? StopReason.CONTEXT_FULL : StopReason.LENGTH;
            String text = String.valueOf(letter).repeat(count);
            listener.accept(text);
            Usage usage = new Usage(prompt.length, 1, count, 1, 0.1, prompt.length + count, contextLength, 0, 0, 0);
            return new Reply(text, text.chars().toArray(), stop, usage);
        }

        Chat chat(ChatMessage... messages) {
            return new Chat(this, this, contextLength, List.of(messages));
        }
    }

    @Test
    void keepsTheConversation() {
        Parrot parrot = new Parrot(200, 3);
        Chat chat = parrot.chat(new ChatMessage("system", "S"));
        chat.reply("one", 0, Sampling.GREEDY, QUIET);
        chat.reply("two", 0, Sampling.GREEDY, QUIET);
        assertEquals(List.of("sS|uone|", "sS|uone|aaaa|utwo|"), parrot.prompts);
        assertEquals(5, chat.messages().size());
        assertEquals(0, chat.droppedTurns());
    }

    @Test
    void dropsTheOldestTurnsAndKeepsTheSystemPrompt() {
        Parrot parrot = new Parrot(60, 5);
        Chat chat = parrot.chat(new ChatMessage("system", "SYS"));
        for (int turn = 0; turn < 20; turn++) {
            chat.reply("question " + (char) ('A' + turn), 0, Sampling.GREEDY, QUIET);
            String prompt = parrot.prompts.get(parrot.prompts.size() - 1);
            assertTrue(prompt.startsWith("sSYS|uquestion "), prompt);
            assertTrue(prompt.endsWith("question " + (char) ('A' + turn) + "|"), prompt);
        }
        assertTrue(chat.droppedTurns() > 0);
        assertEquals(20, chat.droppedTurns() + (chat.messages().size() - 1) / 2);
    }

    /** A turn, and then an answer that runs into the end of the context. */
    private static Reply longAnswer(Parrot parrot, Chat chat, String rest, StringBuilder heard) {
        chat.reply("x".repeat(20), 0, Sampling.GREEDY, QUIET);
        parrot.letter = 'b';
        parrot.length = 40;
        parrot.rest = rest;
        return chat.reply("y", 0, Sampling.GREEDY, text -> {
            heard.append(text);
            return true;
        });
    }

    @Test
    void anAnswerThatRunsIntoTheEndGoesOnAfterTheOldestTurnsAreDropped() {
        Parrot parrot = new Parrot(60, 1);
        Chat chat = parrot.chat();
        StringBuilder heard = new StringBuilder();
        Reply reply = longAnswer(parrot, chat, "", heard);
        assertEquals(StopReason.END, reply.stop());
        assertEquals("b".repeat(40), reply.text());
        assertEquals(reply.text(), heard.toString());
        assertEquals(40, reply.usage().generatedTokens());
        assertEquals(1, chat.droppedTurns());
    }

    /** All passes of an answer are one stream of tokens: half a character at its end is told once, and after all. */
    @Test
    void anAnswerEndsOnce() {
        Parrot parrot = new Parrot(60, 1);
        Chat chat = parrot.chat();
        StringBuilder heard = new StringBuilder();
        Reply reply = longAnswer(parrot, chat, "?", heard);
        assertEquals(3, parrot.prompts.size());
        assertEquals(2, parrot.ended);
        assertEquals("b".repeat(40) + "?", reply.text());
        assertEquals(reply.text(), heard.toString());
        assertEquals(reply.text(), chat.messages().getLast().content());
    }

    @Test
    void anAnswerThatFillsTheContextAloneIsCutAndTheChatGoesOn() {
        Parrot parrot = new Parrot(30, 100);
        Chat chat = parrot.chat();
        Reply reply = chat.reply("q", 0, Sampling.GREEDY, QUIET);
        assertEquals(StopReason.CONTEXT_FULL, reply.stop());
        parrot.length = 2;
        assertEquals("aa", chat.reply("again", 0, Sampling.GREEDY, QUIET).text());
        assertEquals(1, chat.droppedTurns());
    }

    @Test
    void aMessageThatDoesNotFitIsRefusedAndTheConversationStays() {
        Parrot parrot = new Parrot(40, 2);
        Chat chat = parrot.chat(new ChatMessage("system", "S"));
        chat.reply("hello", 0, Sampling.GREEDY, QUIET);
        List<ChatMessage> before = chat.messages();
        SkimException refusal = assertThrows(
                SkimException.class, () -> chat.reply("x".repeat(50), 0, Sampling.GREEDY, QUIET));
        assertTrue(refusal.getMessage().contains("room for 40"), refusal.getMessage());
        assertEquals(before, chat.messages());
        assertEquals(0, chat.droppedTurns());
        parrot.ended = parrot.begun;
        assertEquals("aa", chat.reply("fits", 0, Sampling.GREEDY, QUIET).text());
    }

    @Test
    void aCancelledAnswerStaysAsFarAsItCame() {
        Parrot parrot = new Parrot(100, 4);
        parrot.end = StopReason.CANCELLED;
        Chat chat = parrot.chat();
        chat.reply("one", 0, Sampling.GREEDY, QUIET);
        assertEquals(new ChatMessage("assistant", "aaaa"), chat.messages().get(1));
        parrot.length = 0;
        chat.reply("two", 0, Sampling.GREEDY, QUIET);
        assertEquals(2, chat.messages().size(), "where nothing came, the question is taken back");
    }

    @Test
    void conversationsOutOfOrderAreRefused() {
        Parrot parrot = new Parrot(100, 1);
        ChatMessage user = new ChatMessage("user", "u");
        ChatMessage assistant = new ChatMessage("assistant", "a");
        assertThrows(SkimException.class, () -> parrot.chat(assistant));
        assertThrows(SkimException.class, () -> parrot.chat(user, user));
        assertThrows(SkimException.class, () -> parrot.chat(user));
        assertEquals(2, parrot.chat(user, assistant).messages().size());
    }

    /** Whatever is asked in whatever context, no prompt overflows, the order stays, and each turn is kept or counted. */
    @Property(tries = 300)
    void alwaysFits(
            @ForAll @IntRange(min = 8, max = 80) int contextLength,
            @ForAll @IntRange(min = 0, max = 40) int answer,
            @ForAll @IntRange(min = -1, max = 30) int maxTokens,
            @ForAll @Size(max = 12) List<@IntRange(min = 0, max = 30) Integer> questions) {
        Parrot parrot = new Parrot(contextLength, answer);
        Chat chat = parrot.chat(new ChatMessage("system", "S"));
        int answered = 0;
        for (int question : questions) {
            try {
                parrot.ended = parrot.begun;
                Reply reply = chat.reply("q".repeat(question), maxTokens, Sampling.GREEDY, QUIET);
                answered++;
                assertTrue(maxTokens <= 0 || reply.tokens().length <= maxTokens);
                assertEquals(reply.text(), chat.messages().get(chat.messages().size() - 1).content());
            } catch (SkimException e) {
                assertTrue(question + 5 >= contextLength, e.getMessage());
            }
        }
        assertEquals(answered, chat.droppedTurns() + (chat.messages().size() - 1) / 2);
        assertEquals("system", chat.messages().get(0).role());
    }
}
