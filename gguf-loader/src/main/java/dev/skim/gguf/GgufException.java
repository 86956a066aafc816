package dev.skim.gguf;

/** A file that is not a sound GGUF file, or one that lacks what was asked for: one sentence for the user. */
public final class GgufException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** Makes the exception; {@code message} is shown to the user as it is. */
    public GgufException(String message) {
        super(message);
    }

    /** Makes the exception with the failure that led to it. */
    public GgufException(String message, Throwable cause) {
        super(message, cause);
    }
}
