package dev.skim.skip;

/**
 * One step of an order in which sublayers were left out one after another.
 *
 * @param run one sublayer, or both of a layer
 * @param harm of all that is left out up to and with this step, together (mean KL in nats, say)
 */
public record Removal(Run run, double harm) {
    /** Checks that the harm is a number and not negative. */
    public Removal {
        if (!(harm >= 0) || harm == Double.POSITIVE_INFINITY) {
            throw new IllegalArgumentException("the harm of leaving out " + run + " is not negative, and not " + harm);
        }
    }
}
