package dev.skim.llm.cli;

import dev.skim.llm.Drafting;
import dev.skim.llm.Model;
import dev.skim.llm.Session;
import dev.skim.llm.SessionOptions;
import dev.skim.llm.SkimException;
import picocli.CommandLine.Option;

/** Whether tokens are drafted, and how. */
final class SpeculationMixin {
    @Option(
            names = "--speculate",
            arity = "0..1",
            fallbackValue = "lookup",
            paramLabel = "HOW",
            description = "Draft tokens and verify several at a time, with the same answer (of draft: with a temperature: "
                    + "another one of the same distribution): lookup (the default) drafts what followed the last words "
                    + "where they stood before, draft:POLICY with sublayers left out, such as draft:earlyexit:8. Rests "
                    + "where it does not pay.")
    private String how;

    /** Whether the option was given. */
    boolean given() {
        return how != null;
    }

    /** Refuses, before there is a model, what is wrong whatever the model; and what is wrong with {@code skip} likewise. */
    void check(SkipOptions skip) {
        if (how != null) {
            Drafting.check(how);
        }
        skip.check(drafts());
    }

    /** Whether the model drafts, with sublayers left out, which may go by its profile. */
    private boolean drafts() {
        return how != null && how.contains("draft:");
    }

    /** What was asked for, checked; a draft that needs a profile takes that of {@code skip}. */
    Drafting drafting(Model model, SkipOptions skip) {
        if (how == null) {
            return Drafting.NONE;
        }
        return Drafting.parse(how, drafts() ? skip.profile(model) : null);
    }

    /** Opens a session of the options, which have what {@link #drafting} gave. */
    static Session open(Model model, SessionOptions options) {
        try {
            return model.openSession(options);
        } catch (IllegalArgumentException unfit) {
            throw new SkimException("--speculate does not fit the model: " + unfit.getMessage() + ".", unfit);
        }
    }
}
