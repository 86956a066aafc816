package dev.skim.llm.tokenizer;

import java.util.Arrays;
import java.util.BitSet;

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

    /** The texts in alphabetical order, and each one's number in {@link #texts}. */
    private final String[] sorted;

    private final int[] numbers;

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
        // Plain loops: streams and comparators would be a third of a small model's cold start here.
        long[] byLength = new long[tokens.length];
        int count = 0;
        for (int id : tokens) {
            int length = vocabulary.start(id + 1) - vocabulary.start(id);
            if (length > 0) {
                byLength[count++] = (long) (Integer.MAX_VALUE - length) << 32 | id;
            }
        }
        Arrays.sort(byLength, 0, count);
        this.texts = new String[count];
        this.ids = new int[count];
        this.eatsSpace = new boolean[count];
        for (int i = 0; i < count; i++) {
            ids[i] = (int) byLength[i];
            texts[i] = vocabulary.text(ids[i]);
            this.eatsSpace[i] = eatsSpace.get(ids[i]);
            firsts.set(texts[i].charAt(0));
        }
        this.sorted = texts.clone();
        Arrays.sort(sorted);
        this.numbers = new int[count];
        for (int i = count - 1; i >= 0; i--) {
            numbers[Arrays.binarySearch(sorted, texts[i])] = i;
        }
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
                for (; low < high && sorted[low].length() == depth; low++) {
                    present.set(numbers[low]);
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
            if (sorted[middle].charAt(depth) < c) {
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
