package dev.skim.llm.jinja;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A macro with the scope that it was defined in; calling it gives the text that it writes. */
record Macro(Definition definition, Scope around) implements Callable, Attributes {
    /**
     * What a template says of a macro.
     *
     * @param name null for the body of a {@code call} block
     * @param defaults those of the last parameters
     * @param uses which of {@code caller}, {@code varargs} and {@code kwargs} the body names: only then are they accepted
     */
    record Definition(String name, List<String> parameters, List<Expr> defaults, List<Statement> body, Uses uses) {}

    /** The special names that a macro's body uses, noted while it is parsed. */
    static final class Uses {
        boolean caller;
        boolean varargs;
        boolean kwargs;
    }

    @Override
    public Object call(Run run, Arguments arguments) {
        Scope scope = new Scope(around);
        List<Object> positional = arguments.positional();
        Map<Object, Object> named = new LinkedHashMap<>(arguments.named());
        List<String> parameters = definition.parameters();
        int firstDefault = parameters.size() - definition.defaults().size();
        for (int i = 0; i < parameters.size(); i++) {
            String parameter = parameters.get(i);
            if (i < positional.size()) {
                scope.set(parameter, positional.get(i));
            } else if (named.containsKey(parameter)) {
                scope.set(parameter, named.remove(parameter));
            } else if (i >= firstDefault) {
                scope.set(parameter, definition.defaults().get(i - firstDefault).evaluate(scope));
            } else {
                scope.set(parameter, Undefined.because("parameter '" + parameter + "' was not provided"));
            }
        }
        special(scope, named, positional);
        StringBuilder outer = run.capture();
        Statement.run(definition.body(), scope);
        return run.release(outer);
    }

    private void special(Scope scope, Map<Object, Object> named, List<Object> positional) {
        Uses uses = definition.uses();
        List<String> parameters = definition.parameters();
        if (uses.caller && !parameters.contains("caller")) {
            Object caller = named.remove("caller");
            scope.set("caller", caller == null ? Undefined.because("No caller defined") : caller);
        }
        if (uses.kwargs) {
            scope.set("kwargs", named);
        } else if (!named.isEmpty()) {
            throw new TemplateException("macro " + Text.repr(definition.name()) + " takes no keyword argument "
                    + Text.repr(named.keySet().iterator().next()));
        }
        if (uses.varargs) {
            int taken = Math.min(parameters.size(), positional.size());
            scope.set("varargs", Tuple.copyOf(positional.subList(taken, positional.size())));
        } else if (positional.size() > parameters.size()) {
            throw new TemplateException("macro " + Text.repr(definition.name()) + " takes not more than "
                    + parameters.size() + " argument(s)");
        }
    }

    @Override
    public Object attribute(String name) {
        return switch (name) {
            case "name" -> definition.name();
            case "arguments" -> Tuple.copyOf(definition.parameters());
            case "catch_kwargs" -> definition.uses().kwargs;
            case "catch_varargs" -> definition.uses().varargs;
            case "caller" -> definition.uses().caller;
            default -> Undefined.member(this, name);
        };
    }
}
