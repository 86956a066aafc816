package dev.skim.llm.cli;

import dev.skim.llm.Model;
import dev.skim.llm.Session;
import dev.skim.llm.SessionOptions;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** How a session is opened. */
final class SessionOptionsMixin {
    @Option(
            names = {"-c", "--ctx-size"},
            paramLabel = "N",
            description = "Positions of the context; what the model was trained for where not given.")
    private int contextLength;

    @Mixin
    private SkipOptions skip;

    private SkipReport report;

    Session open(Model model) {
        report = new SkipReport(skip.policy(model));
        return model.openSession(new SessionOptions(contextLength, report.metered()));
    }

    /** What the session that was opened leaves out. */
    SkipReport report() {
        return report;
    }
}
