package dev.skim.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.skim.tensor.VectorMath;
import dev.skim.tensor.Workers;
import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

class AttentionTest {
    /** A kind of attention and a sequence for it. */
    record Case(KvType type, int kvHeads, int group, int headSize, float softCap, int window, int tokens, long seed) {
        int heads() {
            return kvHeads * group;
        }

        Attention attention() {
            return new Attention(heads(), kvHeads, headSize, scale(), softCap, window);
        }

        float scale() {
            return (float) (1 / Math.sqrt(headSize));
        }

        /** Elements of a token's queries. */
        int row() {
            return heads() * headSize;
        }

        /** Elements of a token's keys, and of its values. */
        int kvRow() {
            return kvHeads * headSize;
        }

        /** A cache with all tokens. */
        KvCache filled(float[] keys, float[] values) {
            KvCache cache = new KvCache(type, 1, kvHeads, headSize, tokens);
            cache.append(0, keys, 0, kvRow(), values, 0, kvRow(), tokens);
            return cache;
        }

        /** Checks a token's head against the definition, of keys and values as they are held. */
        void check(float[] queries, float[] keys, float[] values, float[] out, int token, int head) {
            int at = token * row() + head * headSize;
            double[] exact = Plain.attention(
                    Plain.doubles(queries, at, headSize), keys, values,
                    head / group * headSize, kvRow(), token, scale(), softCap, window);
            for (int i = 0; i < headSize; i++) {
                assertEquals(exact[i], out[at + i], 2e-5, "token " + token + ", head " + head);
            }
        }
    }

    @Provide
    Arbitrary<Case> cases() {
        return Combinators.combine(
                        Arbitraries.of(KvType.class),
                        Arbitraries.integers().between(1, 3),
                        Arbitraries.integers().between(1, 4),
                        Arbitraries.of(4, 32, 48, 64, 80, 128),
                        Arbitraries.of(0f, 0f, 3f),
                        Arbitraries.of(0, 0, 1, 7, 64, 100),
                        Arbitraries.integers().between(1, 200),
                        Arbitraries.longs())
                .as(Case::new);
    }

    @Property(tries = 120)
    void isItsDefinitionInAnyChunks(@ForAll("cases") Case one) {
        Random random = new Random(one.seed);
        int kvRow = one.kvRow();
        float[] queries = Plain.random(random, one.tokens * one.row());
        float[] keys = Plain.random(random, one.tokens * kvRow);
        float[] values = Plain.random(random, one.tokens * kvRow);
        try (Workers workers = new Workers(2)) {
            float[] whole = run(one, queries, keys, values, one.tokens, workers);
            float[] heldKeys = Plain.held(one.type, keys, one.headSize);
            float[] heldValues = Plain.held(one.type, values, one.headSize);
            for (int t = 0; t < one.tokens; t++) {
                for (int head = 0; head < one.heads(); head++) {
                    one.check(queries, heldKeys, heldValues, whole, t, head);
                }
            }
            Case plain = new Case(
                    KvType.F32, one.kvHeads, one.group, one.headSize, one.softCap, one.window, one.tokens, one.seed);
            assertArrayEquals(
                    run(plain, queries, heldKeys, heldValues, one.tokens, workers), whole, "over what the cache holds");
            for (int chunk : new int[] {1, 1 + random.nextInt(one.tokens)}) {
                assertArrayEquals(whole, run(one, queries, keys, values, chunk, workers), "chunks of " + chunk);
            }
        }
    }

    private static float[] run(Case one, float[] queries, float[] keys, float[] values, int chunk, Workers workers) {
        int row = one.row();
        int kvRow = one.kvRow();
        KvCache cache = new KvCache(one.type, 1, one.kvHeads, one.headSize, one.tokens);
        float[] out = new float[one.tokens * row];
        for (int t = 0; t < one.tokens; t += chunk) {
            int n = Math.min(chunk, one.tokens - t);
            cache.append(0, keys, t * kvRow, kvRow, values, t * kvRow, kvRow, n);
            one.attention().apply(queries, t * row, row, n, t, cache, 0, out, t * row, row, workers);
        }
        return out;
    }

    @Provide
    Arbitrary<Case> longCases() {
        return Combinators.combine(
                        Arbitraries.of(KvType.class),
                        Arbitraries.integers().between(1, 2),
                        Arbitraries.integers().between(1, 2),
                        Arbitraries.of(8, 40),
                        Arbitraries.just(0f),
                        Arbitraries.of(0, 530),
                        Arbitraries.integers().between(520, 700),
                        Arbitraries.longs())
                .as(Case::new);
    }

