package dev.skim.llm.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

/** Each hand-written splitter against the regular expressions themselves, run by java.util.regex. */
class PreTokenizerTest {
    /** White_Space, which the tokenizers' \s is and Java's is not. */
    private static final String WS =
            "\\t-\\r \\x{85}\\x{A0}\\x{1680}\\x{2000}-\\x{200A}\\x{2028}\\x{2029}\\x{202F}\\x{205F}\\x{3000}";

    private static final String NOT_WS = "[^" + WS + "]";
    private static final String SPACES = "[@]*[\\r\\n]+|[@]+(?!" + NOT_WS + ")|[@]+";
    private static final String ANY_CASE = "(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])";
    private static final String GPT2 =
            "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^@\\p{L}\\p{N}]+|[@]+(?!" + NOT_WS + ")|[@]+";
    private static final String UPPER = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]";
    private static final String LOWER = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]";
    private static final String PREFIX = "[^\\r\\n\\p{L}\\p{N}]?";
    private static final String BLOOM = " ?[^(@|.,!?\u2026\u3002\uff0c\u3001\u0964\u06d4\u060c)]+";

    private static final Map<String, List<String>> EXPRESSIONS = Map.ofEntries(
            Map.entry("gpt-2", List.of(GPT2)),
            Map.entry("smollm", List.of("\\p{N}", GPT2)),
            Map.entry("falcon", List.of("[\\p{P}$+<=>^~|`]+", GPT2, "[0-9][0-9][0-9]")),
            Map.entry("default", List.of("[\\p{P}$+<=>^~|]+", GPT2, "\\p{N}+", "[0-9][0-9][0-9]")),
            Map.entry("llama-bpe", List.of(word(ANY_CASE + "|" + PREFIX + "\\p{L}+", "{1,3}", "[\\r\\n]*"))),
            Map.entry("qwen2", List.of(word(ANY_CASE + "|" + PREFIX + "\\p{L}+", "", "[\\r\\n]*"))),
            Map.entry("seed-coder", List.of(word(ANY_CASE + "|" + PREFIX + "\\p{L}+", "", ""))),
            Map.entry("ufakzeka", List.of(word(PREFIX + "\\p{L}+", "", "[\\r\\n]*"))),
            Map.entry("minicpm5", List.of("\\p{N}{1,3}", word(ANY_CASE + "|" + PREFIX + "\\p{L}+", "+", "[\\r\\n]*"))),
            Map.entry(
                    "qwen35",
                    List.of(ANY_CASE + "|" + PREFIX + "[\\p{L}\\p{M}]+|\\p{N}| ?[^@\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|" + SPACES)),
            Map.entry(
                    "tekken",
                    List.of(word(
                            PREFIX + UPPER + "*" + LOWER + "+|" + PREFIX + UPPER + "+" + LOWER + "*", "", "[\\r\\n/]*"))),
            Map.entry(
                    "gpt-4o",
                    List.of(word(
                            PREFIX + UPPER + "*" + LOWER + "+" + ANY_CASE + "?|" + PREFIX + UPPER + "+" + LOWER + "*" + ANY_CASE + "?",
                            "{1,3}",
                            "[\\r\\n/]*"))),
            Map.entry(
                    "deepseek-llm",
                    List.of(
                            "[\\r\\n]",
                            "[@]?[" + deepSeekLetters() + "]+",
                            "[@]?[!-/:-~\uff01-\uff0f\uff1a-\uff5e\u2018-\u201f\u3000-\u3002]+",
                            "[@]+\\z",
                            "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+",
                            "\\p{N}+")),
            Map.entry(
                    "deepseek-coder",
                    List.of(
                            "[\\r\\n]",
                            "[@]?\\p{L}+",
                            "[@]?\\p{P}+",
                            "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+",
                            "\\p{N}")),
            Map.entry(
                    "deepseek-v3",
                    List.of(
                            "\\p{N}{1,3}",
                            "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+",
                            "[!-/:-?\\x40\\[-`{-~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*|"
                                    + SPACES)),
            Map.entry("bloom", List.of(BLOOM)),
            Map.entry("viking", List.of(BLOOM, "\\p{N}")),
            Map.entry(
                    "chameleon",
                    List.of(
                            "<sentinel:[0-9]+>",
                            "(IMGIMG)((A|B|C|D|E|F|G|H|I){1,4})Z",
                            "([\\t\\n]|    |  )",
                            "\\p{N}",
                            "[\\p{P}!-/:-?\\x40\\[-`{-~]",
                            GPT2)));

    private static String word(String words, String digits, String tail) {
        return words + "|\\p{N}" + digits + "| ?[^@\\p{L}\\p{N}]+" + tail + "|" + SPACES;
    }

    /** The published class; checked against the table by number, since its characters would not be readable here. */
    private static String deepSeekLetters() {
        StringBuilder members = new StringBuilder();
        for (int c = 0; c <= Character.MAX_CODE_POINT; c++) {
            if (DeepSeekLetters.contains(c)) {
                members.append(String.format("\\x{%X}", c));
            }
        }
        return members.toString();
    }

    @Property(tries = 6000)
    void splitsAsTheExpressionsDo(@ForAll("names") String name, @ForAll("texts") String text) {
        CodePoints points = CodePoints.of(text, 0, text.length());
        Ints ends = PreTokenizer.named(name).split(points);
        List<String> pieces = new ArrayList<>();
        int from = 0;
        for (int i = 0; i < ends.size(); i++) {
            int to = text.offsetByCodePoints(from, ends.get(i) - (i == 0 ? 0 : ends.get(i - 1)));
            pieces.add(text.substring(from, to));
            from = to;
        }
        assertEquals(oracle(name, text), pieces, name);
    }

    @Provide
    Arbitrary<String> names() {
        return Arbitraries.of(EXPRESSIONS.keySet().stream().sorted().toList());
    }

    @Provide
    Arbitrary<String> texts() {
        return Texts.wellFormed();
    }

    private static final Map<String, Pattern> PATTERNS = new HashMap<>();

    private static List<String> oracle(String name, String text) {
        List<String> pieces = text.isEmpty() ? List.of() : List.of(text);
        for (String expression : EXPRESSIONS.get(name)) {
            Pattern pattern = PATTERNS.computeIfAbsent(expression, e -> Pattern.compile(e.replace("@", WS)));
            List<String> next = new ArrayList<>();
            for (String piece : pieces) {
                Matcher matcher = pattern.matcher(piece);
                int done = 0;
                while (matcher.find()) {
                    if (matcher.start() > done) {
                        next.add(piece.substring(done, matcher.start()));
                    }
                    next.add(matcher.group());
                    done = matcher.end();
                }
                if (done < piece.length()) {
                    next.add(piece.substring(done));
                }
            }
            pieces = next;
        }
        return pieces;
    }

    @Test
    void namesAreKnownOrNot() {
        assertNull(PreTokenizer.named("no-such-thing"));
        assertNull(PreTokenizer.named(""));
    }

    @Test
    void whiteSpaceIsTheUnicodeProperty() {
        Pattern property = Pattern.compile("\\p{IsWhite_Space}");
        for (int c = 0; c <= Character.MAX_CODE_POINT; c++) {
            assertEquals(property.matcher(Character.toString(c)).matches(), CodePoints.isWhiteSpace(c), Integer.toHexString(c));
        }
    }
}
