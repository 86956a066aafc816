package dev.skim.llm.cli;

import dev.skim.llm.Model;
import dev.skim.llm.Session;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code skim chat}: talks with a model, on a terminal with line editing, else line by line. */
@Command(
        name = "chat",
        mixinStandardHelpOptions = true,
        description = "Talks with a model; -p or -f give the first message. /help in the chat tells its commands.")
final class ChatCommand implements Callable<Integer> {
    @Mixin
    private ModelOptions model;

    @Mixin
    private SessionOptionsMixin session;

    @Mixin
    private TextOptions first;

    @Mixin
    private GenerationOptions generation;

    @Mixin
    private SpeculationMixin speculation;

    @Option(
            names = {"-sys", "--system-prompt"},
            paramLabel = "TEXT",
            parameterConsumer = TextOptions.AnyText.class,
            description = "The system prompt.")
    private String system;

    @Override
    public Integer call() {
        String opening = first.given().orElse(null);
        generation.sampling();
        session.check(speculation);
        try (Model loaded = model.load(session.rehearsal());
                Session opened = session.open(loaded, speculation);
                ChatScreen screen = Streams.inputIsTerminal() && Streams.outputIsTerminal()
                        ? new TerminalScreen()
                        : new PlainScreen()) {
            generation.advise(loaded);
            Conversation conversation = new Conversation(opened, session.report(), system, generation, screen);
            screen.note(Style.printable(loaded.name()) + ", context of " + opened.contextLength()
                    + " tokens; /help tells the commands.");
            String news = session.report().news();
            if (!news.isEmpty()) {
                screen.note(news);
            }
            if (opening != null) {
                conversation.say(opening);
            }
            conversation.run();
        }
        return 0;
    }
}
