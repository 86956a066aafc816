package dev.skim.llm.jinja;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Python's binary operators. */
final class Operators {
    private Operators() {}

    static Object apply(Run run, Kind op, Object a, Object b) {
        run.spend(1);
        Number x = Numbers.number(a);
        if (x != null) {
            Number y = Numbers.number(b);
            if (y != null) {
                return Numbers.apply(op, x, y);
            }
        }
        Object result = switch (op) {
            case ADD -> add(run, a, b);
            case MUL -> x == null ? repeat(run, a, b) : repeat(run, b, a);
            case MOD -> a instanceof Markup || a instanceof String ? format(run, a, b) : null;
            default -> null;
        };
        if (result == null) {
            Values.refuseUndefined(a);
            Values.refuseUndefined(b);
            throw new TemplateException("unsupported operand type(s) for " + op.text + ": '" + Values.typeName(a)
                    + "' and '" + Values.typeName(b) + "'");
        }
        return result;
    }

    private static Object add(Run run, Object a, Object b) {
        if (a instanceof String x && b instanceof String y) {
            run.spend((long) x.length() + y.length());
            return x.concat(y);
        }
        if (a instanceof Markup || b instanceof Markup) {
            if (Markup.strip(a) instanceof String && Markup.strip(b) instanceof String) {
                String x = Markup.escape(a).text();
                String y = Markup.escape(b).text();
                run.spend((long) x.length() + y.length());
                return new Markup(x.concat(y));
            }
            return null;
        }
        if (a instanceof String && !(b instanceof Undefined)) {
            throw new TemplateException("can only concatenate str (not \"" + Values.typeName(b) + "\") to str");
        }
        boolean lists = Values.isList(a) && Values.isList(b);
        if (lists || a instanceof Tuple && b instanceof Tuple) {
            List<?> x = (List<?>) a;
            List<?> y = (List<?>) b;
            run.spend((long) x.size() + y.size());
            List<Object> all = new ArrayList<>(x.size() + y.size());
            all.addAll(x);
            all.addAll(y);
            return lists ? all : Tuple.copyOf(all);
        }
        return null;
    }

    private static Object repeat(Run run, Object sequence, Object count) {
        Number number = Numbers.integer(count);
        if (number == null) {
            return null;
        }
        int size = Values.weight(sequence) - 1;
        int times = size == 0 ? 0 : Math.max(0, Numbers.clip(number));
        run.spend((long) size * times);
        if (sequence instanceof String text) {
            return text.repeat(times);
        }
        if (sequence instanceof Markup markup) {
            return new Markup(markup.text().repeat(times));
        }
        if (Values.isList(sequence) || sequence instanceof Tuple) {
            List<Object> all = new ArrayList<>();
            for (List<?> copy : Collections.nCopies(times, (List<?>) sequence)) {
                all.addAll(copy);
            }
            return sequence instanceof Tuple ? Tuple.copyOf(all) : all;
        }
        return null;
    }

    private static Object format(Run run, Object format, Object values) {
        run.spend(Values.weight(format));
        String text = Formatting.percent(run, Text.str(format), values, format instanceof Markup);
        return format instanceof Markup ? new Markup(text) : text;
    }

    static boolean compare(Run run, Kind op, Object a, Object b) {
        run.spend(1);
        return switch (op) {
            case EQ -> Values.equal(run, a, b);
            case NE -> !Values.equal(run, a, b);
            case LT -> Values.less(run, a, b, false, op.text);
            case LE -> Values.less(run, a, b, true, op.text);
            case GT -> Values.less(run, b, a, false, op.text);
            case GE -> Values.less(run, b, a, true, op.text);
            default -> {
                run.spend(Values.weight(b));
                yield Values.contains(run, b, a) == (op == Kind.IN);
            }
        };
    }
}
