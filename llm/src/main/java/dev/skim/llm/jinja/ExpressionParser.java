package dev.skim.llm.jinja;

import java.util.ArrayList;
import java.util.List;

/**
 * Parses expressions, by one method for each level of precedence: conditional, {@code or}, {@code and}, {@code not},
 * comparison, {@code + -}, {@code ~}, {@code * / // %}, {@code **}, sign, postfix and filters.
 */
final class ExpressionParser {
    /** Expressions and blocks nest as deep as this, so that a hostile template meets an error and not the stack's end. */
    static final int DEPTH = 100;

    private final TokenStream tokens;
    /** The macros that are being parsed, innermost last. */
    private final List<Macro.Uses> macros = new ArrayList<>();
    private int depth;

    ExpressionParser(TokenStream tokens) {
        this.tokens = tokens;
    }

    void enterMacro(Macro.Uses uses) {
        macros.add(uses);
    }

    void leaveMacro() {
        macros.removeLast();
    }

    void enter() {
        if (++depth > DEPTH) {
            throw tokens.failure("expressions or blocks nest deeper than " + DEPTH);
        }
    }

    void leave() {
        depth--;
    }

    Expr expression() {
        enter();
        Expr value = or();
        while (tokens.skipName("if")) {
            Expr condition = or();
            value = new Expr.Conditional(condition, value, tokens.skipName("else") ? expression() : null);
        }
        leave();
        return value;
    }

    /** An expression, or several with commas between them, which are a tuple. */
    Expr tuple(boolean conditional) {
        Expr first = conditional ? expression() : or();
        if (!tokens.at(Kind.COMMA)) {
            return first;
        }
        List<Expr> items = new ArrayList<>();
        items.add(first);
        while (tokens.skip(Kind.COMMA) && !endsTuple()) {
            items.add(conditional ? expression() : or());
        }
        return new Expr.ListOf(items, true);
    }

    private boolean endsTuple() {
        return tokens.at(Kind.VARIABLE_END) || tokens.at(Kind.BLOCK_END) || tokens.at(Kind.RPAREN)
                || tokens.at(Kind.RBRACKET) || tokens.atName("recursive");
    }

    private Expr or() {
        Expr left = and();
        while (tokens.skipName("or")) {
            left = new Expr.Logic(false, left, and());
        }
        return left;
    }

    private Expr and() {
        Expr left = not();
        while (tokens.skipName("and")) {
            left = new Expr.Logic(true, left, not());
        }
        return left;
    }

    private Expr not() {
        if (!tokens.skipName("not")) {
            return comparison();
        }
        enter();
        Expr value = new Expr.Not(not());
        leave();
        return value;
    }

    private Expr comparison() {
        Expr first = sum();
        List<Kind> ops = null;
        List<Expr> operands = null;
        for (Kind op = comparator(); op != null; op = comparator()) {
            if (ops == null) {
                ops = new ArrayList<>();
                operands = new ArrayList<>();
            }
            ops.add(op);
            operands.add(sum());
        }
        return ops == null ? first : new Expr.Compare(first, ops, operands);
    }

    /** Takes the operator of a comparison, or nothing. */
    private Kind comparator() {
        Token token = tokens.current();
        switch (token.kind()) {
            case EQ, NE, LT, LE, GT, GE -> {
                tokens.next();
                return token.kind();
            }
            case NAME -> {
                if (tokens.skipName("in")) {
                    return Kind.IN;
                }
                if (tokens.atName("not") && tokens.ahead().isName("in")) {
                    tokens.next();
                    tokens.next();
                    return Kind.NOT_IN;
                }
                return null;
            }
            default -> {
                return null;
            }
        }
    }

    private Expr sum() {
        Expr left = concatenation();
        while (tokens.at(Kind.ADD) || tokens.at(Kind.SUB)) {
            Kind op = tokens.next().kind();
            left = new Expr.Binary(op, left, concatenation());
        }
        return left;
    }

