package dev.skim.llm.cli;

import dev.skim.llm.Drafting;
import dev.skim.llm.Model;
import dev.skim.llm.Session;
import dev.skim.llm.SessionOptions;
import dev.skim.skip.SkipPolicy;
import picocli.CommandLine.Option;

/** How a session is opened. */
final class SessionOptionsMixin {
    @Option(
            names = {"-c", "--ctx-size"},
            paramLabel = "N",
            description = "Positions of the context; what the model was trained for where not given.")
    private int contextLength;

    Session open(Model model, Drafting drafting) {
        return model.openSession(new SessionOptions(contextLength, SkipPolicy.NONE).withDrafting(drafting));
    }
}
