package dev.skim.llm.jinja;

import java.util.ArrayList;
import java.util.List;

/** Parses the statements of a template. */
final class Parser {
    private final TokenStream tokens;
    private final ExpressionParser expressions;
    /** How many loops are open that a {@code break} here can leave. */
    private int loops;

    private Parser(TokenStream tokens) {
        this.tokens = tokens;
        this.expressions = new ExpressionParser(tokens);
    }

    static List<Statement> parse(String source) {
        return new Parser(new TokenStream(Lexer.tokenize(source))).statements(null, 0);
    }

    /** Statements up to one of the tags that end the block, whose name is left as the next token. */
    private List<Statement> statements(String opened, int openedAt, String... ends) {
        List<Statement> body = new ArrayList<>();
        expressions.enter();
        while (true) {
            Token token = tokens.next();
            switch (token.kind()) {
                case DATA -> body.add(new Statement.Data((String) token.value(), token.line()));
                case VARIABLE_BEGIN -> {
                    body.add(new Statement.Output(expressions.tuple(true), token.line()));
                    tokens.expect(Kind.VARIABLE_END);
                }
                case BLOCK_BEGIN -> {
                    for (String end : ends) {
                        if (tokens.atName(end)) {
                            expressions.leave();
                            return body;
                        }
                    }
                    body.add(statement(token.line(), ends));
                    tokens.expect(Kind.BLOCK_END);
                }
                default -> {
                    if (ends.length > 0) {
                        throw new TemplateException("the '" + opened + "' that starts here has no '" + ends[ends.length - 1]
                                + "'", openedAt);
                    }
                    expressions.leave();
                    return body;
                }
            }
        }
    }

    /** The body after a tag, up to the end tag and with its name. */
    private List<Statement> body(String opened, int line) {
        tokens.skip(Kind.COLON);
        tokens.expect(Kind.BLOCK_END);
        List<Statement> body = statements(opened, line, "end" + opened);
        tokens.next();
        return body;
    }

    /** A body whose text is kept apart: no {@code break} leads out of it. */
    private List<Statement> captured(String opened, int line) {
        int outer = loops;
        loops = 0;
        List<Statement> body = body(opened, line);
        loops = outer;
        return body;
    }

    private Statement statement(int line, String[] ends) {
        String name = tokens.name();
        return switch (name) {
            case "if" -> ifStatement(line);
            case "for" -> forStatement(line);
            case "set" -> set(line);
            case "macro" -> macro(line);
            case "call" -> call(line);
            case "filter" -> {
                Expr filter = expressions.filters(expressions.filter(new Expr.Name(Statement.TEXT)));
                yield new Statement.FilterBlock(filter, captured("filter", line), line);
            }
            case "with" -> with(line);
            case "generation" -> new Statement.Block(List.of(), List.of(), body("generation", line), line);
            case "print" -> print(line);
            case "break", "continue" -> {
                if (loops == 0) {
                    throw new TemplateException("'" + name + "' outside of a loop", line);
                }
                yield new Statement.Jump(name.equals("break") ? Statement.Flow.BREAK : Statement.Flow.CONTINUE, line);
            }
            default -> throw new TemplateException(ends.length == 0
                    ? "the tag '" + name + "' is not known here"
                    : "the tag '" + name + "' is not known here, where '" + String.join("' or '", ends) + "' is due", line);
        };
    }

    private Statement print(int line) {
        List<Expr> values = new ArrayList<>();
        values.add(expressions.expression());
        while (tokens.skip(Kind.COMMA)) {
            values.add(expressions.expression());
        }
        return new Statement.Output(new Expr.Concat(values), line);
    }

    private Statement ifStatement(int line) {
        List<Expr> conditions = new ArrayList<>();
        List<List<Statement>> bodies = new ArrayList<>();
        Token end;
        do {
            conditions.add(expressions.tuple(false));
            tokens.skip(Kind.COLON);
            tokens.expect(Kind.BLOCK_END);
            bodies.add(statements("if", line, "elif", "else", "endif"));
            end = tokens.next();
        } while (end.isName("elif"));
        return new Statement.If(conditions, bodies, end.isName("else") ? body("if", line) : List.of(), line);
    }

