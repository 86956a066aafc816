package dev.skim.llm.eval;

import dev.skim.skip.SkipPolicy;

/**
 * A policy under evaluation.
 *
 * @param spec as it was asked for, such as {@code adaskip:8/7}
 * @param policy what it stands for
 */
public record Contender(String spec, SkipPolicy policy) {
    /** The whole model, which the others are compared with. */
    public static final Contender DENSE = new Contender("none", SkipPolicy.NONE);

    /** The method with its options but without its amount: policies of one method make one line of a chart. */
    public String method() {
        String[] parts = spec.split(":", 3);
        return parts[0] + (parts.length < 3 ? "" : ":" + parts[2]);
    }

    /** Whether it is the whole model. */
    boolean dense() {
        return policy == SkipPolicy.NONE;
    }
}
