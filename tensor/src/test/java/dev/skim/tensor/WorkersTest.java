package dev.skim.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Every item is run once and is done when the region ends, whoever runs it. */
class WorkersTest {
    @Property(tries = 100)
    void everyItemOnce(
            @ForAll @IntRange(min = 1, max = 5) int threads,
            @ForAll @IntRange(min = 0, max = 300) int count,
            @ForAll @IntRange(min = 1, max = 40) int grain) {
        try (Workers workers = new Workers(threads)) {
            for (int region = 0; region < 20; region++) {
                AtomicIntegerArray seen = new AtomicIntegerArray(count);
                workers.run(count, grain, (begin, end, worker) -> {
                    assertTrue(worker >= 0 && worker < threads);
                    for (int i = begin; i < end; i++) {
                        seen.incrementAndGet(i);
                    }
                });
                for (int i = 0; i < count; i++) {
                    assertEquals(1, seen.get(i));
                }
            }
        }
    }

    @Test
    @Timeout(60)
    void manyCallersTakeTurns() throws InterruptedException {
        try (Workers workers = new Workers(2)) {
            AtomicInteger sum = new AtomicInteger();
            Thread[] callers = new Thread[4];
            for (int i = 0; i < callers.length; i++) {
                callers[i] = Thread.ofPlatform().start(() -> {
                    for (int region = 0; region < 500; region++) {
                        workers.run(10, 1, (begin, end, worker) -> sum.addAndGet(end - begin));
                    }
                });
            }
            for (Thread caller : callers) {
                caller.join();
            }
            assertEquals(4 * 500 * 10, sum.get());
        }
    }

    @Test
    @Timeout(60)
    void wakesAfterParking() throws InterruptedException {
        try (Workers workers = new Workers(3)) {
            for (int region = 0; region < 20; region++) {
                AtomicInteger sum = new AtomicInteger();
                workers.run(6, 1, (begin, end, worker) -> sum.addAndGet(end - begin));
                assertEquals(6, sum.get());
                Thread.sleep(5);
            }
        }
    }

    /** Gaps about as long as a worker waits before it parks: where a wakeup would be lost if one could be. */
    @Test
    @Timeout(60)
    void noWakeupIsLostOnTheWayToSleep() {
        try (Workers workers = new Workers(2)) {
            for (int region = 0; region < 4_000; region++) {
                AtomicInteger sum = new AtomicInteger();
                workers.run(4, 1, (begin, end, worker) -> sum.addAndGet(end - begin));
                assertEquals(4, sum.get());
                long until = System.nanoTime() + region % 100 * 20_000L / 10;
                while (System.nanoTime() < until) {
                    Thread.onSpinWait();
                }
            }
        }
    }

    @Test
    @Timeout(60)
    void aFailureReachesTheCallerAndTheWorkersGoOn() {
        try (Workers workers = new Workers(2)) {
            for (int region = 0; region < 50; region++) {
                int bad = region % 10;
                assertThrows(UnsupportedOperationException.class, () -> workers.run(10, 1, (begin, end, worker) -> {
                    if (begin == bad) {
                        throw new UnsupportedOperationException();
                    }
                }));
                AtomicInteger sum = new AtomicInteger();
                workers.run(10, 1, (begin, end, worker) -> sum.addAndGet(end - begin));
                assertEquals(10, sum.get());
            }
        }
    }

    @Test
    @Timeout(60)
    void aRegionInsideARegionRunsOnItsThread() {
        try (Workers workers = new Workers(2)) {
            AtomicInteger sum = new AtomicInteger();
            workers.run(4, 1, (begin, end, worker) -> workers.run(5, 1, (b, e, w) -> sum.addAndGet(e - b)));
            assertEquals(20, sum.get());
        }
    }
}
