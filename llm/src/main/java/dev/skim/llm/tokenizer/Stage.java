package dev.skim.llm.tokenizer;

/** One regular expression of a pre-tokenizer, as a hand-written matcher: no recursion, no backtracking beyond a run. */
@FunctionalInterface
interface Stage {
    /**
     * Matches at one place. The text ends at {@code to}: what follows is another stretch, which the expression does not
     * see.
     *
     * @return the end of the match that begins at {@code at}; or, where none begins there, the bitwise complement of the
     *     next place worth a try
     */
    int end(CodePoints text, int at, int to);
}
