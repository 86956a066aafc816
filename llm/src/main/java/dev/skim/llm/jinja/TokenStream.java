package dev.skim.llm.jinja;

import java.util.List;

/** The tokens of a template, and which is next. */
final class TokenStream {
    private final List<Token> tokens;
    private int position;

    TokenStream(List<Token> tokens) {
        this.tokens = tokens;
    }

    Token current() {
        return tokens.get(position);
    }

    Token ahead() {
        return tokens.get(Math.min(position + 1, tokens.size() - 1));
    }

    Token next() {
        Token token = tokens.get(position);
        if (token.kind() != Kind.END) {
            position++;
        }
        return token;
    }

    boolean at(Kind kind) {
        return current().kind() == kind;
    }

    boolean atName(String name) {
        return current().isName(name);
    }

    boolean skip(Kind kind) {
        boolean there = at(kind);
        if (there) {
            next();
        }
        return there;
    }

    boolean skipName(String name) {
        boolean there = atName(name);
        if (there) {
            next();
        }
        return there;
    }

    Token expect(Kind kind) {
        if (!at(kind)) {
            boolean word = kind == Kind.NAME || kind == Kind.BLOCK_END || kind == Kind.VARIABLE_END;
            throw unexpected(word ? kind.text : "'" + kind.text + "'");
        }
        return next();
    }

    String name() {
        return (String) expect(Kind.NAME).value();
    }

    void expectName(String name) {
        if (!skipName(name)) {
            throw unexpected("'" + name + "'");
        }
    }

    TemplateException unexpected(String expected) {
        return failure("expected " + expected + ", found " + current().describe());
    }

    TemplateException failure(String cause) {
        return new TemplateException(cause, current().line());
    }
}