    private Expr concatenation() {
        Expr first = product();
        if (!tokens.at(Kind.TILDE)) {
            return first;
        }
        List<Expr> parts = new ArrayList<>();
        parts.add(first);
        while (tokens.skip(Kind.TILDE)) {
            parts.add(product());
        }
        return new Expr.Concat(parts);
    }

    private Expr product() {
        Expr left = power();
        while (tokens.at(Kind.MUL) || tokens.at(Kind.DIV) || tokens.at(Kind.FLOOR_DIV) || tokens.at(Kind.MOD)) {
            Kind op = tokens.next().kind();
            left = new Expr.Binary(op, left, power());
        }
        return left;
    }

    /** Unlike Python's, Jinja2's power groups from the left. */
    private Expr power() {
        Expr left = unary(true);
        while (tokens.skip(Kind.POW)) {
            left = new Expr.Binary(Kind.POW, left, unary(true));
        }
        return left;
    }

    private Expr unary(boolean withFilters) {
        Expr value;
        if (tokens.at(Kind.SUB) || tokens.at(Kind.ADD)) {
            enter();
            boolean minus = tokens.next().kind() == Kind.SUB;
            value = new Expr.Sign(minus, unary(false));
            leave();
        } else {
            value = primary();
        }
        value = postfix(value);
        return withFilters ? filtersAndTests(value) : value;
    }

    private Expr primary() {
        Token token = tokens.next();
        switch (token.kind()) {
            case NAME -> {
                return name((String) token.value());
            }
            case STRING -> {
                String text = (String) token.value();
                while (tokens.at(Kind.STRING)) {
                    text = text.concat((String) tokens.next().value());
                }
                return new Expr.Constant(text);
            }
            case INTEGER, FLOAT -> {
                return new Expr.Constant(token.value());
            }
            case LPAREN -> {
                Expr value = tokens.at(Kind.RPAREN) ? new Expr.ListOf(List.of(), true) : tuple(true);
                tokens.expect(Kind.RPAREN);
                return value;
            }
            case LBRACKET -> {
                List<Expr> items = new ArrayList<>();
                while (!tokens.skip(Kind.RBRACKET)) {
                    items.add(expression());
                    separator(Kind.RBRACKET);
                }
                return new Expr.ListOf(items, false);
            }
            case LBRACE -> {
                return dict();
            }
            default -> throw new TemplateException("expected an expression, found " + token.describe(), token.line());
        }
    }

    private Expr name(String name) {
        switch (name) {
            case "true", "True" -> {
                return new Expr.Constant(true);
            }
            case "false", "False" -> {
                return new Expr.Constant(false);
            }
            case "none", "None" -> {
                return new Expr.Constant(null);
            }
            default -> {
                for (Macro.Uses uses : macros) {
                    uses.caller |= name.equals("caller");
                    uses.varargs |= name.equals("varargs");
                    uses.kwargs |= name.equals("kwargs");
                }
                return new Expr.Name(name);
            }
        }
    }

    private Expr dict() {
        List<Expr> keys = new ArrayList<>();
        List<Expr> values = new ArrayList<>();
        while (!tokens.skip(Kind.RBRACE)) {
            keys.add(expression());
            tokens.expect(Kind.COLON);
            values.add(expression());
            separator(Kind.RBRACE);
        }
        return new Expr.DictOf(keys, values);
    }

    /** A comma, which may be missing before the closing bracket. */
    private void separator(Kind close) {
        if (!tokens.at(close)) {
            tokens.expect(Kind.COMMA);
        }
    }

