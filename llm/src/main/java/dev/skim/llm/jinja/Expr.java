package dev.skim.llm.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** An expression, which gives its own value. */
sealed interface Expr {
    Object evaluate(Scope scope);

    record Constant(Object value) implements Expr {
        @Override
        public Object evaluate(Scope scope) {
            return value;
        }
    }

    record Name(String name) implements Expr {
        @Override
        public Object evaluate(Scope scope) {
            return scope.get(name);
        }
    }

    record ListOf(List<Expr> items, boolean tuple) implements Expr {
        @Override
        public Object evaluate(Scope scope) {
            scope.run.spend(items.size());
            List<Object> values = new ArrayList<>(items.size());
            for (Expr item : items) {
                values.add(item.evaluate(scope));
            }
            return tuple ? Tuple.copyOf(values) : values;
        }
    }

    record DictOf(List<Expr> keys, List<Expr> values) implements Expr {
        @Override
        public Object evaluate(Scope scope) {
            scope.run.spend(keys.size());
            Map<Object, Object> dict = new LinkedHashMap<>();
            for (int i = 0; i < keys.size(); i++) {
                Values.put(scope.run, dict, keys.get(i).evaluate(scope), values.get(i).evaluate(scope));
            }
            return dict;
        }
    }

    record Attribute(Expr value, String name) implements Expr {
        @Override
        public Object evaluate(Scope scope) {
            return Access.attribute(value.evaluate(scope), name);
        }
    }

    record Item(Expr value, Expr key) implements Expr {
        @Override
        public Object evaluate(Scope scope) {
            Object container = value.evaluate(scope);
            return Access.item(scope.run, container, key.evaluate(scope));
        }
    }

    /** Bounds that are left out are null. */
    record Slice(Expr value, Expr start, Expr stop, Expr step) implements Expr {
        @Override
        public Object evaluate(Scope scope) {
            Object sequence = value.evaluate(scope);
            return Access.slice(scope.run, sequence, bound(start, scope), bound(stop, scope), bound(step, scope));
        }

        private static Object bound(Expr bound, Scope scope) {
            return bound == null ? null : bound.evaluate(scope);
        }
    }

    /** The arguments of a call; {@code star} and {@code doubleStar} are the ones after {@code *} and {@code **}, or null. */
    record ArgumentList(List<Expr> positional, List<String> names, List<Expr> named, Expr star, Expr doubleStar) {
        static final ArgumentList NONE = new ArgumentList(List.of(), List.of(), List.of(), null, null);

        Arguments evaluate(Scope scope) {
            if (positional.isEmpty() && names.isEmpty() && star == null && doubleStar == null) {
                return Arguments.NONE;
            }
            List<Object> values = new ArrayList<>(positional.size());
            for (Expr argument : positional) {
                values.add(argument.evaluate(scope));
            }
            Map<String, Object> byName = new LinkedHashMap<>();
            for (int i = 0; i < names.size(); i++) {
                if (byName.containsKey(names.get(i))) {
                    throw new TemplateException("keyword argument repeated: " + names.get(i));
                }
                byName.put(names.get(i), named.get(i).evaluate(scope));
            }
            if (star != null) {
                values.addAll(Values.list(scope.run, star.evaluate(scope)));
            }
            if (doubleStar != null) {
                addNamed(doubleStar.evaluate(scope), byName);
            }
            return new Arguments(values, byName);
        }

        private static void addNamed(Object more, Map<String, Object> byName) {
            if (!(more instanceof Map<?, ?> dict)) {
                throw new TemplateException("argument after ** must be a mapping, not " + Values.typeName(more));
            }
            for (Map.Entry<?, ?> entry : dict.entrySet()) {
                if (!(entry.getKey() instanceof String name) || byName.containsKey(name)) {
                    throw new TemplateException("the keyword argument " + Text.repr(entry.getKey())
                            + " after ** is no string or is given twice");
                }
                byName.put(name, entry.getValue());
            }
        }
    }

    record Call(Expr callee, ArgumentList arguments) implements Expr {
        @Override
        public Object evaluate(Scope scope) {
            return call(scope, arguments.evaluate(scope));
        }

        /** Calls with these arguments in place of its own. */
        Object call(Scope scope, Arguments given) {
            Object function = callee.evaluate(scope);
            if (!(function instanceof Callable callable)) {
                Values.refuseUndefined(function);
                throw new TemplateException("'" + Values.typeName(function) + "' object is not callable");
            }
            scope.run.enter();
            Object result = callable.call(scope.run, given);
            scope.run.leave();
            return result;
        }
    }

    record Filter(Expr value, String name, ArgumentList arguments) implements Expr {
        @Override
        public Object evaluate(Scope scope) {
            Object input = value.evaluate(scope);
            return Filters.apply(scope.run, name, input, arguments.evaluate(scope));
        }
    }

    record Test(Expr value, String name, ArgumentList arguments) implements Expr {
        @Override
        public Object evaluate(Scope scope) {
            Object tested = value.evaluate(scope);
            return Tests.holds(scope.run, name, tested, arguments.evaluate(scope));
        }
    }

    record Binary(Kind op, Expr left, Expr right) implements Expr {
        @Override
        public Object evaluate(Scope scope) {
            Object a = left.evaluate(scope);
            return Operators.apply(scope.run, op, a, right.evaluate(scope));
        }
    }

    /** {@code first op operand op operand ...}, true if each comparison of neighbours is; stops at the first that is not. */
    record Compare(Expr first, List<Kind> ops, List<Expr> operands) implements Expr {
        @Override
        public Object evaluate(Scope scope) {
            Object left = first.evaluate(scope);
            for (int i = 0; i < ops.size(); i++) {
                Object right = operands.get(i).evaluate(scope);
                if (!Operators.compare(scope.run, ops.get(i), left, right)) {
                    return false;
                }
                left = right;
            }
            return true;
        }
    }

    record Concat(List<Expr> parts) implements Expr {
        @Override
        public Object evaluate(Scope scope) {
            StringBuilder out = new StringBuilder();
            for (Expr part : parts) {
                String text = Text.str(part.evaluate(scope));
                scope.run.spend(text.length());
                out.append(text);
            }
            return out.toString();
        }
    }

    /** {@code and}, {@code or}: gives the operand that decides, not its truth. */
    record Logic(boolean and, Expr left, Expr right) implements Expr {
        @Override
        public Object evaluate(Scope scope) {
            Object value = left.evaluate(scope);
            return Values.truth(value) == and ? right.evaluate(scope) : value;
        }
    }

    record Not(Expr value) implements Expr {
        @Override
        public Object evaluate(Scope scope) {
            return !Values.truth(value.evaluate(scope));
        }
    }

    record Sign(boolean minus, Expr value) implements Expr {
        @Override
        public Object evaluate(Scope scope) {
            Object operand = value.evaluate(scope);
            Number number = Numbers.number(operand);
            if (number == null) {
                Values.refuseUndefined(operand);
                throw new TemplateException("bad operand type for unary " + (minus ? "-" : "+") + ": '"
                        + Values.typeName(operand) + "'");
            }
            return minus ? Numbers.negate(number) : number;
        }
    }

    /** {@code value if condition else otherwise}; {@code otherwise} may be null. */
    record Conditional(Expr condition, Expr value, Expr otherwise) implements Expr {
        @Override
        public Object evaluate(Scope scope) {
            if (Values.truth(condition.evaluate(scope))) {
                return value.evaluate(scope);
            }
            return otherwise != null ? otherwise.evaluate(scope) : Undefined.because(
                    "the inline if-expression evaluated to false and no else section was defined.");
        }
    }
}
