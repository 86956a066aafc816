package dev.skim.llm.tokenizer;

import java.util.Arrays;

/**
 * The merging that byte-pair encoding and SentencePiece have in common: of all neighbouring symbols that may be merged,
 * the pair of the lowest rank, the leftmost among equals, is merged, until none is left.
 *
 * <p>Short sequences, as words are, are scanned for the lowest rank each time; longer ones use a binary heap of packed
 * ranks and places, so a text of n symbols takes O(n log n). Scratch for one call of encode; not for many threads.
 */
abstract class Merger {
    /** No merge. */
    static final int NONE = Integer.MAX_VALUE;

    /** Up to here a scan of all pairs is faster than a heap. */
    private static final int SCANNED = 40;

    /** What a symbol is; the meaning is the subclass's. Symbols are numbered by their first unit. */
    int[] symbols = new int[64];

    private int[] ranks = new int[64];
    private int[] next = new int[64];
    private int[] previous = new int[64];
    private long[] heap = new long[64];
    private int heapSize;

    /** The rank of merging two neighbouring symbols, given by number, or {@link #NONE}. */
    abstract int rank(int left, int right);

    /** Makes one symbol, numbered {@code left}, of two. */
    abstract void merge(int left, int right, int rank);

    /** Makes room for {@code count} symbols. */
    final void ensure(int count) {
        if (symbols.length < count) {
            int room = Math.max(count, symbols.length * 2);
            symbols = Arrays.copyOf(symbols, room);
            ranks = new int[room];
            next = new int[room];
            previous = new int[room];
        }
    }

    /** The symbol after this one, or {@code count} after the last. */
    final int after(int symbol) {
        return next[symbol];
    }

    /** Merges all that can be merged of the first {@code count} symbols; the first of the result is number 0. */
    final void mergeAll(int count) {
        for (int i = 0; i < count; i++) {
            next[i] = i + 1;
            previous[i] = i - 1;
        }
        for (int i = 0; i < count; i++) {
            ranks[i] = i + 1 < count ? rank(i, i + 1) : NONE;
        }
        if (count <= SCANNED) {
            scan(count);
        } else {
            queue(count);
        }
    }

    private void scan(int count) {
        while (true) {
            int best = NONE;
            int left = -1;
            for (int i = 0; i < count; i = next[i]) {
                if (ranks[i] < best) {
                    best = ranks[i];
                    left = i;
                }
            }
            if (left < 0) {
                return;
            }
            join(left, best, count);
        }
    }

    private void queue(int count) {
        heapSize = 0;
        for (int i = 0; i < count; i++) {
            if (ranks[i] != NONE) {
                push(ranks[i], i);
            }
        }
        while (heapSize > 0) {
            long top = pop();
            int left = (int) top;
            int rank = (int) (top >> 32);
            // A place whose pair has changed since has another rank; one that was merged away has none.
            if (ranks[left] == rank) {
                join(left, rank, count);
                if (ranks[left] != NONE) {
                    push(ranks[left], left);
                }
                int before = previous[left];
                if (before >= 0 && ranks[before] != NONE) {
                    push(ranks[before], before);
                }
            }
        }
    }

    private void join(int left, int rank, int count) {
        int right = next[left];
        merge(left, right, rank);
        int following = next[right];
        ranks[right] = NONE;
        next[left] = following;
        if (following < count) {
            previous[following] = left;
            ranks[left] = rank(left, following);
        } else {
            ranks[left] = NONE;
        }
        int before = previous[left];
        if (before >= 0) {
            ranks[before] = rank(before, left);
        }
    }

    private void push(int rank, int symbol) {
        if (heapSize == heap.length) {
            heap = Arrays.copyOf(heap, heap.length * 2);
        }
        long entry = (long) rank << 32 | symbol;
        int i = heapSize++;
        while (i > 0) {
            int parent = (i - 1) >>> 1;
            if (heap[parent] <= entry) {
                break;
            }
            heap[i] = heap[parent];
            i = parent;
        }
        heap[i] = entry;
    }

    private long pop() {
        long top = heap[0];
        long last = heap[--heapSize];
        int i = 0;
        while (true) {
            int child = 2 * i + 1;
            if (child >= heapSize) {
                break;
            }
            if (child + 1 < heapSize && heap[child + 1] < heap[child]) {
                child++;
            }
            if (heap[child] >= last) {
                break;
            }
            heap[i] = heap[child];
            i = child;
        }
        heap[i] = last;
        return top;
    }
}
