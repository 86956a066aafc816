package dev.skim.skip;

/** A policy needs a {@link Profile} of the model, and there is none; nothing else is wrong with it. */
public final class MissingProfileException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    /** With a message that names the policy and says how a profile is made. */
    MissingProfileException(String message) {
        super(message);
    }
}
