package dev.skim.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Every item is run once and is done when the region ends, whoever runs it. */
class WorkersTest {
    private static void await(BooleanSupplier condition) {
        long start = System.nanoTime();
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() - start < TimeUnit.SECONDS.toNanos(20), "it never came");
            Thread.yield();
        }
    }

    /** A region whose items wait for each other: all threads must be in it at once, each with a number of its own. */
    private static void meet(Workers workers) {
        AtomicIntegerArray seen = new AtomicIntegerArray(workers.threads());
        AtomicInteger here = new AtomicInteger();
        workers.run(workers.threads(), 1, (begin, end, worker) -> {
            seen.incrementAndGet(worker);
            here.incrementAndGet();
            await(() -> here.get() == workers.threads());
        });
        for (int worker = 0; worker < workers.threads(); worker++) {
            assertEquals(1, seen.get(worker), "threads with number " + worker);
        }
    }

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

    /** Threads that wait do as they are told, step by step, for ever if need be, and are there for the next region and the end. */
    @Test
    @Timeout(60)
    void threadsThatWaitWorkAhead() {
        try (Workers workers = new Workers(3)) {
            AtomicIntegerArray next = new AtomicIntegerArray(3);
            AtomicInteger wrong = new AtomicInteger();
            workers.ahead((worker, step) -> {
                if (step != 0 && step != next.get(worker)) {
                    wrong.incrementAndGet();
                }
                next.set(worker, step + 1);
                return true;
            });
            for (int region = 0; region < 20; region++) {
                meet(workers);
                await(() -> next.get(1) > 10 && next.get(2) > 10);
            }
            assertEquals(0, wrong.get(), "steps out of turn");
            workers.ahead(null);
            meet(workers);
            int first = next.get(1);
            int second = next.get(2);
            meet(workers);
            assertEquals(first, next.get(1));
            assertEquals(second, next.get(2));
        }
    }

    /** So many that a range's end, and what threads claim beyond the last item, are no ints. */
    @Property(tries = 30)
    void rangesAtTheEndOfInts(
            @ForAll @IntRange(min = 2, max = 5) int threads,
            @ForAll @IntRange(min = Integer.MAX_VALUE - 9) int count,
            @ForAll @IntRange(min = 1 << 28) int grain) {
        try (Workers workers = new Workers(threads)) {
            AtomicLong items = new AtomicLong();
            workers.run(count, grain, (begin, end, worker) -> {
                assertTrue(begin >= 0 && begin < end && end <= count, begin + " to " + end);
                items.addAndGet(end - begin);
            });
            assertEquals(count, items.get());
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
                meet(workers);
                Thread.sleep(5);
            }
        }
    }

    /** Gaps about as long as a worker waits before it parks: where a wakeup would be lost if one could be. */
    @Test
    @Timeout(60)
    void noWakeupIsLostOnTheWayToSleep() {
        try (Workers workers = new Workers(2)) {
            for (int region = 0; region < 1_000; region++) {
                meet(workers);
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
                // All in one range run on the caller.
                int grain = 1 + region % 2 * 9;
                RuntimeException exception = new UnsupportedOperationException();
                assertSame(exception, assertThrows(Throwable.class, () -> workers.run(10, grain, (begin, end, worker) -> {
                    if (begin <= bad && bad < end) {
                        throw exception;
                    }
                })));
                Error error = new OutOfMemoryError("of the test");
                assertSame(error, assertThrows(Throwable.class, () -> workers.run(10, grain, (begin, end, worker) -> {
                    if (begin <= bad && bad < end) {
                        throw error;
                    }
                })));
                AtomicInteger sum = new AtomicInteger();
                workers.run(10, 1, (begin, end, worker) -> sum.addAndGet(end - begin));
                assertEquals(10, sum.get());
            }
        }
    }

    @Test
    @Timeout(60)
    void theFirstFailureCounts() {
        try (Workers workers = new Workers(2)) {
            AtomicReference<Thread> first = new AtomicReference<>();
            Throwable thrown = assertThrows(Throwable.class, () -> workers.run(2, 1, (begin, end, worker) -> {
                if (worker == 1) {
                    first.set(Thread.currentThread());
                    throw new UnsupportedOperationException();
                }
                // It has failed and sleeps.
                await(() -> first.get() != null && first.get().getState() == Thread.State.WAITING);
                throw new OutOfMemoryError("of the test");
            }));
            assertEquals(UnsupportedOperationException.class, thrown.getClass());
        }
    }

    @Test
    @Timeout(60)
    void closingEndsTheThreads() throws InterruptedException {
        Workers workers = new Workers(3);
        Thread[] threads = new Thread[3];
        AtomicInteger here = new AtomicInteger();
        workers.run(3, 1, (begin, end, worker) -> {
            threads[worker] = Thread.currentThread();
            here.incrementAndGet();
            await(() -> here.get() == 3);
        });
        await(() -> threads[1].getState() == Thread.State.WAITING);
        workers.close();
        for (int i = 1; i < 3; i++) {
            threads[i].join();
        }
        assertThrows(IllegalStateException.class, () -> workers.run(3, 1, (begin, end, worker) -> {}));
        workers.close();
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
