package dev.skim.llm;

import java.util.Locale;

/** Says in one sentence what did not fit into memory, and what helps. */
final class OutOfMemory {
    private OutOfMemory() {}

    /**
     * Returns where {@code failure} is of another kind.
     *
     * @param what was to be held
     * @param help what takes less
     * @throws SkimException where memory ran out
     */
    static void refuse(Throwable failure, String what, String help) {
        if (failure instanceof OutOfMemoryError) {
            throw new SkimException(
                    "Memory ran out (" + failure.getMessage() + "): Java may use " + size(Runtime.getRuntime().maxMemory())
                            + " (-Xmx) and is to hold " + what + "; " + help + " takes less.",
                    failure);
        }
    }

    /** A number of bytes as people read it. */
    static String size(long bytes) {
        return bytes < 1_000_000_000
                ? String.format(Locale.ROOT, "%.1f MB", bytes / 1e6)
                : String.format(Locale.ROOT, "%.2f GB", bytes / 1e9);
    }
}
