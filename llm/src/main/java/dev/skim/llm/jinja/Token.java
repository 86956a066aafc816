package dev.skim.llm.jinja;

/**
 * A token.
 *
 * @param line where it starts, from 1
 * @param value the text of DATA, NAME and STRING (unescaped), the number of INTEGER and FLOAT, else null
 */
record Token(Kind kind, int line, Object value) {
    boolean isName(String name) {
        return kind == Kind.NAME && name.equals(value);
    }

    /** What to call it in a message. */
    String describe() {
        return switch (kind) {
            case NAME, INTEGER, FLOAT -> "'" + value + "'";
            case STRING, DATA, BLOCK_BEGIN, BLOCK_END, VARIABLE_BEGIN, VARIABLE_END, END -> kind.text;
            default -> "'" + kind.text + "'";
        };
    }
}
