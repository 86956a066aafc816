package dev.skim.llm.eval;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

class RougeLTest {
    @Provide
    Arbitrary<List<String>> words() {
        return Arbitraries.of("a", "b", "c").list().ofMaxSize(10);
    }

    /** Lin 2004, equations 2 to 4 with beta = 1, the longest common subsequence by its recursive definition. */
    @Property
    void isThePlainDefinition(@ForAll("words") List<String> reference, @ForAll("words") List<String> candidate) {
        double common = longestCommonSubsequence(reference, candidate);
        double expected;
        if (reference.isEmpty() && candidate.isEmpty()) {
            expected = 1;
        } else if (common == 0) {
            expected = 0;
        } else {
            double recall = common / reference.size();
            double precision = common / candidate.size();
            expected = 2 * recall * precision / (recall + precision);
        }
        assertEquals(expected, RougeL.score(reference, candidate), 1e-12);
    }

    private static int longestCommonSubsequence(List<String> a, List<String> b) {
        if (a.isEmpty() || b.isEmpty()) {
            return 0;
        }
        List<String> shorterA = a.subList(1, a.size());
        List<String> shorterB = b.subList(1, b.size());
        return a.getFirst().equals(b.getFirst())
                ? 1 + longestCommonSubsequence(shorterA, shorterB)
                : Math.max(longestCommonSubsequence(shorterA, b), longestCommonSubsequence(a, shorterB));
    }

    @Test
    void wordsAreRunsOfLettersAndDigitsInLowerCase() {
        assertEquals(List.of("the", "3", "größe", "of", "x2"), RougeL.words(" The 3\nGröße, of--x2!"));
        assertEquals(List.of(), RougeL.words(" .,- "));
        // Lin's first example: police killed the gunman / police kill the gunman.
        assertEquals(0.75, RougeL.score("Police killed the gunman.", "police kill the gunman"), 1e-12);
    }
}
