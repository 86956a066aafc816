package dev.skim.skip;

/** A skipping method with its settings: makes a plan for each session. Immutable and shared. */
public interface SkipPolicy {
    /** The policy that leaves nothing out. */
    SkipPolicy NONE = new SkipPolicy() {
        @Override
        public SkipPlan plan(ModelShape shape) {
            return SkipPlan.NONE;
        }

        @Override
        public String toString() {
            return "none";
        }
    };

    /**
     * Makes the plan of one session.
     *
     * @throws IllegalArgumentException when the policy does not fit the model
     */
    SkipPlan plan(ModelShape shape);
}
