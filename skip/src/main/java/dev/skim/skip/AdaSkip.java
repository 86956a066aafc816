package dev.skim.skip;

/**
 * AdaSkip (arXiv 2501.02336): the sublayers with the highest IO similarity are left out, attention and feed-forward in
 * one list, and scaled for (eq. 4); while decoding, feed-forward sublayers are added that prove similar enough over the
 * first tokens of the answer.
 *
 * <p>Spec: {@code adaskip:1.14}, {@code adaskip:8/7}, {@code adaskip:n=8}, then any of {@code prefill}, {@code decode},
 * {@code both} (the default), {@code noscale}, {@code offline} (no online stage), {@code p=40} (its window),
 * {@code afterfirst} (importance without the first position).
 *
 * @param profile null: the plan learns from the first prompts of its session, which run whole
 * @param ratio alpha; {@code 2 (M - M / alpha)} sublayers go, to the nearest, halves up. Null where a count is given
 * @param count sublayers to leave out, where no ratio is given
 * @param scale whether eq. 4 scales, or the stream is left as it is
 * @param online whether feed-forward sublayers are added while decoding; never in mode prefill
 * @param window P, tokens of the learning window; the released code has 20
 * @param withoutFirst whether means without the first position are used
 */
public record AdaSkip(
        Profile profile, Ratio ratio, int count, Mode mode, boolean scale, boolean online, int window,
        boolean withoutFirst)
        implements SkipPolicy {
    /** P of the released code. */
    public static final int WINDOW = 20;

    /** Prompt tokens that a plan without a profile wants to see before it leaves anything out. */
    public static final int LEARNING_TOKENS = 256;

    /** Checks the numbers. */
    public AdaSkip {
        if (window < 1 || count < 0) {
            throw new IllegalArgumentException("adaskip has a window of at least one token and does not leave out "
                    + "a negative number of sublayers");
        }
    }

    /** AdaSkip as the paper has it, by ratio. */
    public static AdaSkip of(Profile profile, Ratio ratio, Mode mode) {
        return new AdaSkip(profile, ratio, 0, mode, true, mode != Mode.PREFILL, WINDOW, false);
    }

    /** Sublayers that are left out of a model; at least one is kept. */
    public int sublayers(ModelShape shape) {
        int wanted = ratio == null ? count : ratio.leftOut(shape.sublayers());
        return Math.min(wanted, shape.sublayers() - 1);
    }

    @Override
    public SkipPlan plan(ModelShape shape) {
        int leftOut = sublayers(shape);
        if (leftOut == 0) {
            return SkipPlan.NONE;
        }
        if (profile == null) {
            return new AdaSkipPlan(this, shape, null);
        }
        profile.check(shape);
        Importance importance = withoutFirst
                ? profile.importanceWithoutFirst()
                        .orElseThrow(() -> new IllegalArgumentException("the profile has no means without the first "
                                + "position, which 'afterfirst' asks for"))
                : profile.importance();
        return new AdaSkipPlan(this, shape, importance);
    }

    @Override
    public String toString() {
        return "adaskip:" + (ratio == null ? "n=" + count : ratio) + ":" + mode + (scale ? "" : ":noscale")
                + (online || mode == Mode.PREFILL ? "" : ":offline") + (window == WINDOW ? "" : ":p=" + window)
                + (withoutFirst ? ":afterfirst" : "");
    }
}
