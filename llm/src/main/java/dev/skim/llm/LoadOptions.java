package dev.skim.llm;

import java.util.Objects;
import java.util.function.DoubleConsumer;

/**
 * How a model is loaded.
 *
 * @param threads threads that compute, 1 to 1024
 * @param progress told the loaded share, 0 to 1, as it grows; may be called from any thread, but by one at a time
 * @param rehearsal how the session will be opened that a new process begins with, or null: while the model is read, one more
 *     thread runs its first layer in that way, so that the JIT compiler is done with the kernels sooner
 */
public record LoadOptions(int threads, DoubleConsumer progress, SessionOptions rehearsal) {
    /** As many threads as the machine has processors, no progress report, no rehearsal. */
    public static final LoadOptions DEFAULT =
            new LoadOptions(Runtime.getRuntime().availableProcessors(), share -> {}, null);

    /** Checks the thread count. */
    public LoadOptions {
        if (threads < 1 || threads > 1024) {
            throw new SkimException("The number of threads must be 1 to 1024, not " + threads + ".");
        }
        Objects.requireNonNull(progress);
    }

    /** The same with another thread count. */
    public LoadOptions withThreads(int count) {
        return new LoadOptions(count, progress, rehearsal);
    }

    /** The same with another listener. */
    public LoadOptions withProgress(DoubleConsumer listener) {
        return new LoadOptions(threads, listener, rehearsal);
    }

    /** The same with another rehearsal. */
    public LoadOptions withRehearsal(SessionOptions options) {
        return new LoadOptions(threads, progress, options);
    }
}
