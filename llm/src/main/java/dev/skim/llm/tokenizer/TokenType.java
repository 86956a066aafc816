package dev.skim.llm.tokenizer;

/** The kinds of token in {@code tokenizer.ggml.token_type}, by their numbers in the file. */
final class TokenType {
    static final int NORMAL = 1;
    static final int UNKNOWN = 2;
    static final int CONTROL = 3;
    static final int USER_DEFINED = 4;
    static final int BYTE = 6;

    private TokenType() {}
}