    private Expr postfix(Expr start) {
        Expr value = start;
        while (true) {
            if (tokens.skip(Kind.DOT)) {
                if (tokens.at(Kind.INTEGER)) {
                    value = new Expr.Item(value, new Expr.Constant(tokens.next().value()));
                } else {
                    value = new Expr.Attribute(value, tokens.name());
                }
            } else if (tokens.at(Kind.LBRACKET)) {
                value = subscript(value);
            } else if (tokens.at(Kind.LPAREN)) {
                value = new Expr.Call(value, arguments());
            } else {
                return value;
            }
        }
    }

    private Expr subscript(Expr value) {
        tokens.expect(Kind.LBRACKET);
        Expr start = tokens.at(Kind.COLON) ? null : tuple(true);
        if (tokens.skip(Kind.RBRACKET)) {
            return new Expr.Item(value, start);
        }
        tokens.expect(Kind.COLON);
        Expr stop = tokens.at(Kind.COLON) || tokens.at(Kind.RBRACKET) ? null : expression();
        Expr step = tokens.skip(Kind.COLON) && !tokens.at(Kind.RBRACKET) ? expression() : null;
        tokens.expect(Kind.RBRACKET);
        return new Expr.Slice(value, start, stop, step);
    }

    private Expr filtersAndTests(Expr start) {
        Expr value = start;
        while (true) {
            if (tokens.at(Kind.PIPE)) {
                value = filters(value);
            } else if (tokens.skipName("is")) {
                value = test(value);
            } else if (tokens.at(Kind.LPAREN)) {
                value = new Expr.Call(value, arguments());
            } else {
                return value;
            }
        }
    }

    /** What follows of {@code | filter | filter}. */
    Expr filters(Expr start) {
        Expr value = start;
        while (tokens.skip(Kind.PIPE)) {
            value = filter(value);
        }
        return value;
    }

    /** A filter by its name and arguments. */
    Expr filter(Expr value) {
        String name = tokens.name();
        return new Expr.Filter(value, name, tokens.at(Kind.LPAREN) ? arguments() : Expr.ArgumentList.NONE);
    }

    private Expr test(Expr value) {
        boolean negated = tokens.skipName("not");
        String name = tokens.name();
        Expr.ArgumentList arguments = Expr.ArgumentList.NONE;
        if (tokens.at(Kind.LPAREN)) {
            arguments = arguments();
        } else if (startsTestArgument()) {
            if (tokens.atName("is")) {
                throw tokens.failure("You cannot chain multiple tests with is");
            }
            arguments = new Expr.ArgumentList(List.of(postfix(primary())), List.of(), List.of(), null, null);
        }
        Expr test = new Expr.Test(value, name, arguments);
        return negated ? new Expr.Not(test) : test;
    }

    private boolean startsTestArgument() {
        return switch (tokens.current().kind()) {
            case STRING, INTEGER, FLOAT, LBRACKET, LBRACE -> true;
            case NAME -> !tokens.atName("else") && !tokens.atName("or") && !tokens.atName("and");
            default -> false;
        };
    }

    private Expr.ArgumentList arguments() {
        tokens.expect(Kind.LPAREN);
        List<Expr> positional = new ArrayList<>();
        List<String> names = new ArrayList<>();
        List<Expr> named = new ArrayList<>();
        Expr star = null;
        Expr doubleStar = null;
        while (!tokens.skip(Kind.RPAREN)) {
            boolean misplaced = doubleStar != null;
            if (tokens.skip(Kind.MUL)) {
                misplaced |= star != null;
                star = expression();
            } else if (tokens.skip(Kind.POW)) {
                doubleStar = expression();
            } else if (tokens.at(Kind.NAME) && tokens.ahead().kind() == Kind.ASSIGN) {
                names.add(tokens.name());
                tokens.next();
                named.add(expression());
            } else {
                misplaced |= star != null || !names.isEmpty();
                positional.add(expression());
            }
            if (misplaced) {
                throw tokens.failure("invalid syntax for function call expression");
            }
            separator(Kind.RPAREN);
        }
        return new Expr.ArgumentList(positional, names, named, star, doubleStar);
    }
}
