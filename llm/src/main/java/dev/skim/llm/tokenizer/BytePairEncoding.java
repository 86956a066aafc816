package dev.skim.llm.tokenizer;

import dev.skim.gguf.Metadata;
import dev.skim.llm.SkimException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Byte-level byte-pair encoding (Radford et al. 2019): each piece of the pre-tokenizer begins as single bytes, and the
 * neighbours that stand earliest in the list of merges are merged until no merge applies.
 *
 * <p>Merges are a hash table from pairs of symbols to ranks. A symbol is a token's id, or a number above all ids for a
 * string that the merges speak of and the vocabulary lacks.
 */
final class BytePairEncoding implements Encoding {
    private static final long EMPTY = -1;
    private static final int MAX_MERGES = 1 << 24;

    /** One for each process: no file can be written so that its pairs collide. */
    private static final long FACTOR = new SplittableRandom().nextLong() | 1;

    private final Vocabulary vocabulary;
    private final PreTokenizer preTokenizer;
    private final int[] byteSymbols = new int[256];
    private final long[] pairs;
    private final int[] pairRanks;
    private final int mask;

    /** The symbol that each merge makes, by rank. */
    private final int[] merged;

    /** The bytes of the symbols that are no tokens. */
    private final List<byte[]> strangers = new ArrayList<>();

    private final Map<String, Integer> strangerSymbols = new HashMap<>();

    BytePairEncoding(Vocabulary vocabulary, Strings merges, PreTokenizer preTokenizer) {
        if (merges.size() == 0) {
            throw new SkimException(
                    "The tokenizer is of the kind gpt2 but has no merges: the key tokenizer.ggml.merges is missing or empty.");
        }
        if (merges.size() > MAX_MERGES) {
            throw new SkimException(
                    "The tokenizer has " + merges.size() + " merges; accepted are up to " + MAX_MERGES + ".");
        }
        this.vocabulary = vocabulary;
        this.preTokenizer = preTokenizer;
        byte[] single = new byte[1];
        for (int b = 0; b < 256; b++) {
            single[0] = (byte) b;
            byteSymbols[b] = symbol(Vocabulary.hash(single, 0, 1), single, 0, 1);
        }
        int slots = Integer.highestOneBit(merges.size() * 2 - 1) * 2;
        this.pairs = new long[slots];
        Arrays.fill(pairs, EMPTY);
        this.pairRanks = new int[slots];
        this.mask = slots - 1;
        this.merged = new int[merges.size()];
        merges.forEach(new Metadata.StringVisitor() {
            private byte[] scratch = new byte[256];

            @Override
            public void visit(int rank, byte[] merge, int from, int to) {
                if (scratch.length < to - from) {
                    scratch = new byte[to - from];
                }
                add(rank, merge, from, to, scratch);
            }
        });
    }

    private void add(int rank, byte[] merge, int from, int to, byte[] bytes) {
        int end = 0;
        int middle = 0;
        int leftHash = 0;
        int rightHash = 0;
        int wholeHash = 0;
        for (int i = from; i < to; i += merge[i] < 0 ? 2 : 1) {
            // A symbol is never empty, so the space is sought from the second byte on.
            if (merge[i] == ' ' && i > from && middle == 0) {
                middle = end;
                leftHash = wholeHash;
                continue;
            }
            int b = ByteAlphabet.toByte(merge, i, to);
            if (b < 0) {
                return; // no piece holds such a character
            }
            bytes[end++] = (byte) b;
            wholeHash = Vocabulary.extend(wholeHash, (byte) b);
            rightHash = middle > 0 ? Vocabulary.extend(rightHash, (byte) b) : 0;
        }
        if (middle == 0 || middle == end) {
            return;
        }
        int left = symbol(leftHash, bytes, 0, middle);
        int right = symbol(rightHash, bytes, middle, end);
        merged[rank] = symbol(wholeHash, bytes, 0, end);
        long pair = (long) left << 32 | right;
        int slot = slot(pair);
        if (pairs[slot] == EMPTY) {
            pairs[slot] = pair;
            pairRanks[slot] = rank;
        }
    }

    private int symbol(int hash, byte[] bytes, int from, int to) {
        int token = vocabulary.find(hash, bytes, from, to);
        if (token >= 0) {
            return token;
        }
        String key = new String(bytes, from, to - from, StandardCharsets.ISO_8859_1);
        return strangerSymbols.computeIfAbsent(key, k -> {
            strangers.add(Arrays.copyOfRange(bytes, from, to));
            return vocabulary.size() + strangers.size() - 1;
        });
    }

    private int slot(long pair) {
        long h = pair * FACTOR;
        int slot = (int) (h >>> 32) & mask;
        while (pairs[slot] != EMPTY && pairs[slot] != pair) {
            slot = (slot + 1) & mask;
        }
        return slot;
    }

    @Override
    public boolean spacePrefix() {
        return false;
    }

    @Override
    public Run begin() {
        return new Scratch();
    }

    private final class Scratch extends Merger implements Run {
        private byte[] bytes = new byte[256];
        private int length;

        @Override
        public void encode(String text, int from, int to, Ints tokens) {
            CodePoints points = CodePoints.of(text, from, to);
            Ints ends = preTokenizer.split(points);
            int start = 0;
            for (int i = 0; i < ends.size(); i++) {
                int end = ends.get(i);
                load(points, start, end);
                piece(tokens);
                start = end;
            }
        }

        private void load(CodePoints points, int from, int to) {
            if (bytes.length < (to - from) * 4L) {
                bytes = new byte[Math.multiplyExact(to - from, 4)];
            }
            int n = 0;
            for (int i = from; i < to; i++) {
                n = Utf8.put(bytes, n, points.at(i));
            }
            length = n;
        }

        private void piece(Ints tokens) {
            if (preTokenizer.wholeWords()) {
                int whole = vocabulary.find(bytes, 0, length);
                if (whole >= 0) {
                    tokens.add(whole);
                    return;
                }
            }
            ensure(length);
            for (int i = 0; i < length; i++) {
                symbols[i] = byteSymbols[bytes[i] & 0xFF];
            }
            if (length > 1) {
                mergeAll(length);
            }
            for (int i = 0; i < length; i = length > 1 ? after(i) : length) {
                emit(symbols[i], tokens);
            }
        }

        private void emit(int symbol, Ints tokens) {
            if (symbol < vocabulary.size()) {
                tokens.add(symbol);
                return;
            }
            // No token: its bytes one by one, as far as those are tokens.
            for (byte b : strangers.get(symbol - vocabulary.size())) {
                int single = byteSymbols[b & 0xFF];
                if (single < vocabulary.size()) {
                    tokens.add(single);
                }
            }
        }

        @Override
        int rank(int left, int right) {
            long pair = (long) symbols[left] << 32 | symbols[right];
            int slot = slot(pair);
            return pairs[slot] == EMPTY ? NONE : pairRanks[slot];
        }

        @Override
        void merge(int left, int right, int rank) {
            symbols[left] = merged[rank];
        }
    }
}
