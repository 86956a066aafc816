package dev.skim.llm.cli;

import dev.skim.llm.Model;
import dev.skim.llm.SkimException;
import dev.skim.llm.profile.Profiles;
import dev.skim.skip.AdaSkip;
import dev.skim.skip.Profile;
import dev.skim.skip.SkipPolicies;
import dev.skim.skip.SkipPolicy;
import java.nio.file.Path;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** What to leave out. */
final class SkipOptions {
    @Option(
            names = "--skip",
            paramLabel = "POLICY",
            description = "What to leave out, such as adaskip:8/7, cost:25%% or patch:25%%; all policies stand below.")
    private String spec;

    @Option(
            names = "--profile",
            paramLabel = "FILE",
            description = "The model's profile, made by skim calibrate; the one in the cache where not given.")
    private Path profile;

    /** Puts the policies below a command's options. */
    @Spec(Spec.Target.MIXEE)
    void describe(CommandSpec command) {
        String forms = "%nPolicies, whose options follow with colons (adaskip:8/7:decode:noscale):%n"
                + SkipPolicies.FORMS.replace("%", "%%");
        command.usageMessage().footer(forms.split("\n"));
    }

    /** The profile that was given, else the one of the model in the cache, else null. */
    Profile profile(Model model) {
        return profile != null ? Profiles.read(profile, model) : Profiles.find(model).orElse(null);
    }

    /**
     * Refuses what is wrong whatever the model, so that nobody waits for one that is loaded in vain.
     *
     * @param profileUsed whether something else goes by the profile
     * @throws SkimException when there is no such policy, nothing goes by the profile, or that cannot be read
     */
    void check(boolean profileUsed) {
        if (spec == null && profile != null && !profileUsed) {
            throw new SkimException("--profile says what --skip goes by, and --skip is not given.");
        }
        if (profile != null) {
            Profiles.check(profile);
        }
        if (spec != null) {
            try {
                SkipPolicies.check(spec);
            } catch (IllegalArgumentException mistake) {
                throw refusal(mistake);
            }
        }
    }

    private SkimException refusal(IllegalArgumentException mistake) {
        return new SkimException("--skip " + spec + " cannot be: " + mistake.getMessage() + ".", mistake);
    }

    /**
     * The policy, checked against the model; nothing is left out where none was asked for.
     *
     * @throws SkimException when there is no such policy, it lacks a profile, or it does not fit the model
     */
    SkipPolicy policy(Model model) {
        if (spec == null) {
            return SkipPolicy.NONE;
        }
        Profile found = profile(model);
        try {
            SkipPolicy policy = SkipPolicies.parse(spec, found);
            policy.plan(model.shape());
            return policy;
        } catch (IllegalArgumentException mistake) {
            throw refusal(mistake);
        }
    }

    /**
     * The same for a measurement, which is not to change while it runs.
     *
     * @throws SkimException also when the policy would have to learn first
     */
    SkipPolicy fixedPolicy(Model model) {
        return fixed(spec, policy(model));
    }

    /** Refuses the policy of {@code spec} where it would have to learn first. */
    static SkipPolicy fixed(String spec, SkipPolicy policy) {
        if (policy instanceof AdaSkip adaSkip && adaSkip.profile() == null) {
            throw new SkimException("--skip " + spec + " cannot be measured without a profile, which AdaSkip would learn on "
                    + "the way; make one with 'skim calibrate'.");
        }
        return policy;
    }
}
