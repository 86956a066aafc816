package dev.skim.llm.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.skim.llm.Chat;
import dev.skim.llm.ChatMessage;
import dev.skim.llm.Reply;
import dev.skim.llm.Sampling;
import dev.skim.llm.Session;
import dev.skim.llm.SkimException;
import dev.skim.llm.storage.FileFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The chat's loop: turns, commands, and what is said beside them. */
final class Conversation {
    private static final String HELP =
            """
            /help              this
            /clear             forget the conversation; the system prompt stays
            /save FILE         write the conversation and the settings to a file
            /load FILE         take up a conversation that was saved
            /set               show the settings
            /set NAME VALUE    change one; /set system TEXT changes the system prompt
            /stats             what the turns cost so far
            /bye               leave (Ctrl-D does too)
            \"""                begin and end a message of several lines
            Ctrl-C             stop the answer""";

    private static final String QUOTES = "\"\"\"";

    private final Session session;
    private final SkipReport report;
    private final GenerationOptions generation;
    private final ChatScreen screen;
    private Chat chat;
    private String lastCost;
    private int turns;
    private int droppedTurns;
    private long promptTokens;
    private double promptSeconds;
    private long generatedTokens;
    private double generationSeconds;

    Conversation(Session session, SkipReport report, String system, GenerationOptions generation, ChatScreen screen) {
        this.session = session;
        this.report = report;
        this.generation = generation;
        this.screen = screen;
        this.chat = new Chat(session, system);
    }

    /** Takes turns and commands until the user leaves. */
    void run() {
        while (true) {
            String line = screen.readLine(false);
            if (line == null) {
                return;
            }
            if (line == ChatScreen.INTERRUPTED) {
                screen.note("/bye or Ctrl-D leaves.");
                continue;
            }
            if (line.strip().equals("/bye")) {
                return;
            }
            try {
                if (line.stripLeading().startsWith(QUOTES)) {
                    String text = readQuoted(line.stripLeading().substring(QUOTES.length()));
                    if (text != null && !text.isBlank()) {
                        say(text);
                    }
                } else if (line.startsWith("/")) {
                    command(line.strip());
                } else if (!line.isBlank()) {
                    say(line);
                }
            } catch (SkimException e) {
                screen.complain(Style.printable(e.getMessage()));
            }
        }
    }

    /** The text up to the closing quotes, or null where the user broke off. */
    private String readQuoted(String first) {
        List<String> lines = new ArrayList<>();
        String line = first;
        while (line != null && line != ChatScreen.INTERRUPTED) {
            if (line.stripTrailing().endsWith(QUOTES)) {
                String last = line.stripTrailing();
                lines.add(last.substring(0, last.length() - QUOTES.length()));
                break;
            }
            lines.add(line);
            line = screen.readLine(true);
        }
        return line == ChatScreen.INTERRUPTED ? null : String.join("\n", lines).strip();
    }

    /** One turn. */
    void say(String text) {
        Sampling sampling = generation.sampling();
        int droppedBefore = chat.droppedTurns();
        Reply reply;
        try (ChatScreen.Interruption hold = screen.onInterrupt(session::cancel)) {
            reply = chat.reply(text, generation.maxTokens(), sampling, piece -> {
                screen.print(piece);
                return true;
            });
        } finally {
            screen.endAnswer();
        }
        int dropped = chat.droppedTurns() - droppedBefore;
        if (dropped > 0) {
            screen.note("The context of " + session.contextLength() + " tokens is full: the oldest "
                    + (dropped == 1 ? "turn was" : dropped + " turns were") + " dropped, the system prompt was kept.");
        }
        lastCost = UsageLine.of(reply, report.turn(reply.usage()));
        screen.note(lastCost);
        String news = report.news();
        if (!news.isEmpty()) {
            screen.note(news);
        }
        turns++;
        droppedTurns += dropped;
        promptTokens += reply.usage().promptTokens();
        promptSeconds += reply.usage().promptSeconds();
        generatedTokens += reply.usage().generatedTokens();
        generationSeconds += reply.usage().generationSeconds();
    }

