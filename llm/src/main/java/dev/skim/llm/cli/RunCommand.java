package dev.skim.llm.cli;

import dev.skim.llm.Chat;
import dev.skim.llm.Model;
import dev.skim.llm.Reply;
import dev.skim.llm.Sampling;
import dev.skim.llm.Session;
import dev.skim.llm.SkimException;
import dev.skim.llm.TokenListener;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code skim run}: answers one prompt. */
@Command(
        name = "run",
        mixinStandardHelpOptions = true,
        description = "Answers one prompt: from -p, from -f, or from standard input. By the model's chat template where it "
                + "has one.")
final class RunCommand implements Callable<Integer> {
    @Mixin
    private ModelOptions model;

    @Mixin
    private SessionOptionsMixin session;

    @Mixin
    private TextOptions prompt;

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

    @Option(names = "--raw", description = "Go on from the text as it is, without the chat template.")
    private boolean raw;

    @Option(names = "--json", description = "Print the answer and what it cost as JSON.")
    private boolean json;

    @Override
    public Integer call() {
        if (raw && system != null) {
            throw new SkimException("A text that is taken as it is (--raw) has no system prompt (-sys).");
        }
        String text = raw ? prompt.text() : prompt.text().replaceFirst("\\R\\z", "");
        if (text.isEmpty()) {
            throw new SkimException("The prompt is empty: there is nothing to answer.");
        }
        generation.sampling();
        session.check(speculation);
        try (Model loaded = model.load(session.rehearsal());
                Session opened = session.open(loaded, speculation)) {
            String news = session.report().news();
            if (!news.isEmpty() && Streams.errorIsTerminal()) {
                System.err.println(Style.dim(news));
            }
            generation.advise(loaded);
            Sampling sampling = generation.sampling();
            TokenListener listener = json ? TokenListener.NONE : piece -> {
                System.out.print(piece);
                System.out.flush();
                return true;
            };
            boolean asItIs = raw || (system == null && loaded.chatTemplate().isEmpty());
            Reply reply = asItIs
                    ? opened.generate(text, generation.maxTokens(), sampling, listener)
                    : new Chat(opened, system).reply(text, generation.maxTokens(), sampling, listener);
            Map<String, Object> skipped = session.report().turn(reply.usage());
            if (json) {
                System.out.println(Json.of(describe(loaded, reply, skipped)));
            } else {
                if (!reply.text().endsWith("\n")) {
                    System.out.println();
                }
                if (Streams.outputIsTerminal() && Streams.errorIsTerminal()) {
                    System.out.flush();
                    System.err.println(Style.dim(UsageLine.of(reply, skipped)));
                }
            }
        }
        return 0;
    }

    private static Map<String, Object> describe(Model model, Reply reply, Map<String, Object> skipped) {
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("model", model.name());
        result.put("text", reply.text());
        result.put("stop", reply.stop().name().toLowerCase(java.util.Locale.ROOT));
        result.put("usage", UsageLine.figures(reply.usage()));
        if (!skipped.isEmpty()) {
            result.put("skip", skipped);
        }
        return result;
    }
}