    /** Over so many pages the steps of decode are regions of their own, unless every thread has as many heads. */
    @Property(tries = 24, edgeCases = EdgeCasesMode.NONE)
    void decodeOfALongContextIsThatOfTheWhole(@ForAll("longCases") Case one) {
        Random random = new Random(one.seed);
        int row = one.row();
        int kvRow = one.kvRow();
        float[] queries = Plain.random(random, one.tokens * row);
        float[] keys = Plain.random(random, one.tokens * kvRow);
        float[] values = Plain.random(random, one.tokens * kvRow);
        try (Workers workers = new Workers(2)) {
            float[] whole = run(one, queries, keys, values, one.tokens, workers);
            one.check(
                    queries, Plain.held(one.type, keys, one.headSize), Plain.held(one.type, values, one.headSize), whole,
                    one.tokens - 1, 0);
            KvCache cache = one.filled(keys, values);
            for (int n = 1; n <= 8; n++) {
                int first = one.tokens - n;
                float[] out = new float[n * row];
                one.attention().apply(queries, first * row, row, n, first, cache, 0, out, 0, row, workers);
                assertArrayEquals(Arrays.copyOfRange(whole, first * row, one.tokens * row), out, n + " tokens");
            }
        }
    }

    /** A token's result is the same where the cache holds rows beyond it. */
    @Property(tries = 30)
    void doesNotSeeLaterRows(@ForAll("cases") Case one) {
        Random random = new Random(one.seed);
        int row = one.row();
        int kvRow = one.kvRow();
        float[] queries = Plain.random(random, one.tokens * row);
        float[] keys = Plain.random(random, one.tokens * kvRow);
        float[] values = Plain.random(random, one.tokens * kvRow);
        try (Workers workers = new Workers(1)) {
            float[] whole = run(one, queries, keys, values, one.tokens, workers);
            KvCache cache = one.filled(keys, values);
            int first = random.nextInt(one.tokens);
            int n = 1 + random.nextInt(one.tokens - first);
            float[] out = new float[one.tokens * row];
            one.attention().apply(queries, first * row, row, n, first, cache, 0, out, first * row, row, workers);
            for (int i = first * row; i < (first + n) * row; i++) {
                assertEquals(whole[i], out[i]);
            }
        }
    }

    /** Rows that were taken back leave no trace in those that take their place. */
    @Property(tries = 30)
    void forgetsRowsThatAreTakenBack(@ForAll("cases") Case one) {
        Random random = new Random(one.seed);
        int row = one.row();
        int kvRow = one.kvRow();
        float[] queries = Plain.random(random, one.tokens * row);
        float[] keys = Plain.random(random, one.tokens * kvRow);
        float[] values = Plain.random(random, one.tokens * kvRow);
        float[] others = Plain.random(random, one.tokens * kvRow);
        VectorMath.scale(others, 0, others.length, 100);
        int cut = random.nextInt(one.tokens);
        try (Workers workers = new Workers(2)) {
            KvCache cache = new KvCache(one.type, 1, one.kvHeads, one.headSize, one.tokens);
            cache.append(0, keys, 0, kvRow, values, 0, kvRow, cut);
            cache.append(0, others, 0, kvRow, others, 0, kvRow, one.tokens - cut);
            cache.truncate(cut);
            cache.append(0, keys, cut * kvRow, kvRow, values, cut * kvRow, kvRow, one.tokens - cut);
            float[] out = new float[one.tokens * row];
            one.attention().apply(queries, 0, row, one.tokens, 0, cache, 0, out, 0, row, workers);
            assertArrayEquals(run(one, queries, keys, values, one.tokens, workers), out);
        }
    }

    @Test
    void wantsTheRowsOfItsTokens() {
        KvCache cache = new KvCache(KvType.F32, 1, 1, 4, 8);
        float[] x = new float[8];
        cache.append(0, x, 0, 4, x, 0, 4, 1);
        try (Workers workers = new Workers(1)) {
            Attention attention = new Attention(1, 1, 4, 1, 0, 0);
            assertThrows(
                    IllegalStateException.class,
                    () -> attention.apply(x, 0, 4, 2, 0, cache, 0, new float[8], 0, 4, workers));
        }
    }
}
