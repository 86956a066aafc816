package dev.skim.skip;

/**
 * From which position on a session has no keys and values in the attention sublayers that a plan leaves out for
 * generated tokens but not in prompts. See {@link SkipPlan#gapsFrom}.
 */
final class Gaps {
    private int from = Integer.MAX_VALUE;

    /** Notes a pass; {@code gap} says whether it leaves out attention that a prompt would run. */
    void begin(int position, boolean gap) {
        if (position <= from) {
            from = gap ? position : Integer.MAX_VALUE;
        }
    }

    /** Whether a pass from {@code position} on would attend over a gap. */
    boolean before(int position) {
        return from < position;
    }

    int from() {
        return from;
    }
}
