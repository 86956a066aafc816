package dev.skim.llm.eval;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * ROUGE-L of one text against another (Lin 2004, ROUGE: A Package for Automatic Evaluation of Summaries, section 3.1):
 * the F1 measure of the longest common subsequence of words. Words are runs of letters and digits, in lower case.
 */
public final class RougeL {
    private static final Pattern BETWEEN_WORDS = Pattern.compile("[^\\p{IsAlphabetic}\\p{IsDigit}\\p{M}]+");

    private RougeL() {}

    /** The score of a text, 0 to 1; symmetric. Two texts without words are taken for the same, 1. */
    public static double score(String reference, String candidate) {
        return score(words(reference), words(candidate));
    }

    /** The score of two lists of words. */
    static double score(List<String> reference, List<String> candidate) {
        int all = reference.size() + candidate.size();
        // F1 of lcs / |reference| and lcs / |candidate|.
        return all == 0 ? 1 : 2.0 * longestCommonSubsequence(reference, candidate) / all;
    }

    static List<String> words(String text) {
        return Arrays.stream(BETWEEN_WORDS.split(text.toLowerCase(Locale.ROOT)))
                .filter(word -> !word.isEmpty())
                .toList();
    }

    /** By rows of the usual table, of which one is kept. */
    private static int longestCommonSubsequence(List<String> a, List<String> b) {
        int[] row = new int[b.size() + 1];
        for (String word : a) {
            int diagonal = 0;
            for (int j = 1; j <= b.size(); j++) {
                int above = row[j];
                row[j] = word.equals(b.get(j - 1)) ? diagonal + 1 : Math.max(above, row[j - 1]);
                diagonal = above;
            }
        }
        return row[b.size()];
    }
}
