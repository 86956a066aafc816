package dev.skim.llm.decoder;

import dev.skim.nn.KvCache;
import dev.skim.nn.KvType;
import dev.skim.nn.Rope;
import dev.skim.nn.Workspace;

/**
 * What one session keeps of a decoder: the cache, the buffers, and the count of multiply-adds. For one thread, but for
 * {@link #cancel()}.
 */
public final class Sequence {
    final KvCache cache;
    final Workspace space;
    final Rope rope;
    float[] stream = new float[0];
    float[] normed = new float[0];
    float[] output = new float[0];
    float[] before = new float[0];
    float[] logits = new float[0];

    /** The first token of the last pass whose row of the stream is what the layers made of it. */
    int firstOutput;

    /** Multiply-adds of the layers' products that the tokens so far would have taken, and those that they took. */
    long wanted;

    long spent;

    private volatile boolean cancelled;

    Sequence(KvCache cache, boolean exact, Rope rope) {
        this.cache = cache;
        space = new Workspace(exact);
        this.rope = rope;
    }

    /** Positions that there are. */
    public int capacity() {
        return cache.capacity();
    }

    /** Forgets all rows from {@code position} on. */
    public void truncate(int position) {
        cache.truncate(position);
    }

    /** How the cache holds keys and values. */
    public KvType kvType() {
        return cache.type();
    }

    /** Bytes that the cache takes. */
    public long cacheBytes() {
        return cache.bytes();
    }

    /** Makes a cancellable pass that is under way end soon. Safe from any thread. */
    public void cancel() {
        cancelled = true;
    }

    /** Whether {@link #cancel()} was called since the last {@link #resume()}. */
    public boolean cancelled() {
        return cancelled;
    }

    /** Forgets that it was cancelled. */
    public void resume() {
        cancelled = false;
    }

    /** Starts to count anew for {@link #skippedShare()}. */
    public void resetCounts() {
        wanted = 0;
        spent = 0;
    }

    /** Share of the layers' multiply-adds that was left out since the counts were reset, 0 to 1. */
    public double skippedShare() {
        return wanted == 0 ? 0 : Math.max(0, 1 - (double) spent / wanted);
    }
}
