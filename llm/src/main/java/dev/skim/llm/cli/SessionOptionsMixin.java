package dev.skim.llm.cli;

import dev.skim.llm.Drafting;
import dev.skim.llm.Model;
import dev.skim.llm.Session;
import dev.skim.llm.SessionOptions;
import dev.skim.llm.SkimException;
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
        try {
            return model.openSession(new SessionOptions(contextLength, SkipPolicy.NONE).withDrafting(drafting));
        } catch (IllegalArgumentException unfit) {
            throw new SkimException("--speculate does not fit the model: " + unfit.getMessage() + ".", unfit);
        }
    }
}
