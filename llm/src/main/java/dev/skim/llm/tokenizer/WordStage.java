package dev.skim.llm.tokenizer;

import static dev.skim.llm.tokenizer.CodePoints.LETTER;
import static dev.skim.llm.tokenizer.CodePoints.MARK;
import static dev.skim.llm.tokenizer.CodePoints.NUMBER;
import static dev.skim.llm.tokenizer.CodePoints.SPACE;

/**
 * The expression of cl100k and all that come from it (Llama 3, Qwen 2, Tekken, o200k), of which the variants differ in
 * four places: {@code CONTRACTION|[^\r\n\p{L}\p{N}]?WORD|\p{N}{1,DIGITS}| ?[^\s\p{L}\p{N}]+[TAIL]*|\s*[\r\n]+|\s+(?!\S)|\s+}.
 *
 * @param words what a word is, and where a contraction stands
 * @param digits the most digits of one piece
 * @param tail the characters that follow symbols in their piece
 */
record WordStage(Words words, int digits, String tail) implements Stage {
    /** What {@code WORD} is. */
    enum Words {
        /** {@code \p{L}+}. */
        LETTERS,
        /** {@code \p{L}+}, after a contraction in any case as an alternative of its own. */
        LETTERS_AND_CONTRACTIONS,
        /** {@code [\p{L}\p{M}]+}, after a contraction as before; symbols are without marks. */
        MARKED_AND_CONTRACTIONS,
        /** {@code U*L+|U+L*}: a piece ends before the next capital. */
        CASED,
        /** {@code U*L+|U+L*}, each with a contraction at its end. */
        CASED_WITH_CONTRACTION
    }

    @Override
    public int end(CodePoints text, int at, int to) {
        if (words == Words.LETTERS_AND_CONTRACTIONS || words == Words.MARKED_AND_CONTRACTIONS) {
            int end = Stages.contraction(text, at, to, true);
            if (end > at) {
                return end;
            }
        }
        int end = word(text, at, to);
        if (end > at) {
            return words == Words.CASED_WITH_CONTRACTION ? Stages.contraction(text, end, to, true) : end;
        }
        if (text.is(at, NUMBER)) {
            return text.runEnd(at, to - at < digits ? to : at + digits, NUMBER);
        }
        int start = text.at(at) == ' ' ? at + 1 : at;
        int notSymbols = words == Words.MARKED_AND_CONTRACTIONS ? SPACE | LETTER | NUMBER | MARK : SPACE | LETTER | NUMBER;
        end = text.runEndWithout(start, to, notSymbols);
        return end > start ? Stages.tail(text, end, to, tail) : Stages.newlinesOrSpaces(text, at, to);
    }

    private int word(CodePoints text, int at, int to) {
        boolean prefix = !Stages.isNewline(text.at(at)) && !text.is(at, LETTER | NUMBER);
        switch (words) {
            case LETTERS, LETTERS_AND_CONTRACTIONS -> {
                return letters(text, at, to, prefix, LETTER);
            }
            case MARKED_AND_CONTRACTIONS -> {
                return letters(text, at, to, prefix && !text.is(at, MARK), LETTER | MARK);
            }
            default -> {
                int start = prefix ? at + 1 : at;
                int end = Stages.capitalised(text, start, to);
                if (end > start) {
                    return end;
                }
                // A mark may be the prefix and a word too, so each alternative is tried with and without a prefix.
                end = Stages.capitalised(text, at, to);
                if (end > at) {
                    return end;
                }
                end = Stages.capitals(text, start, to);
                return end > start ? end : Stages.capitals(text, at, to);
            }
        }
    }

    private static int letters(CodePoints text, int at, int to, boolean prefix, int mask) {
        int start = prefix ? at + 1 : at;
        int end = text.runEnd(start, to, mask);
        return end > start ? end : at;
    }
}
