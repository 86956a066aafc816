package dev.skim.llm;

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
    String FORMS = "lookup, draft:POLICY (such as draft:shortgpt:8) or none";

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
}
