package dev.skim.tensor;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * Persistent worker threads for short parallel regions: a generation counter, spin then yield then park.
 *
 * <p>One caller at a time runs a region; callers on other threads wait their turn. The caller works too. Ranges are
 * claimed from a shared counter, so a thread that the machine slows down does not hold up the rest; results must not
 * depend on who computes what. A region that is started inside a region runs on its own thread alone.
 */
public final class Workers implements AutoCloseable {
    /** Polls before a waiting thread yields: about 20 microseconds, longer than the gap between two regions of a token. */
    private static final int SPINS = 4_000;

    /** Yields before a waiting thread parks: about a millisecond on an idle machine. */
    private static final int YIELDS = 200;

    /** A piece of work on the half-open range {@code [begin, end)}; {@code worker} is in {@code [0, threads)}. */
    @FunctionalInterface
    public interface Task {
        /** Computes items {@code begin} to {@code end - 1}. */
        void run(int begin, int end, int worker);
    }

    private final Thread[] threads;
    private final AtomicInteger next = new AtomicInteger();
    private final AtomicInteger busy = new AtomicInteger();
    private final Object turn = new Object();
    private Task task;
    private int count;
    private int grain;
    private volatile int generation;
    private volatile boolean closed;
    private volatile Throwable failure;
    private long regions;
    private volatile Thread owner;

    /**
     * Starts {@code threads - 1} daemon threads; the caller of {@link #run} is the last one.
     *
     * @throws IllegalArgumentException when {@code threads} is not in 1 to 1024
     */
    public Workers(int threads) {
        if (threads < 1 || threads > 1024) {
            throw new IllegalArgumentException("threads must be 1 to 1024, not " + threads);
        }
        this.threads = new Thread[threads - 1];
        for (int i = 0; i < threads - 1; i++) {
            int worker = i + 1;
            this.threads[i] = new Worker(this, worker);
        }
        for (Thread thread : this.threads) {
            thread.start();
        }
    }

    private static final class Worker extends Thread {
        private final Workers pool;
        private final int number;

        Worker(Workers pool, int number) {
            super("skim-worker-" + number);
            this.pool = pool;
            this.number = number;
            setDaemon(true);
        }

        @Override
        public void run() {
            pool.loop(number);
        }
    }

    /** Whether the current thread is inside a region of this pool already. */
    private boolean inside() {
        Thread current = Thread.currentThread();
        return owner == current || current instanceof Worker worker && worker.pool == this;
    }

    /** Threads that compute, the caller's included. */
    public int threads() {
        return threads.length + 1;
    }

    /** Parallel regions that were handed to the workers since the start. */
    public long regions() {
        synchronized (turn) {
            return regions;
        }
    }

    /** Runs {@code task} over {@code [0, count)} in ranges of at most {@code grain} items; returns when all are done. */
    public void run(int count, int grain, Task task) {
        if (grain < 1) {
            throw new IllegalArgumentException("grain must be at least 1, not " + grain);
        }
        if (count <= 0) {
            return;
        }
        if (threads.length == 0 || count <= grain || inside()) {
            task.run(0, count, 0);
            return;
        }
        synchronized (turn) {
            if (closed) {
                throw new IllegalStateException("these workers are closed");
            }
            owner = Thread.currentThread();
            try {
                region(count, grain, task);
            } finally {
                owner = null;
            }
        }
    }

    private void region(int count, int grain, Task task) {
        regions++;
        this.task = task;
        this.count = count;
        this.grain = grain;
        failure = null;
        next.set(0);
        busy.set(threads.length);
        generation++;
        for (Thread thread : threads) {
            if (LockSupport.getBlocker(thread) == this) {
                LockSupport.unpark(thread);
            }
        }
        work(task, count, grain, 0);
        int polls = 0;
        while (busy.get() != 0) {
            if (++polls < SPINS) {
                Thread.onSpinWait();
            } else {
                Thread.yield();
            }
        }
        this.task = null;
        Throwable thrown = failure;
        if (thrown != null) {
            throw thrown instanceof Error error ? new IllegalStateException(error) : (RuntimeException) thrown;
        }
    }

    private void work(Task task, int count, int grain, int worker) {
        try {
            for (int begin = next.getAndAdd(grain); begin < count && begin >= 0; begin = next.getAndAdd(grain)) {
                task.run(begin, Math.min(count, begin + grain), worker);
            }
        } catch (RuntimeException | Error thrown) {
            failure = thrown;
            next.set(count);
        }
    }

    private void loop(int worker) {
        int seen = 0;
        while (true) {
            int polls = 0;
            while (generation == seen) {
                if (closed) {
                    return;
                }
                polls++;
                if (polls < SPINS) {
                    Thread.onSpinWait();
                } else if (polls < SPINS + YIELDS) {
                    Thread.yield();
                } else {
                    LockSupport.setCurrentBlocker(this);
                    if (generation == seen && !closed) {
                        LockSupport.park(this);
                    }
                    LockSupport.setCurrentBlocker(null);
                }
            }
            seen = generation;
            work(task, count, grain, worker);
            busy.decrementAndGet();
        }
    }

    /** Ends the threads. A region that is under way is finished first. */
    @Override
    public void close() {
        synchronized (turn) {
            closed = true;
            for (Thread thread : threads) {
                LockSupport.unpark(thread);
            }
        }
    }
}
