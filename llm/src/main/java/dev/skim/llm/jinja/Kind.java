package dev.skim.llm.jinja;

/** What a token is; operators also name the operation in the tree. */
enum Kind {
    DATA("template text"),
    BLOCK_BEGIN("'{%'"),
    BLOCK_END("'%}'"),
    VARIABLE_BEGIN("'{{'"),
    VARIABLE_END("'}}'"),
    NAME("a name"),
    STRING("a string"),
    INTEGER("an integer"),
    FLOAT("a number"),
    ADD("+"),
    SUB("-"),
    MUL("*"),
    DIV("/"),
    FLOOR_DIV("//"),
    MOD("%"),
    POW("**"),
    TILDE("~"),
    EQ("=="),
    NE("!="),
    LT("<"),
    LE("<="),
    GT(">"),
    GE(">="),
    IN("in"),
    NOT_IN("not in"),
    ASSIGN("="),
    DOT("."),
    COMMA(","),
    COLON(":"),
    SEMICOLON(";"),
    PIPE("|"),
    LPAREN("("),
    RPAREN(")"),
    LBRACKET("["),
    RBRACKET("]"),
    LBRACE("{"),
    RBRACE("}"),
    END("the end of the template");

    /** How it is written, or what to call it in a message. */
    final String text;

    Kind(String text) {
        this.text = text;
    }
}