    private void command(String line) {
        String[] words = line.split("\\s+", 2);
        String rest = words.length < 2 ? "" : words[1];
        switch (words[0]) {
            case "/help", "/?" -> screen.show(HELP);
            case "/clear" -> {
                chat = new Chat(session, systemPrompt());
                screen.note("The conversation is forgotten.");
            }
            case "/save" -> save(file(words[0], rest));
            case "/load" -> load(file(words[0], rest));
            case "/set" -> set(rest);
            case "/stats" -> screen.show(stats());
            default -> throw new SkimException("There is no command " + words[0] + "; /help tells what there is.");
        }
    }

    private static Path file(String command, String name) {
        if (name.isEmpty()) {
            throw new SkimException("The command " + command + " needs the name of a file.");
        }
        return ModelStore.path(name);
    }

    private String systemPrompt() {
        List<ChatMessage> messages = chat.messages();
        return !messages.isEmpty() && messages.get(0).role().equals("system") ? messages.get(0).content() : "";
    }

    private void set(String rest) {
        if (rest.isEmpty()) {
            screen.show(generation.settings().entrySet().stream()
                    .map(entry -> String.format("%-15s %s", entry.getKey(), entry.getValue()))
                    .collect(Collectors.joining("\n"))
                    + String.format("%n%-15s %s", "system", systemPrompt()));
            return;
        }
        String[] words = rest.split("\\s+", 2);
        String value = words.length < 2 ? "" : words[1];
        if (words[0].equals("system")) {
            setSystemPrompt(value);
        } else {
            generation.set(words[0], value);
        }
    }

    private void setSystemPrompt(String system) {
        List<ChatMessage> messages = new ArrayList<>(chat.messages());
        messages.removeIf(message -> message.role().equals("system"));
        if (!system.isEmpty()) {
            messages.add(0, new ChatMessage("system", system));
        }
        chat = new Chat(session, messages);
    }

    private String stats() {
        if (lastCost == null) {
            return "No turn yet.";
        }
        return "last turn: " + lastCost + "\n"
                + String.format(
                        java.util.Locale.ROOT,
                        "all %d turns: prompt %d tokens in %.2f s | answers %d tokens in %.2f s | %d turns dropped\n"
                                + "KV cache: %.1f MB in %s, %.0f bytes a token",
                        turns,
                        promptTokens,
                        promptSeconds,
                        generatedTokens,
                        generationSeconds,
                        droppedTurns,
                        session.cacheBytes() / 1e6,
                        session.kvType(),
                        session.cacheBytesPerToken())
                + (session.speculationStatus().isEmpty() ? "" : "\n" + session.speculationStatus());
    }

    private void save(Path file) {
        Map<String, Object> saved = new LinkedHashMap<>();
        saved.put("model", session.model().name());
        saved.put("settings", generation.settings());
        saved.put("messages", chat.messages());
        try {
            Files.writeString(file, Json.of(saved) + "\n");
        } catch (IOException e) {
            throw new SkimException("The file " + file + " cannot be written: " + FileFailure.reason(e) + ".", e);
        }
        screen.note("Saved " + chat.messages().size() + " messages to " + file + ".");
    }

    private void load(Path file) {
        JsonNode saved = Json.parse(TextOptions.read(file), "The file " + file);
        if (!saved.path("messages").isArray()) {
            throw new SkimException("The file " + file + " holds no conversation: it has no list of messages.");
        }
        List<ChatMessage> messages = new ArrayList<>();
        for (JsonNode message : saved.path("messages")) {
            if (!message.path("role").isTextual() || !message.path("content").isTextual()) {
                throw new SkimException("A message in the file " + file + " lacks its role or its content.");
            }
            messages.add(new ChatMessage(message.path("role").asText(), message.path("content").asText()));
        }
        Chat loaded = new Chat(session, messages);
        Map<String, String> settings = new LinkedHashMap<>();
        saved.path("settings").properties().forEach(one -> settings.put(one.getKey(), one.getValue().asText()));
        generation.setAll(settings);
        chat = loaded;
        String model = saved.path("model").asText();
        screen.note("Loaded " + messages.size() + " messages"
                + (model.equals(session.model().name()) ? "." : " of a chat with " + Style.printable(model) + "."));
    }
}
