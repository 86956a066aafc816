package dev.skim.llm.tokenizer;

import java.util.Arrays;

/**
 * SentencePiece-style encoding of llama vocabularies: spaces are written as U+2581, text begins as single characters, and
 * the neighbours that make the token of the highest score are merged until none do. A character that is no token becomes
 * its bytes' tokens.
 */
final class SentencePieceEncoding implements Encoding {
    private static final char SPACE_MARK = '\u2581';
    private static final int SPACE_MARK_LENGTH = 3;

    private final Vocabulary vocabulary;
    private final boolean spacePrefix;
    private final int unknown;

    /** Ranks of tokens: lower for a higher score. */
    private final int[] ranks;

    /** The tokens of single bytes, or -1. */
    private final int[] byteTokens = new int[256];

    /** Whether no token has a space mark after another character, so that text may be cut before such marks. */
    private final boolean wordByWord;

    SentencePieceEncoding(Vocabulary vocabulary, float[] scores, boolean spacePrefix, int unknown) {
        this.vocabulary = vocabulary;
        this.spacePrefix = spacePrefix;
        this.unknown = unknown;
        this.ranks = new int[vocabulary.size()];
        boolean crossing = false;
        Arrays.fill(byteTokens, -1);
        for (int id = 0; id < ranks.length; id++) {
            ranks[id] = rankOf(scores.length == 0 ? 0 : scores[id]);
            int type = vocabulary.type(id);
            if (type == TokenType.BYTE) {
                int b = byteOf(vocabulary, id);
                if (b >= 0) {
                    byteTokens[b] = id;
                }
            } else if (type != TokenType.CONTROL && type != TokenType.UNKNOWN) {
                crossing |= crossesWords(vocabulary.text(id));
            }
        }
        byte[] single = new byte[1];
        for (int b = 0; b < 256; b++) {
            if (byteTokens[b] < 0) {
                single[0] = (byte) b;
                byteTokens[b] = vocabulary.find(single, 0, 1);
            }
        }
        this.wordByWord = !crossing;
    }

    /** An int that orders as the score does, downwards. */
    private static int rankOf(float score) {
        int bits = Float.floatToIntBits(0f - score);
        return bits ^ ((bits >> 31) & 0x7FFF_FFFF);
    }

    private static boolean crossesWords(String text) {
        for (int i = text.indexOf(SPACE_MARK, 1); i > 0; i = text.indexOf(SPACE_MARK, i + 1)) {
            if (text.charAt(i - 1) != SPACE_MARK) {
                return true;
            }
        }
        return false;
    }

    /** The byte that a token such as {@code <0x0A>} stands for, or -1. */
    static int byteOf(Vocabulary vocabulary, int id) {
        String text = vocabulary.text(id);
        if (text.length() == 6 && text.startsWith("<0x") && text.charAt(5) == '>') {
            int high = Character.digit(text.charAt(3), 16);
            int low = Character.digit(text.charAt(4), 16);
            return high < 0 || low < 0 ? -1 : high << 4 | low;
        }
        return -1;
    }

    @Override
    public boolean spacePrefix() {
        return spacePrefix;
    }

    @Override
    public Run begin() {
        return new Scratch();
    }

    private final class Scratch extends Merger implements Run {
        private byte[] bytes = new byte[256];
        private int length;

        /** Where each symbol begins, and the token that it and the one after it would make. */
        private int[] starts = new int[64];

        private int[] pairTokens = new int[64];

        @Override
        public void encode(String text, int from, int to, Ints tokens) {
            length = 0;
            if (spacePrefix) {
                put(SPACE_MARK);
            }
            for (int i = from; i < to; ) {
                int c = text.codePointAt(i);
                i += Character.charCount(c);
                if (wordByWord && (c == ' ' || c == SPACE_MARK) && length > 0 && !endsWithMark()) {
                    encodeBytes(tokens);
                    length = 0;
                }
                put(c == ' ' ? SPACE_MARK : c);
            }
            encodeBytes(tokens);
        }

        private void put(int c) {
            if (bytes.length < length + 4) {
                bytes = Arrays.copyOf(bytes, bytes.length * 2);
            }
            length = Utf8.put(bytes, length, c);
        }

        private boolean endsWithMark() {
            return length >= SPACE_MARK_LENGTH
                    && bytes[length - 3] == (byte) 0xE2
                    && bytes[length - 2] == (byte) 0x96
                    && bytes[length - 1] == (byte) 0x81;
        }

        private void encodeBytes(Ints tokens) {
            if (length == 0) {
                return;
            }
            ensure(length);
            if (starts.length < length + 1) {
                starts = new int[Math.max(length + 1, starts.length * 2)];
                pairTokens = new int[starts.length];
            }
            int count = 0;
            for (int at = 0; at < length; at += Utf8.length(bytes[at])) {
                starts[count++] = at;
            }
            starts[count] = length;
            for (int i = 0; i < count; i++) {
                symbols[i] = vocabulary.find(bytes, starts[i], starts[i + 1]);
            }
            mergeAll(count);
            for (int i = 0; i < count; i = after(i)) {
                emit(symbols[i], starts[i], starts[after(i)], tokens);
            }
        }

        private void emit(int symbol, int from, int to, Ints tokens) {
            if (symbol >= 0) {
                tokens.add(symbol);
                return;
            }
            for (int i = from; i < to; i++) {
                if (byteTokens[bytes[i] & 0xFF] < 0) {
                    // Not even bytes: the character is unknown.
                    if (unknown >= 0) {
                        tokens.add(unknown);
                    }
                    return;
                }
            }
            for (int i = from; i < to; i++) {
                tokens.add(byteTokens[bytes[i] & 0xFF]);
            }
        }

        @Override
        int rank(int left, int right) {
            int from = starts[left];
            int to = starts[after(right)];
            if (to - from > vocabulary.longest()) {
                return NONE;
            }
            int token = vocabulary.find(bytes, from, to);
            pairTokens[left] = token;
            return token < 0 ? NONE : ranks[token];
        }

        @Override
        void merge(int left, int right, int rank) {
            symbols[left] = pairTokens[left];
        }
    }
}
