package dev.skim.llm.tokenizer;

import static dev.skim.llm.tokenizer.CodePoints.LETTER;
import static dev.skim.llm.tokenizer.CodePoints.LOWER;
import static dev.skim.llm.tokenizer.CodePoints.MARK;
import static dev.skim.llm.tokenizer.CodePoints.NUMBER;
import static dev.skim.llm.tokenizer.CodePoints.PUNCTUATION;
import static dev.skim.llm.tokenizer.CodePoints.SPACE;
import static dev.skim.llm.tokenizer.CodePoints.SYMBOL;
import static dev.skim.llm.tokenizer.CodePoints.UNCASED;
import static dev.skim.llm.tokenizer.CodePoints.UPPER;

import java.util.function.IntPredicate;

/** The regular expressions that pre-tokenizers are made of. */
final class Stages {
    /** Han, hiragana and katakana as DeepSeek-V3 has them. */
    static final IntPredicate KANJI_KANA = c -> (c >= 0x4E00 && c <= 0x9FA5) || (c >= 0x3040 && c <= 0x30FF);

    /** The East Asian ranges of DeepSeek's first tokenizers. */
    static final IntPredicate EAST_ASIAN =
            c -> (c >= 0x4E00 && c <= 0x9FA5) || (c >= 0x0800 && c <= 0x4E00) || (c >= 0xAC00 && c <= 0xD7FF);

    /** Punctuation of DeepSeek LLM; from colon to tilde it holds the ASCII letters too, and the ideographic space. */
    static final IntPredicate DEEPSEEK_PUNCTUATION = c -> (c >= '!' && c <= '/')
            || (c >= ':' && c <= '~')
            || (c >= 0xFF01 && c <= 0xFF0F)
            || (c >= 0xFF1A && c <= 0xFF5E)
            || (c >= 0x2018 && c <= 0x201F)
            || (c >= 0x3000 && c <= 0x3002);

    private Stages() {}

    /** {@code C{min,max}} for a class of code points. */
    static Stage run(int min, int max, IntPredicate members) {
        return (text, at, to) -> {
            int limit = to - at < max ? to : at + max;
            int end = at;
            while (end < limit && members.test(text.at(end))) {
                end++;
            }
            return end - at >= min ? end : ~(at + 1);
        };
    }

    /** {@code C{1,max}} for classes, such as {@code \p{N}}. */
    static Stage run(int max, int mask) {
        return (text, at, to) -> {
            int end = text.runEnd(at, to - at < max ? to : at + max, mask);
            return end > at ? end : ~(at + 1);
        };
    }

    /** {@code [\p{P}...]+}: punctuation and the ASCII symbols given. */
    static Stage punctuation(int max, String symbols) {
        return (text, at, to) -> {
            int limit = to - at < max ? to : at + max;
            int end = at;
            while (end < limit && (text.is(end, PUNCTUATION) || symbols.indexOf(text.at(end)) >= 0)) {
                end++;
            }
            return end > at ? end : ~(at + 1);
        };
    }

    /** {@code \s?C+} for classes. */
    static Stage spaced(int mask) {
        return (text, at, to) -> {
            int start = text.is(at, SPACE) ? at + 1 : at;
            int end = text.runEnd(start, to, mask);
            return end > start ? end : ~(at + 1);
        };
    }

    /** {@code \s?C+} for a class of code points, which may hold white space itself. */
    static Stage spaced(IntPredicate members) {
        return (text, at, to) -> {
            int start = text.is(at, SPACE) && at + 1 < to && members.test(text.at(at + 1)) ? at + 1 : at;
            int end = start;
            while (end < to && members.test(text.at(end))) {
                end++;
            }
            return end > start ? end : ~(at + 1);
        };
    }

    /** {@code \s+$}. */
    static int trailingSpace(CodePoints text, int at, int to) {
        int end = text.runEnd(at, to, SPACE);
        return end == at ? ~(at + 1) : end == to ? end : ~end;
    }

    /** {@code  ?[^(\s|.,!?…。，、।۔،)]+}: BLOOM and its kin. */
    static int bloom(CodePoints text, int at, int to) {
        int start = text.at(at) == ' ' ? at + 1 : at;
        int end = start;
        while (end < to && !text.is(end, SPACE) && "(|.,!?\u2026\u3002\uFF0C\u3001\u0964\u06D4\u060C)".indexOf(text.at(end)) < 0) {
            end++;
        }
        return end > start ? end : ~(at + 1);
    }

    /** Any of these texts, the first that fits: {@code (a|b|c)}. */
    static Stage anyOf(String... texts) {
        return (text, at, to) -> {
            for (String candidate : texts) {
                if (startsWith(text, at, to, candidate)) {
                    return at + candidate.length();
                }
            }
            return ~(at + 1);
        };
    }

    /** {@code <sentinel:[0-9]+>}. */
    static int sentinel(CodePoints text, int at, int to) {
        if (startsWith(text, at, to, "<sentinel:")) {
            int start = at + "<sentinel:".length();
            int end = start;
            while (end < to && text.at(end) >= '0' && text.at(end) <= '9') {
                end++;
            }
            if (end > start && end < to && text.at(end) == '>') {
                return end + 1;
            }
        }
        return ~(at + 1);
    }

