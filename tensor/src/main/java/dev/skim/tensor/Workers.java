package dev.skim.tensor;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

/**
 * Persistent worker threads for short parallel regions: a generation counter, spin then yield then park.
 *
 * <p>One caller at a time runs a region; callers on other threads wait their turn. The caller works too. Ranges are
 * claimed from a shared counter, and the caller waits only for workers that joined the region: one that sleeps, or that
 * the machine does not run just now, does not hold it up. Results must not depend on who computes what. A region that is
 * started inside a region runs on its own thread alone.
 */
public final class Workers implements AutoCloseable {
    /** Polls before a waiting thread yields: about 20 microseconds, longer than the gap between two regions of a token. */
    private static final int SPINS = 4_000;

    /** Yields before a waiting thread parks: about a millisecond on an idle machine. */
    private static final int YIELDS = 200;

    /** A piece of work on the half-open range {@code [begin, end)}. */
    @FunctionalInterface
    public interface Task {
        /**
         * Computes items {@code begin} to {@code end - 1}.
         *
         * @param worker the thread's number in {@code [0, threads)} where the region is shared; 0 where all of it runs on the
         *     caller's own thread, also inside another region. So it tells no thread's memory from another's: regions inside those of
         *     two threads both have 0
         */
        void run(int begin, int end, int worker);
    }

    /** What threads do while they wait. It must not change anything that matters. */
    @FunctionalInterface
    interface Ahead {
        /**
         * Does something of less than a microsecond, the {@code step}th since the thread waits.
         *
         * @return whether there is more to do
         */
        boolean step(int worker, int step);
    }

    /** In {@link #state}: the region may be joined. */
    private static final long OPEN = 1 << 16;

    /** In {@link #state}: how many workers are in the region. */
    private static final long JOINED = OPEN - 1;

    private final Worker[] threads;
    /** The first item that nobody has claimed; a long, since every thread may go a grain beyond the last. */
    private final AtomicLong next = new AtomicLong();

    /** The region's number in the upper half, then {@link #OPEN} and {@link #JOINED}: what a worker joins by one swap. */
    private final AtomicLong state = new AtomicLong();

    private final Object turn = new Object();
    private Task task;
    private int count;
    private int grain;
    private Ahead ahead;
    private volatile boolean closed;
    private final AtomicReference<Throwable> failure = new AtomicReference<>();
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
        this.threads = new Worker[threads - 1];
        for (int i = 0; i < threads - 1; i++) {
            int worker = i + 1;
            this.threads[i] = new Worker(this, worker);
        }
        try {
            for (Thread thread : this.threads) {
                thread.start();
            }
        } catch (Throwable thrown) {
            // The system may refuse a thread: those before it must not wait for work for ever.
            close();
            throw thrown;
        }
    }

    private static final class Worker extends Thread {
        private final Workers pool;
        private final int number;
        private volatile boolean parked;

        Worker(Workers pool, int number) {
            super("skim-worker-" + number);
            this.pool = pool;
            this.number = number;
            setDaemon(true);
        }

        @Override
        public void run() {
            pool.loop(this);
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

    /**
     * Runs {@code task} over {@code [0, count)} in ranges of at most {@code grain} items; returns when all are done.
     *
     * <p>What a task throws is thrown on as it is, on whichever thread it was thrown; the first of several failures counts.
     * Ranges that no thread has begun by then are left out, and those under way have ended.
     *
     * @throws IllegalArgumentException when {@code grain} is less than 1
     * @throws IllegalStateException when there is work for several threads and they are closed
     */
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

    /** What threads do while they wait, from the next region on; null for nothing. Of several callers the last one has its way. */
    void ahead(Ahead ahead) {
        this.ahead = ahead;
    }

    private void region(int count, int grain, Task task) {
        regions++;
        this.task = task;
        this.count = count;
        this.grain = grain;
        next.set(0);
        // Both this write and the reads of parked are volatile, and so are their like in sleep(): no wakeup is lost.
        state.set(regions << 32 | OPEN);
        for (Worker worker : threads) {
            if (worker.parked) {
                LockSupport.unpark(worker);
            }
        }
        work(task, count, grain, 0);
        state.getAndAdd(-OPEN);
        Ahead more = ahead;
        int steps = 0;
        int polls = 0;
        while ((state.get() & JOINED) != 0) {
            if (more != null) {
                more = more.step(0, steps++) ? more : null;
            } else if (++polls < SPINS) {
                Thread.onSpinWait();
            } else {
                Thread.yield();
            }
        }
        this.task = null;
        Throwable thrown = failure.getAndSet(null);
        if (thrown instanceof Error error) {
            throw error;
        }
        if (thrown != null) {
            throw (RuntimeException) thrown;
        }
    }

    private void work(Task task, int count, int grain, int worker) {
        try {
            for (long begin = next.getAndAdd(grain); begin < count; begin = next.getAndAdd(grain)) {
                task.run((int) begin, (int) Math.min(count, begin + grain), worker);
            }
        } catch (RuntimeException | Error thrown) {
            failure.compareAndSet(null, thrown);
            next.set(count);
        }
    }

    private void loop(Worker worker) {
        int seen = 0;
        Ahead more = null;
        int steps = 0;
        int polls = 0;
        while (!closed) {
            long now = state.get();
            int region = (int) (now >>> 32);
            if (region != seen && (now & OPEN) != 0) {
                if (state.compareAndSet(now, now + 1)) {
                    seen = region;
                    more = ahead;
                    work(task, count, grain, worker.number);
                    state.getAndDecrement();
                    steps = 0;
                    polls = 0;
                }
            } else if (more != null) {
                more = more.step(worker.number, steps++) ? more : null;
            } else if (++polls < SPINS) {
                Thread.onSpinWait();
            } else if (polls < SPINS + YIELDS) {
                Thread.yield();
            } else {
                sleep(worker, seen);
            }
        }
    }

    private void sleep(Worker worker, int seen) {
        worker.parked = true;
        long now = state.get();
        if (((int) (now >>> 32) == seen || (now & OPEN) == 0) && !closed) {
            LockSupport.park(this);
        }
        worker.parked = false;
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
