package dev.skim.llm.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;

/**
 * Finds tokens written out in a text: longer ones first, of one token the leftmost first, none over another.
 *
 * <p>One walk over the text with a sorted array of texts, narrowed character by character, says which tokens occur at
 * all; only those are then searched for. So thousands of reserved tokens cost nothing.
 */
final class SpecialTokens {
    /** Longest first. */
    private final String[] texts;

    private final int[] ids;
    private final boolean[] eatsSpace;

    /** Numbers of {@link #texts} in the order of the texts. */
    private final int[] sorted;

    private final BitSet firsts = new BitSet();

    /** Tokens found in a text, in its order: each with its place, which may take in white space after it. */
    record Found(int[] starts, int[] ends, int[] ids) {
        private static final Found NONE = new Found(new int[0], new int[0], new int[0]);

        int size() {
            return ids.length;
        }
    }

    /**
     * Makes the finder of some tokens.
     *
     * @param eatsSpace the tokens that take the white space after them along
     */
    SpecialTokens(Vocabulary vocabulary, int[] tokens, BitSet eatsSpace) {
        record Entry(int id, String text, int length) {}
        Entry[] entries = Arrays.stream(tokens)
                .mapToObj(id -> {
                    String text = vocabulary.text(id);
                    return new Entry(id, text, text.getBytes(StandardCharsets.UTF_8).length);
                })
                .filter(entry -> !entry.text.isEmpty())
                .sorted(Comparator.comparingInt(Entry::length).reversed().thenComparingInt(Entry::id))
                .toArray(Entry[]::new);
        this.texts = Arrays.stream(entries).map(Entry::text).toArray(String[]::new);
        this.ids = Arrays.stream(entries).mapToInt(Entry::id).toArray();
        this.eatsSpace = new boolean[ids.length];
        for (int i = 0; i < ids.length; i++) {
            this.eatsSpace[i] = eatsSpace.get(ids[i]);
            firsts.set(texts[i].charAt(0));
        }
        Integer[] order = new Integer[ids.length];
        Arrays.setAll(order, i -> i);
        Arrays.sort(order, Comparator.comparing(i -> texts[i]));
        this.sorted = Arrays.stream(order).mapToInt(Integer::intValue).toArray();
    }

    /** Finds them. */
    Found find(String text) {
        BitSet present = present(text);
        if (present.isEmpty()) {
            return Found.NONE;
        }
        BitSet taken = new BitSet(text.length());
        Ints starts = new Ints(16);
        Ints ends = new Ints(16);
        Ints tokens = new Ints(16);
        for (int token = present.nextSetBit(0); token >= 0; token = present.nextSetBit(token + 1)) {
            String special = texts[token];
            int at = text.indexOf(special);
            while (at >= 0) {
                int end = at + special.length();
                int conflict = taken.nextSetBit(at);
                if (conflict >= 0 && conflict < end) {
                    end = taken.nextClearBit(conflict);
                } else {
                    while (eatsSpace[token] && end < text.length() && !taken.get(end) && isAsciiSpace(text.charAt(end))) {
                        end++;
                    }
                    taken.set(at, end);
                    starts.add(at);
                    ends.add(end);
                    tokens.add(ids[token]);
                }
                at = text.indexOf(special, end);
            }
        }
        return inOrder(starts, ends, tokens);
    }

    private static Found inOrder(Ints starts, Ints ends, Ints tokens) {
        long[] order = new long[tokens.size()];
        for (int i = 0; i < order.length; i++) {
            order[i] = (long) starts.get(i) << 32 | i;
        }
        Arrays.sort(order);
        int[] from = new int[order.length];
        int[] to = new int[order.length];
        int[] ids = new int[order.length];
        for (int i = 0; i < order.length; i++) {
            int found = (int) order[i];
            from[i] = starts.get(found);
            to[i] = ends.get(found);
            ids[i] = tokens.get(found);
        }
        return new Found(from, to, ids);
    }

    /** The tokens that occur in the text at all. */
    private BitSet present(String text) {
        BitSet present = new BitSet();
        for (int at = 0; at < text.length(); at++) {
            if (!firsts.get(text.charAt(at))) {
                continue;
            }
            int low = 0;
            int high = sorted.length;
            for (int depth = 0; low < high && at + depth <= text.length(); depth++) {
                for (; low < high && texts[sorted[low]].length() == depth; low++) {
                    present.set(sorted[low]);
                }
                if (at + depth == text.length()) {
                    break;
                }
                char c = text.charAt(at + depth);
                low = lowerBound(low, high, depth, c);
                high = lowerBound(low, high, depth, c + 1);
            }
        }
        return present;
    }

    /** The first of the sorted texts from {@code low} to before {@code high} whose character at {@code depth} is not below {@code c}. */
    private int lowerBound(int low, int high, int depth, int c) {
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (texts[sorted[middle]].charAt(depth) < c) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    private static boolean isAsciiSpace(char c) {
        return c == ' ' || (c >= '\t' && c <= '\r');
    }
}