    /** {@code (IMGIMG)((A|B|C|D|E|F|G|H|I){1,4})Z}. */
    static int image(CodePoints text, int at, int to) {
        if (startsWith(text, at, to, "IMGIMG")) {
            int start = at + "IMGIMG".length();
            int end = start;
            while (end < to && end - start < 4 && text.at(end) >= 'A' && text.at(end) <= 'I') {
                end++;
            }
            if (end > start && end < to && text.at(end) == 'Z') {
                return end + 1;
            }
        }
        return ~(at + 1);
    }

    /** {@code 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+}: GPT-2. */
    static int gpt2(CodePoints text, int at, int to) {
        int end = contraction(text, at, to, false);
        if (end > at) {
            return end;
        }
        int start = text.at(at) == ' ' && at + 1 < to ? at + 1 : at;
        if (text.is(start, LETTER)) {
            return text.runEnd(start, to, LETTER);
        }
        if (text.is(start, NUMBER)) {
            return text.runEnd(start, to, NUMBER);
        }
        end = text.runEndWithout(start, to, SPACE | LETTER | NUMBER);
        return end > start ? end : spaces(text, at, to);
    }

    /**
     * The last expression of DeepSeek-V3: {@code
     * [!-/:-@\[-`{-~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+}.
     */
    static int deepseek3(CodePoints text, int at, int to) {
        int c = text.at(at);
        if (c < 128 && text.is(at, PUNCTUATION | SYMBOL)) {
            int end = at + 1;
            while (end < to && text.at(end) < 128 && text.is(end, LETTER)) {
                end++;
            }
            if (end > at + 1) {
                return end;
            }
        }
        int start = isNewline(c) || text.is(at, LETTER | MARK | PUNCTUATION | SYMBOL) ? at : at + 1;
        int end = text.runEnd(start, to, LETTER | MARK);
        if (end > start) {
            return end;
        }
        start = c == ' ' ? at + 1 : at;
        end = text.runEnd(start, to, PUNCTUATION | SYMBOL);
        if (end > start) {
            return tail(text, end, to, "\r\n");
        }
        return newlinesOrSpaces(text, at, to);
    }

    /** {@code \s+(?!\S)|\s+}: white space, but for the last of it where more text follows. */
    static int spaces(CodePoints text, int at, int to) {
        int end = text.runEnd(at, to, SPACE);
        if (end == at) {
            return ~(at + 1);
        }
        return end < to && end - at > 1 ? end - 1 : end;
    }

    /** {@code \s*[\r\n]+|\s+(?!\S)|\s+}: white space up to its last line end, else {@link #spaces}. */
    static int newlinesOrSpaces(CodePoints text, int at, int to) {
        int end = text.runEnd(at, to, SPACE);
        for (int i = end; i > at; i--) {
            if (isNewline(text.at(i - 1))) {
                return i;
            }
        }
        return spaces(text, at, to);
    }

    /** {@code 's|'t|'re|'ve|'m|'ll|'d}: the end, or {@code at} where there is none. */
    static int contraction(CodePoints text, int at, int to, boolean ignoreCase) {
        if (at + 1 >= to || text.at(at) != '\'') {
            return at;
        }
        int first = lower(text.at(at + 1), ignoreCase);
        if (first == 's' || first == 't' || first == 'm' || first == 'd') {
            return at + 2;
        }
        if (at + 2 < to) {
            int second = lower(text.at(at + 2), ignoreCase);
            if ((first == 'r' && second == 'e') || (first == 'v' && second == 'e') || (first == 'l' && second == 'l')) {
                return at + 3;
            }
        }
        return at;
    }

    /** The end of the longest run of these characters. */
    static int tail(CodePoints text, int from, int to, String members) {
        int end = from;
        while (end < to && members.indexOf(text.at(end)) >= 0) {
            end++;
        }
        return end;
    }

    /**
     * The end of a word of {@code [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+}, or {@code from} where
     * there is none.
     */
    static int capitalised(CodePoints text, int from, int to) {
        int end = text.runEnd(from, to, UPPER | UNCASED | MARK);
        int rest = text.runEnd(end, to, LOWER | UNCASED | MARK);
        if (rest > end) {
            return rest;
        }
        // The first class gives back what the second needs: the match ends after the last uncased letter or mark.
        while (end > from && !text.is(end - 1, UNCASED | MARK)) {
            end--;
        }
        return end;
    }

    /** The end of {@code [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*}, or {@code from}. */
    static int capitals(CodePoints text, int from, int to) {
        int end = text.runEnd(from, to, UPPER | UNCASED | MARK);
        return end > from ? text.runEnd(end, to, LOWER | UNCASED | MARK) : from;
    }

    static boolean isNewline(int c) {
        return c == '\r' || c == '\n';
    }

    private static boolean startsWith(CodePoints text, int at, int to, String prefix) {
        if (to - at < prefix.length()) {
            return false;
        }
        for (int i = 0; i < prefix.length(); i++) {
            if (text.at(at + i) != prefix.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    private static int lower(int c, boolean ignoreCase) {
        return ignoreCase && c >= 'A' && c <= 'Z' ? c + 32 : c;
    }
}
