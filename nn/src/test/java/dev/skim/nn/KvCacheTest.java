package dev.skim.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class KvCacheTest {
    private static final int CAPACITY = 300;

    private static void append(KvCache cache, int layer, int tokens) {
        float[] rows = new float[tokens * 8];
        cache.append(layer, rows, 0, 8, rows, 0, 8, tokens);
    }

    @Property(tries = 100)
    void takesMemoryForTheRowsThatThereAre(
            @ForAll KvType type,
            @ForAll @IntRange(min = 0, max = CAPACITY) int first,
            @ForAll @IntRange(min = 0, max = CAPACITY) int second,
            @ForAll @IntRange(min = 0, max = CAPACITY) int cut) {
        KvCache cache = new KvCache(type, 3, 2, 4, CAPACITY);
        assertEquals(0, cache.bytes());
        append(cache, 0, 1);
        long page = cache.bytes();
        cache.truncate(0);
        append(cache, 0, first);
        append(cache, 2, second);
        assertEquals(page * (pages(first) + pages(second)), cache.bytes());
        cache.truncate(cut);
        assertEquals(Math.min(first, cut), cache.length(0));
        assertEquals(0, cache.length(1));
        assertEquals(Math.min(second, cut), cache.length(2));
        assertEquals(page * (pages(Math.min(first, cut)) + pages(Math.min(second, cut))), cache.bytes());
    }

    /** Rows that cannot all be written leave what was there, and take no memory; short arrays stand for a memory that is full. */
    @Property(tries = 100)
    void anAppendThatFailsLeavesNothing(
            @ForAll KvType type,
            @ForAll @IntRange(min = 0, max = 150) int before,
            @ForAll @IntRange(min = 1, max = 150) int tokens,
            @ForAll @IntRange(min = 0, max = 149) int written) {
        KvCache cache = new KvCache(type, 2, 2, 4, CAPACITY);
        append(cache, 1, before);
        long bytes = cache.bytes();
        float[] keys = new float[tokens * 8];
        float[] values = new float[Math.min(written, tokens - 1) * 8];
        assertThrows(
                IndexOutOfBoundsException.class, () -> cache.append(1, keys, 0, 8, values, 0, 8, tokens));
        assertEquals(before, cache.length(1));
        assertEquals(bytes, cache.bytes());
        append(cache, 1, tokens);
        assertEquals(before + tokens, cache.length(1));
    }

    /** A position of the three types takes 4, 2 and 34 / 32 bytes a dimension. */
    @ParameterizedTest
    @CsvSource({"F32, 128", "F16, 64", "Q8_0, 34"})
    void takesTheBytesOfItsType(KvType type, int bytesOf32) {
        KvCache cache = new KvCache(type, 2, 3, 64, CAPACITY);
        float[] rows = new float[64 * 3 * 64];
        cache.append(1, rows, 0, 3 * 64, rows, 0, 3 * 64, 64);
        assertEquals(64 * 2 * 3 * (64 / 32) * bytesOf32, cache.bytes());
    }

    private static int pages(int rows) {
        return (rows + 63) / 64;
    }

    /** A context that no memory could hold costs nothing before it is used. */
    @ParameterizedTest
    @EnumSource
    void aLongContextIsTakenAsItGrows(KvType type) {
        KvCache cache = new KvCache(type, 1_000, 2, 4, Integer.MAX_VALUE);
        append(cache, 999, 200);
        assertEquals(Integer.MAX_VALUE, cache.capacity());
        cache.truncate(Integer.MAX_VALUE);
        assertEquals(200, cache.length(999));
    }

    @Test
    void refusesShapesThatHoldNothing() {
        assertThrows(IllegalArgumentException.class, () -> new KvCache(KvType.F32, 1, 2, 4, -1));
        assertThrows(IllegalArgumentException.class, () -> new KvCache(KvType.F32, 1, 0, 4, 1));
        assertThrows(IllegalArgumentException.class, () -> new KvCache(KvType.F32, 1, 2, 0, 1));
    }

    @Test
    void refusesMoreThanItHolds() {
        KvCache cache = new KvCache(KvType.F32, 1, 2, 4, CAPACITY);
        append(cache, 0, CAPACITY - 1);
        assertThrows(IllegalArgumentException.class, () -> append(cache, 0, 2));
        assertEquals(CAPACITY - 1, cache.length(0));
        append(cache, 0, 1);
        assertEquals(CAPACITY, cache.length(0));
        assertTrue(cache.bytes() > 0);
    }
}
