package dev.skim.llm.cli;

import dev.skim.llm.Drafting;
import dev.skim.llm.Model;
import dev.skim.llm.Session;
import dev.skim.llm.SessionOptions;
import dev.skim.skip.SkipPolicy;
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

    @Mixin
    private PrecisionOptions precision;

    private SkipReport report;

    /** Refuses, before there is a model, what is wrong whatever the model. */
    void check(SpeculationMixin speculation) {
        speculation.check(skip);
    }

    /** What is known of the options before the model is. */
    SessionOptions rehearsal() {
        return precision.apply(new SessionOptions(contextLength, SkipPolicy.NONE));
    }

    Session open(Model model, SpeculationMixin speculation) {
        if (contextLength > model.contextLength()) {
            System.err.println("Warning: the context of " + contextLength + " tokens is longer than the "
                    + model.contextLength() + " that the model was trained for; beyond them its answers get worse.");
        }
        Drafting drafting = speculation.drafting(model, skip);
        report = new SkipReport(skip.policy(model));
        SessionOptions options =
                precision.apply(new SessionOptions(contextLength, report.metered()).withDrafting(drafting));
        return SpeculationMixin.open(model, options);
    }

    /** What the session that was opened leaves out. */
    SkipReport report() {
        return report;
    }
}
