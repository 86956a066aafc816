package dev.skim.llm.jinja;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A statement, which runs itself: it writes to the scope's {@link Run} and sets names in the scope. */
sealed interface Statement {
    /** How a statement ended: by itself, or with a {@code break} or {@code continue} for the loop around it. */
    enum Flow { NEXT, BREAK, CONTINUE }

    Flow execute(Scope scope);

    /** The line where it starts. */
    int line();

    /** Runs statements one after the other, and tells a failure its line. */
    static Flow run(List<Statement> body, Scope scope) {
        for (int i = 0; i < body.size(); i++) {
            Statement statement = body.get(i);
            try {
                scope.run.spend(1);
                Flow flow = statement.execute(scope);
                if (flow != Flow.NEXT) {
                    return flow;
                }
            } catch (TemplateException e) {
                throw e.at(statement.line());
            }
        }
        return Flow.NEXT;
    }

    /** What the statements write, in place of writing it; they have a scope of their own. */
    private static String captured(List<Statement> body, Scope scope) {
        StringBuilder outer = scope.run.capture();
        run(body, scope);
        return scope.run.release(outer);
    }

    record Data(String text, int line) implements Statement {
        @Override
        public Flow execute(Scope scope) {
            scope.run.write(text);
            return Flow.NEXT;
        }
    }

    record Output(Expr value, int line) implements Statement {
        @Override
        public Flow execute(Scope scope) {
            scope.run.write(Text.str(value.evaluate(scope)));
            return Flow.NEXT;
        }
    }

    /** {@code if} and its {@code elif}s: the body of the first condition that holds. */
    record If(List<Expr> conditions, List<List<Statement>> bodies, List<Statement> otherwise, int line)
            implements Statement {
        @Override
        public Flow execute(Scope scope) {
            for (int i = 0; i < conditions.size(); i++) {
                scope.run.spend(1);
                if (Values.truth(conditions.get(i).evaluate(scope))) {
                    return run(bodies.get(i), scope);
                }
            }
            return run(otherwise, scope);
        }
    }

    /** {@code filter} is the loop's {@code if}, or null. */
    record For(Target target, Expr iterable, Expr filter, boolean recursive, List<Statement> body,
            List<Statement> otherwise, int line) implements Statement {
        @Override
        public Flow execute(Scope scope) {
            return iterate(scope, iterable.evaluate(scope), 0);
        }

        /** Goes through the items; each has a scope of its own. What breaks out of the {@code else} part is passed on. */
        Flow iterate(Scope scope, Object items, int depth) {
            Iterator<?> iterator = Values.iterator(items);
            LoopContext loop = new LoopContext(this, scope, depth, items,
                    filter == null ? iterator : new Filtered(this, scope, iterator), filter != null);
            // As in Jinja2, it is the end of the body that keeps the else part from running: a break or a continue in
            // every round lets it run.
            boolean completed = false;
            while (loop.advance()) {
                scope.run.spend(1);
                Scope inner = new Scope(scope);
                target.assign(inner, loop.current());
                inner.set("loop", loop);
                Flow flow = run(body, inner);
                if (flow == Flow.BREAK) {
                    break;
                }
                completed |= flow == Flow.NEXT;
            }
            return completed ? Flow.NEXT : run(otherwise, new Scope(scope));
        }
    }

    /** The items for which a loop's {@code if} holds, found when they are asked for. */
    final class Filtered implements Iterator<Object> {
        private final For loop;
        private final Scope scope;
        private final Iterator<?> items;
        private Object next;
        private boolean found;

        Filtered(For loop, Scope scope, Iterator<?> items) {
            this.loop = loop;
            this.scope = scope;
            this.items = items;
        }

        @Override
        public boolean hasNext() {
            while (!found && items.hasNext()) {
                scope.run.spend(1);
                next = items.next();
                Scope inner = new Scope(scope);
                loop.target.assign(inner, next);
                found = Values.truth(loop.filter.evaluate(inner));
            }
            return found;
        }

        @Override
        public Object next() {
            found = false;
            return next;
        }
    }

    /** {@code break} or {@code continue}. */
    record Jump(Flow flow, int line) implements Statement {
        @Override
        public Flow execute(Scope scope) {
            return flow;
        }
    }

    record Set(Target target, Expr value, int line) implements Statement {
        @Override
        public Flow execute(Scope scope) {
            target.assign(scope, value.evaluate(scope));
            return Flow.NEXT;
        }
    }

    /** {@code {% set name %}...{% endset %}}; {@code filter} has the text in the name {@link #TEXT}, and may be null. */
    record SetBlock(Target target, Expr filter, List<Statement> body, int line) implements Statement {
        @Override
        public Flow execute(Scope scope) {
            target.assign(scope, filtered(body, filter, scope));
            return Flow.NEXT;
        }
    }

    record FilterBlock(Expr filter, List<Statement> body, int line) implements Statement {
        @Override
        public Flow execute(Scope scope) {
            scope.run.write(Text.str(filtered(body, filter, scope)));
            return Flow.NEXT;
        }
    }

    /** The name under which a block's filter finds the block's text; no template can write it. */
    String TEXT = "{block}";

    private static Object filtered(List<Statement> body, Expr filter, Scope scope) {
        Scope inner = new Scope(scope);
        String text = captured(body, inner);
        if (filter == null) {
            return text;
        }
        inner.set(TEXT, text);
        return filter.evaluate(inner);
    }

    /** Statements in a scope of their own: {@code with}, whose values know nothing of its names, and {@code generation}. */
    record Block(List<Target> targets, List<Expr> values, List<Statement> body, int line) implements Statement {
        @Override
        public Flow execute(Scope scope) {
            Scope inner = new Scope(scope);
            for (int i = 0; i < targets.size(); i++) {
                targets.get(i).assign(inner, values.get(i).evaluate(scope));
            }
            return run(body, inner);
        }
    }

    record Define(Macro.Definition definition, int line) implements Statement {
        @Override
        public Flow execute(Scope scope) {
            scope.set(definition.name(), new Macro(definition, scope));
            return Flow.NEXT;
        }
    }

    /** {@code {% call %}}: calls with its body as the argument {@code caller}. */
    record CallBlock(Macro.Definition caller, Expr.Call call, int line) implements Statement {
        @Override
        public Flow execute(Scope scope) {
            Arguments arguments = call.arguments().evaluate(scope);
            Map<String, Object> named = new LinkedHashMap<>(arguments.named());
            named.put("caller", new Macro(caller, scope));
            scope.run.write(Text.str(call.call(scope, new Arguments(arguments.positional(), named))));
            return Flow.NEXT;
        }
    }
}
