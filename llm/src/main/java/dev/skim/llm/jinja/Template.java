package dev.skim.llm.jinja;

import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A parsed template. Immutable: it may render in several threads at once. */
public final class Template {
    private final List<Statement> body;

    private Template(List<Statement> body) {
        this.body = body;
    }

    /**
     * Parses a template.
     *
     * @throws TemplateException where it is not well formed
     */
    public static Template parse(String source) {
        try {
            return new Template(Parser.parse(source));
        } catch (StackOverflowError e) {
            throw tooDeep();
        }
    }

    /**
     * Renders the template.
     *
     * @param context the names that it can use, with maps, lists, strings, numbers, booleans and null as values; it is
     *     copied, so that a template changes nothing of the caller's
     * @param clock what {@code strftime_now} reads; null for the system's clock and zone
     * @throws TemplateException where the template raises an exception or fails
     */
    public String render(Map<String, ?> context, Clock clock) {
        return render(context, clock, Run.WORK);
    }

    /** The same with another limit on the work, in the units of {@link Run#WORK}. */
    String render(Map<String, ?> context, Clock clock, long work) {
        Run run = new Run(clock, work);
        try {
            Map<String, Object> names = new HashMap<>();
            for (Map.Entry<String, ?> entry : context.entrySet()) {
                names.put(entry.getKey(), Values.of(entry.getValue()));
            }
            Statement.run(body, new Scope(run, names));
            return run.output();
        } catch (java.util.ConcurrentModificationException e) {
            throw new TemplateException("a dict changed its size while a loop went through it");
        } catch (StackOverflowError e) {
            throw tooDeep();
        }
    }

    /**
     * The limits on depth stop what nests; a sum of thousands of terms is deep too, and how deep is too deep depends on the
     * caller's stack. Nothing outside of this rendering can have been left half done.
     */
    private static TemplateException tooDeep() {
        return new TemplateException("the template nests too deeply for this thread's stack");
    }
}
