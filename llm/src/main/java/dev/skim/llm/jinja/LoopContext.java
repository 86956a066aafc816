package dev.skim.llm.jinja;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/**
 * {@code loop}: where a loop is. It looks one item ahead only when it is asked for what needs that, so that what the body
 * changes shows in the loop's filter as it does in Jinja2.
 */
final class LoopContext implements Attributes, Callable {
    /** Stands for an item that is not there or not yet known, as null is None. */
    private static final Object NOTHING = new Object();

    private final Run run;
    private final Statement.For loop;
    private final Scope around;
    private final int depth;
    private Iterator<?> items;
    /** The number of items, or -1 if it takes going through them to know. */
    private int length;
    private int index = -1;
    private Object previous = NOTHING;
    private Object current = NOTHING;
    private Object ahead = NOTHING;
    private Object lastChanged = NOTHING;

    /** A loop at {@code depth} (0: not in a recursive one) over what is left after the loop's filter. */
    LoopContext(Statement.For loop, Scope around, int depth, Object iterable, Iterator<?> items, boolean filtered) {
        this.run = around.run;
        this.loop = loop;
        this.around = around;
        this.depth = depth;
        this.items = items;
        boolean sized = !filtered && (iterable instanceof Collection || iterable instanceof Map);
        length = sized ? Values.length(iterable) : -1;
    }

    /** Goes on to the next item; false at the end. */
    boolean advance() {
        if (ahead == NOTHING && !items.hasNext()) {
            return false;
        }
        previous = current;
        current = ahead == NOTHING ? items.next() : ahead;
        ahead = NOTHING;
        index++;
        return true;
    }

    Object current() {
        return current;
    }

    private Object peek() {
        if (ahead == NOTHING && items.hasNext()) {
            ahead = items.next();
        }
        return ahead;
    }

    private int length() {
        if (length < 0) {
            List<Object> rest = new ArrayList<>();
            while (items.hasNext()) {
                run.spend(1);
                rest.add(items.next());
            }
            items = rest.iterator();
            length = index + 1 + rest.size() + (ahead == NOTHING ? 0 : 1);
        }
        return length;
    }

    @Override
    public Object attribute(String name) {
        return switch (name) {
            case "index" -> index + 1L;
            case "index0" -> (long) index;
            case "first" -> index == 0;
            case "last" -> peek() == NOTHING;
            case "length" -> (long) length();
            case "revindex" -> (long) length() - index;
            case "revindex0" -> (long) length() - index - 1;
            case "depth" -> depth + 1L;
            case "depth0" -> (long) depth;
            case "previtem" -> previous == NOTHING ? Undefined.because("there is no previous item") : previous;
            case "nextitem" -> peek() == NOTHING ? Undefined.because("there is no next item") : ahead;
            case "cycle", "changed" -> new Method(this, name.equals("cycle"));
            default -> Undefined.member(this, name);
        };
    }

    /** {@code loop(items)} in a recursive loop. */
    @Override
    public Object call(Run callRun, Arguments arguments) {
        if (!loop.recursive()) {
            throw new TemplateException("The loop must have the 'recursive' marker to be called recursively.");
        }
        StringBuilder outer = callRun.capture();
        loop.iterate(around, arguments.bind("loop", 1, "iterable").get(0), depth + 1);
        return callRun.release(outer);
    }

    private record Method(LoopContext loop, boolean cycles) implements Callable {
        @Override
        public Object call(Run run, Arguments arguments) {
            List<Object> values = arguments.positional();
            if (cycles) {
                if (values.isEmpty()) {
                    throw new TemplateException("no items for cycling given");
                }
                return values.get(loop.index % values.size());
            }
            boolean changed = loop.lastChanged == NOTHING || !Values.equal(run, loop.lastChanged, Tuple.copyOf(values));
            loop.lastChanged = Tuple.copyOf(values);
            return changed;
        }
    }
}