    private Statement forStatement(int line) {
        loops++;
        Target target = target(false);
        tokens.expectName("in");
        Expr iterable = expressions.tuple(false);
        Expr filter = tokens.skipName("if") ? expressions.expression() : null;
        boolean recursive = tokens.skipName("recursive");
        tokens.skip(Kind.COLON);
        tokens.expect(Kind.BLOCK_END);
        List<Statement> body = statements("for", line, "else", "endfor");
        loops--;
        List<Statement> otherwise = tokens.next().isName("else") ? body("for", line) : List.of();
        return new Statement.For(target, iterable, filter, recursive, body, otherwise, line);
    }

    private Statement set(int line) {
        Target target = target(true);
        if (tokens.skip(Kind.ASSIGN)) {
            return new Statement.Set(target, expressions.tuple(true), line);
        }
        Expr filter = tokens.at(Kind.PIPE) ? expressions.filters(new Expr.Name(Statement.TEXT)) : null;
        return new Statement.SetBlock(target, filter, captured("set", line), line);
    }

    private Statement with(int line) {
        List<Target> targets = new ArrayList<>();
        List<Expr> values = new ArrayList<>();
        while (!tokens.at(Kind.BLOCK_END)) {
            if (!targets.isEmpty()) {
                tokens.expect(Kind.COMMA);
            }
            targets.add(target(false));
            tokens.expect(Kind.ASSIGN);
            values.add(expressions.expression());
        }
        return new Statement.Block(targets, values, body("with", line), line);
    }

    private Statement macro(int line) {
        String name = variable();
        return new Statement.Define(definition(name, "macro", line, null), line);
    }

    private Statement call(int line) {
        Expr[] call = new Expr[1];
        Macro.Definition caller = definition(null, "call", line, call);
        return new Statement.CallBlock(caller, (Expr.Call) call[0], line);
    }

    /** Parameters and body of a macro; of a {@code call} block, whose parameters may be missing, also what is called. */
    private Macro.Definition definition(String name, String opened, int line, Expr[] call) {
        List<String> parameters = new ArrayList<>();
        List<Expr> defaults = new ArrayList<>();
        if (call == null || tokens.at(Kind.LPAREN)) {
            signature(parameters, defaults);
        }
        if (call != null) {
            call[0] = expressions.expression();
            if (!(call[0] instanceof Expr.Call)) {
                throw new TemplateException("expected a call in the 'call' block", line);
            }
        }
        Macro.Uses uses = new Macro.Uses();
        expressions.enterMacro(uses);
        List<Statement> body = captured(opened, line);
        expressions.leaveMacro();
        return new Macro.Definition(name, parameters, defaults, body, uses);
    }

    private void signature(List<String> parameters, List<Expr> defaults) {
        tokens.expect(Kind.LPAREN);
        while (!tokens.skip(Kind.RPAREN)) {
            if (!parameters.isEmpty()) {
                tokens.expect(Kind.COMMA);
            }
            String parameter = variable();
            if (parameters.contains(parameter)) {
                throw tokens.failure("duplicate argument '" + parameter + "'");
            }
            parameters.add(parameter);
            if (tokens.skip(Kind.ASSIGN)) {
                defaults.add(expressions.expression());
            } else if (!defaults.isEmpty()) {
                throw tokens.failure("non-default argument follows default argument");
            }
        }
    }

    /** A name that can be assigned to. */
    private String variable() {
        String name = tokens.name();
        return switch (name) {
            case "true", "false", "none", "True", "False", "None" -> throw tokens.failure("can't assign to '" + name + "'");
            default -> name;
        };
    }

    /** Names with commas between them; with {@code members}, also attributes of a namespace. */
    private Target target(boolean members) {
        Target first = singleTarget(members);
        if (!tokens.at(Kind.COMMA)) {
            return first;
        }
        List<Target> targets = new ArrayList<>();
        targets.add(first);
        while (tokens.skip(Kind.COMMA) && (tokens.at(Kind.NAME) && !tokens.atName("in") || tokens.at(Kind.LPAREN))) {
            targets.add(singleTarget(members));
        }
        return new Target.Unpack(targets);
    }

    private Target singleTarget(boolean members) {
        if (tokens.skip(Kind.LPAREN)) {
            expressions.enter();
            Target target = target(members);
            expressions.leave();
            tokens.expect(Kind.RPAREN);
            return target;
        }
        String name = variable();
        if (loops > 0 && name.equals("loop")) {
            throw tokens.failure("can't assign to 'loop' in a loop");
        }
        if (members && tokens.skip(Kind.DOT)) {
            return new Target.Member(name, tokens.name());
        }
        return new Target.Name(name);
    }
}
