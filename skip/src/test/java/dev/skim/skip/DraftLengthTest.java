package dev.skim.skip;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.From;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

class DraftLengthTest {
    /** A round of {@code drafted} tokens, {@code limit} at most, of which {@code accepted} stood. */
    private record Round(int limit, int drafted, int accepted) {}

    /** The rule as the specification has it, section 3.3. */
    private static final class Rule {
        double gamma = 0.8;
        double m = 0.9;

        void after(Round round) {
            int kMax = Math.min(8, round.limit);
            m = 0.5 * m + 0.5 * round.accepted / round.drafted;
            double wanted;
            if (m < 0.90) {
                wanted = gamma + 0.01;
            } else if (round.drafted == kMax) {
                wanted = gamma;
            } else {
                wanted = gamma - 0.01;
            }
            gamma = Math.min(1, 0.9 * gamma + 0.1 * wanted);
        }
    }

    @Provide
    Arbitrary<Round> rounds() {
        return Arbitraries.integers().between(1, 15).flatMap(limit -> Arbitraries.integers()
                .between(1, Math.min(8, limit))
                .flatMap(drafted -> Arbitraries.frequencyOf(
                                Tuple.of(3, Arbitraries.just(drafted)),
                                Tuple.of(1, Arbitraries.integers().between(0, drafted)))
                        .map(accepted -> new Round(limit, drafted, accepted))));
    }

    /** Gamma is what it should be: a probability a little above it goes on, one a little below does not. */
    private static void assertGamma(double gamma, DraftLength length) {
        assertTrue(length.goOn(1, gamma + 1e-9), () -> "at " + gamma);
        assertFalse(length.goOn(1, gamma - 1e-9), () -> "at " + gamma);
    }

    @Property(tries = 200)
    void gammaFollowsTheRule(@ForAll @Size(max = 400) List<@From("rounds") Round> rounds) {
        DraftLength length = new DraftLength();
        Rule rule = new Rule();
        assertGamma(0.8, length);
        for (Round round : rounds) {
            length.verified(round.drafted, round.accepted, round.limit);
            rule.after(round);
            assertGamma(rule.gamma, length);
        }
    }

    /** Whatever ended the drafts was not their tokens' probability. */
    @Property(tries = 40)
    void draftsOfTheirFullLengthDoNotLowerGamma(@ForAll @IntRange(min = 1, max = 15) int limit) {
        DraftLength length = new DraftLength();
        for (int i = 0; i < 1000; i++) {
            length.verified(Math.min(8, limit), Math.min(8, limit), limit);
        }
        assertGamma(0.8, length);
    }

    /** An always session's drafts may be longer than 8. */
    @Example
    void aLongerDraftIsAFullOneToo() {
        DraftLength length = new DraftLength();
        length.verified(12, 12, 15);
        length.verified(0, 0, 15);
        assertGamma(0.8, length);
    }

    @Example
    void eightTokensAreEnough() {
        DraftLength length = new DraftLength();
        assertEquals(List.of(true, false), List.of(length.goOn(7, 1), length.goOn(8, 1)));
    }
}
