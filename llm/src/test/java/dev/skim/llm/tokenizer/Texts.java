package dev.skim.llm.tokenizer;

import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Tuple;

/** Texts that reach every branch of a tokenizer: each Unicode class often, and everything else now and then. */
public final class Texts {
    private static final List<String> PARTS = List.of(
            "a", "b", "s", "t", "re", "ve", "ll", "z", "A", "B", "S", "LL", "Re", "Z", "\u00e9", "\u00c0", "\u01c5", "\u02b0", "\u0431", "\u0416",
            "\u4e2d", "\u6587", "\u9fa5", "\u3042", "\u30a2", "\uac00", "\u0e01", "\u10d0", "\u01bb", "\ud835\udc00", "\ud801\udc00",
            "0", "1", "9", "\u0664", "\u00bd", "\u2167", "\u0301", "\u0e31", "\u20dd", "\ufe0f", "'", "''", "'s", "'S", "'ll", "'m", "'x",
            "!", ".", ",", "(", ")", "|", "-", "/", "//", "_", "\u2026", "\u3002", "\uff0c", "\uff01", "\u2019", "\u060c", "$", "+", "<", ">", "^", "`", "~",
            "\u20ac", "\u00a9", " ", " ", " ", "  ", "    ", "\t", "\n", "\n\n", "\r", "\r\n", "\u000b", "\u0085", "\u00a0", "\u2003", "\u2028", "\u3000",
            "\0", "\u001f", "\u007f", "\u00ad", "\u200b", "\u200d", "\ue000", "\u0378", "\ud83d\ude42", "\ud83e\udd99", "\u2581",
            "<sentinel:12>", "<sentinel:>", "IMGIMGABZ", "IMGIMGZ", "IMGIMGABCDEZ", "word", "Word", "WORD");

    private Texts() {}

    /** Texts without unpaired surrogates. */
    public static Arbitrary<String> wellFormed() {
        Arbitrary<String> any = Arbitraries.integers()
                .between(0, Character.MAX_CODE_POINT)
                .filter(c -> c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE)
                .map(Character::toString);
        return Arbitraries.frequencyOf(Tuple.of(12, Arbitraries.of(PARTS)), Tuple.of(1, any))
                .list()
                .ofMaxSize(40)
                .map(parts -> String.join("", parts));
    }

    /** A text as {@link #wellFormed} makes them, for tests that are no properties. */
    public static String random(Random random) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(40); i > 0; i--) {
            text.append(PARTS.get(random.nextInt(PARTS.size())));
        }
        return text.toString();
    }

    /** Texts with unpaired surrogates here and there. */
    public static Arbitrary<String> any() {
        return Arbitraries.frequencyOf(
                        Tuple.of(8, wellFormed()),
                        Tuple.of(1, Arbitraries.of("\ud800", "\udc00", "\udfff", "\udbff")))
                .list()
                .ofMaxSize(4)
                .map(parts -> String.join("", parts));
    }
}
