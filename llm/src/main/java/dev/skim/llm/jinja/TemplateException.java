package dev.skim.llm.jinja;

/** A template that cannot be parsed or rendered: the cause, without a full stop, and the line where it is known. */
public final class TemplateException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final int line;
    private final boolean raised;

    TemplateException(String cause) {
        this(cause, 0, false);
    }

    TemplateException(String cause, int line) {
        this(cause, line, false);
    }

    private TemplateException(String cause, int line, boolean raised) {
        // The stack of the interpreter says nothing about the template; leaving it out keeps failures cheap.
        super(cause, null, false, false);
        this.line = line;
        this.raised = raised;
    }

    /** A failure that the template itself asked for, with {@code raise_exception}. */
    static TemplateException raised(String cause) {
        return new TemplateException(cause, 0, true);
    }

    /** This failure at the given line, unless a line further in is known already. */
    TemplateException at(int statementLine) {
        return line > 0 ? this : new TemplateException(getMessage(), statementLine, raised);
    }

    /** The line of the template, from 1; 0 where it is not known. */
    public int line() {
        return line;
    }

    /** Whether the template itself refused its input, with {@code raise_exception}. */
    public boolean raised() {
        return raised;
    }
}
