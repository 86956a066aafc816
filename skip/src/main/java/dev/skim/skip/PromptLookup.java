package dev.skim.skip;

import org.eclipse.collections.impl.list.mutable.primitive.IntArrayList;
import org.eclipse.collections.impl.map.mutable.primitive.LongIntHashMap;

/**
 * Drafts from the text so far: where its last n tokens stood before, what followed there is likely to follow again. An
 * index from n-grams to the place after their latest occurrence, kept up to date token by token.
 */
public final class PromptLookup {
    private static final int NONE = -1;

    private static final int MOST_MATCHED = 64;

    private final int shortest;
    private final int longest;
    private final IntArrayList tokens = new IntArrayList();
    private final LongIntHashMap[] places;
    /** For each n and place, where the same n-gram led to before: so that the index can be taken back. */
    private final IntArrayList[] before;

    private int matched;

    /** N-grams of 2 to 4 tokens. */
    public PromptLookup() {
        this(2, 4);
    }

    /**
     * Starts empty.
     *
     * @param shortest the shortest n-gram that a draft may rest on
     * @param longest the longest, which is tried first
     */
    public PromptLookup(int shortest, int longest) {
        if (shortest < 1 || longest < shortest) {
            throw new IllegalArgumentException("n-grams have 1 token or more, not " + shortest + " to " + longest);
        }
        this.shortest = shortest;
        this.longest = longest;
        int kinds = longest - shortest + 1;
        places = new LongIntHashMap[kinds];
        before = new IntArrayList[kinds];
        for (int i = 0; i < kinds; i++) {
            places[i] = new LongIntHashMap();
            before[i] = new IntArrayList();
        }
    }

    /** Tokens in the index. */
    public int size() {
        return tokens.size();
    }

    /** Makes this the text: keeps what it begins with, and adds the rest. */
    public void set(int[] text) {
        int same = 0;
        while (same < text.length && same < size() && tokens.get(same) == text[same]) {
            same++;
        }
        truncate(same);
        for (int i = same; i < text.length; i++) {
            add(text[i]);
        }
    }

    /** Adds a token of the prompt or the answer. */
    public void add(int token) {
        int place = tokens.size();
        for (int i = 0; i < places.length; i++) {
            int n = shortest + i;
            int old = NONE;
            if (place >= n) {
                long key = key(place, n);
                old = places[i].getIfAbsent(key, NONE);
                places[i].put(key, place);
            }
            before[i].add(old);
        }
        tokens.add(token);
    }

    /** Takes back all tokens from {@code size} on (the session went back). */
    public void truncate(int size) {
        while (tokens.size() > size) {
            int place = tokens.size() - 1;
            for (int i = 0; i < places.length; i++) {
                int old = before[i].removeAtIndex(place);
                if (place >= shortest + i) {
                    long key = key(place, shortest + i);
                    if (old == NONE) {
                        places[i].remove(key);
                    } else {
                        places[i].put(key, old);
                    }
                }
            }
            tokens.removeAtIndex(place);
        }
    }

    /**
     * Drafts up to {@code most} tokens into {@code out}: what followed the latest earlier occurrence of the longest
     * n-gram that the text ends in. A copy that runs into the end of the text goes on in what it has drafted, so that a
     * loop is continued.
     *
     * @return how many; 0 when no n-gram stood before; {@link #matched} tells what the draft rests on
     */
    public int draft(int[] out, int most) {
        int size = tokens.size();
        for (int i = places.length - 1; i >= 0; i--) {
            int n = shortest + i;
            if (size < n) {
                continue;
            }
            int place = places[i].getIfAbsent(key(size, n), NONE);
            if (place != NONE && same(place, size, n)) {
                matched = n;
                while (matched < MOST_MATCHED && matched < place
                        && tokens.get(place - matched - 1) == tokens.get(size - matched - 1)) {
                    matched++;
                }
                for (int k = 0; k < most; k++) {
                    out[k] = place + k < size ? tokens.get(place + k) : out[place + k - size];
                }
                return most;
            }
        }
        return 0;
    }

    /** How many tokens in a row were the same before the last draft as here, up to {@value #MOST_MATCHED}. */
    public int matched() {
        return matched;
    }

    /** Whether the n tokens before two places are the same: keys may collide. */
    private boolean same(int a, int b, int n) {
        for (int k = 1; k <= n; k++) {
            if (tokens.get(a - k) != tokens.get(b - k)) {
                return false;
            }
        }
        return true;
    }

    /** A hash of the n tokens before a place (FNV-like, 64 bit). */
    private long key(int place, int n) {
        long key = 0xcbf29ce484222325L;
        for (int k = place - n; k < place; k++) {
            key = (key ^ tokens.get(k)) * 0x9e3779b97f4a7c15L;
            key ^= key >>> 29;
        }
        return key;
    }
}
