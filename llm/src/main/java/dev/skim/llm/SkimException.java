package dev.skim.llm;

/** A mistake that the user can mend: the message is one sentence that names what was found and what is accepted. */
public final class SkimException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** Makes the exception; {@code message} is shown to the user as it is. */
    public SkimException(String message) {
        super(message);
    }

    /** Makes the exception with the failure that led to it. */
    public SkimException(String message, Throwable cause) {
        super(message, cause);
    }
}
