package dev.skim.skip;

import java.util.BitSet;
import java.util.Objects;

/**
 * What a plan answers for one sublayer of one forward pass.
 *
 * <p>Instances are immutable; a plan builds them once and hands out the same ones, so asking costs no allocation.
 */
public sealed interface Decision {
    /** Compute the sublayer as it is. */
    Decision RUN = new Run();

    /** Leave out this sublayer and all after it; the final norm and the head follow. */
    Decision STOP = new Stop();

    /** Compute the sublayer. */
    record Run() implements Decision {}

    /**
     * Leave the sublayer out: the residual stream is multiplied by {@code scale} (AdaSkip eq. 4); 1 is the identity.
     */
    record LeaveOut(float scale) implements Decision {
        /** Checks that the scale is finite and positive. */
        public LeaveOut {
            if (!(scale > 0) || scale == Float.POSITIVE_INFINITY) {
                throw new IllegalArgumentException("a scale must be finite and positive, not " + scale);
            }
        }
    }

    /**
     * Put a stand-in in the place of this sublayer and of those after it in execution order, {@code span} in all; the
     * loop goes on after the run and does not ask for the others.
     */
    record Replace(StandIn standIn, int span) implements Decision {
        /** Checks that the run is not empty. */
        public Replace {
            Objects.requireNonNull(standIn);
            if (span < 1) {
                throw new IllegalArgumentException("a stand-in takes the place of at least one sublayer, not " + span);
            }
        }
    }

    /**
     * Run the sublayer for these tokens of the batch only (numbered from 0); the others keep their residual stream. An
     * attention sublayer still writes keys and values for every token, so that nobody attends over a hole.
     */
    record RunTokens(BitSet tokens) implements Decision {}

    /** Leave out this sublayer and all after it. */
    record Stop() implements Decision {}
}
