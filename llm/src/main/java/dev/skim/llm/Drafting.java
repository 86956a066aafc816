package dev.skim.llm;

import dev.skim.skip.MissingProfileException;
import dev.skim.skip.Profile;
import dev.skim.skip.SkipPolicies;
import dev.skim.skip.SkipPolicy;
import java.util.Objects;

/**
 * How tokens are drafted before the whole model verifies them, several in one batch. Nothing is lost by it: a greedy answer
 * is the same token by token, and a sampled one has the same distribution. Where drafting does not pay it rests.
 */
public sealed interface Drafting {
    /** Nothing is drafted. */
    Drafting NONE = new None();

    /** Drafts from the text itself: see {@link PromptLookup}. */
    Drafting LOOKUP = new PromptLookup();

    /** The forms that {@link #parse} takes. */
    String FORMS = "lookup, draft:POLICY (such as draft:earlyexit:8), none, and N:lookup or N:draft:POLICY, which draft N "
            + "tokens (1 to 15) each time, whether it pays or not";

    /** Tokens of a draft at most: with the one before them a batch of 16. */
    int LONGEST = 15;

    /** Nothing is drafted. */
    record None() implements Drafting {
        @Override
        public String toString() {
            return "none";
        }
    }

    /**
     * Where the last tokens stood before in the prompt or the answer, what followed there is the draft. It costs next to
     * nothing, and pays where an answer repeats its prompt: rewriting, extracting, editing code. A sampled answer is the
     * same for the same seed as without.
     */
    record PromptLookup() implements Drafting {
        @Override
        public String toString() {
            return "lookup";
        }
    }

    /**
     * The same model drafts with sublayers left out (Draft and Verify, arXiv 2309.08168). A sampled answer has the right
     * distribution, but which of the answers it is depends on what was drafted, and that on the time that things took: the
     * same seed may give another.
     *
     * @param policy what the draft leaves out
     */
    record SkippedModel(SkipPolicy policy) implements Drafting {
        /** Checks that there is a policy. */
        public SkippedModel {
            Objects.requireNonNull(policy);
        }

        @Override
        public String toString() {
            return "draft:" + policy;
        }
    }

    /**
     * Always drafts as many tokens as it is told, if there is anything to draft, so that acceptance and cost can be
     * measured where drafting does not pay.
     *
     * @param tokens of each draft, 1 to {@link #LONGEST}
     * @param by what drafts: {@link PromptLookup} or {@link SkippedModel}
     */
    record Always(int tokens, Drafting by) implements Drafting {
        /** Checks the number and the drafter. */
        public Always {
            if (tokens < 1 || tokens > LONGEST) {
                throw new SkimException("A draft has 1 to " + LONGEST + " tokens, not " + tokens + ".");
            }
            if (by instanceof None || by instanceof Always) {
                throw new SkimException("What always drafts must be lookup or draft:POLICY, not " + by + ".");
            }
        }

        @Override
        public String toString() {
            return tokens + ":" + by;
        }
    }

    /**
     * Reads one of {@link #FORMS}; what {@code toString} says can be read again.
     *
     * @param profile of the model, or null where there is none
     * @throws SkimException when it is none of them, or the policy is none
     */
    static Drafting parse(String spec, Profile profile) {
        String text = spec.strip();
        switch (text) {
            case "lookup" -> {
                return LOOKUP;
            }
            case "none" -> {
                return NONE;
            }
            default -> {
                int colon = text.indexOf(':');
                if (text.matches("[0-9]{1,4}:.*")) {
                    return new Always(Integer.parseInt(text.substring(0, colon)), parse(text.substring(colon + 1), profile));
                }
                if (!text.startsWith("draft:")) {
                    throw new SkimException("'" + spec + "' is no way to draft; there are " + FORMS + ".");
                }
                try {
                    return new SkippedModel(SkipPolicies.parse(text.substring("draft:".length()), profile));
                } catch (IllegalArgumentException wrong) {
                    throw new SkimException("Drafting with a " + wrong.getMessage() + ".", wrong);
                }
            }
        }
    }

    /**
     * Refuses what {@link #parse} would refuse whatever the profile: all that can be said before there is a model.
     *
     * @throws SkimException when it is none of {@link #FORMS}, or the policy is none
     */
    static void check(String spec) {
        try {
            parse(spec, null);
        } catch (SkimException refused) {
            if (!(refused.getCause() instanceof MissingProfileException)) {
                throw refused;
            }
        }
    }
}
