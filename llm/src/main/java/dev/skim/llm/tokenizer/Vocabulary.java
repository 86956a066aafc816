package dev.skim.llm.tokenizer;

import dev.skim.gguf.Metadata;
import dev.skim.llm.SkimException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.SplittableRandom;

/**
 * The tokens: one pool of bytes, and an open-addressing hash table from the bytes of the tokens that encoding may arrive
 * at to their ids.
 *
 * <p>In a byte-level vocabulary an ordinary token's bytes are those that its characters stand for ({@link
 * ByteAlphabet}); all other bytes are UTF-8. Control, unknown and byte tokens are not in the table: they never come out
 * of ordinary text, whatever it spells.
 */
final class Vocabulary {
    private static final int MAX_TOKENS = 1 << 24;

    /**
     * What hashes are multiplied by, one for each process: no file can be written so that its texts collide, but for those
     * that do by any factor (the words of Thue and Morse, modulo a power of 2), and these are stopped by {@link #MAX_PROBES}.
     * 5 modulo 8, so that its powers are as many as there can be.
     */
    private static final int FACTOR = new SplittableRandom().nextInt() << 3 | 5;

    /** In a table that is half full a dozen is common, and a hundred is unheard of. */
    private static final int MAX_PROBES = 1000;

    private final Strings texts;
    private final byte[] types;

    private byte[] pool;
    private final int[] offsets;
    private final int[] table;
    private final int mask;
    private int longest;

    /**
     * Makes it.
     *
     * @param texts as in the file; they are kept
     * @param types one a token, or none where all are ordinary
     * @param byteLevel whether ordinary texts are written in {@link ByteAlphabet}
     */
    Vocabulary(Strings texts, int[] types, boolean byteLevel) {
        int size = texts.size();
        if (size == 0 || size > MAX_TOKENS) {
            throw new SkimException("The vocabulary has " + size + " tokens; accepted are 1 to " + MAX_TOKENS + ".");
        }
        this.texts = texts;
        this.types = new byte[size];
        this.offsets = new int[size + 1];
        this.pool = new byte[size * 8];
        int slots = Integer.highestOneBit(size * 2 - 1) * 2;
        this.table = new int[slots];
        this.mask = slots - 1;
        for (int id = 0; id < size; id++) {
            int type = types.length == 0 ? TokenType.NORMAL : types[id];
            this.types[id] = (byte) (type >= 0 && type <= TokenType.BYTE ? type : 0);
        }
        HashSet<String> controls = EndTokens.controlTexts();
        // An anonymous class: the first lambda of a program costs more than all that is done here.
        texts.forEach(new Metadata.StringVisitor() {
            @Override
            public void visit(int id, byte[] bytes, int from, int to) {
                if (Vocabulary.this.types[id] != TokenType.CONTROL
                        && EndTokens.mayBeControl(bytes, from, to)
                        && controls.contains(texts.get(id))) {
                    Vocabulary.this.types[id] = TokenType.CONTROL;
                }
                add(id, bytes, from, to, byteLevel && Vocabulary.this.types[id] == TokenType.NORMAL);
            }
        });
        this.pool = Arrays.copyOf(pool, offsets[size]);
    }

    private void add(int id, byte[] bytes, int from, int to, boolean byteLevel) {
        int start = offsets[id];
        if (start + to - from > pool.length) {
            pool = Arrays.copyOf(pool, Math.max(Math.multiplyExact(pool.length, 2), start + to - from));
        }
        byte[] target = pool;
        boolean literal = !byteLevel;
        int end = start;
        int hash = 0;
        if (byteLevel) {
            for (int i = from; i < to; i += bytes[i] < 0 ? 2 : 1) {
                int b = ByteAlphabet.toByte(bytes, i, to);
                if (b < 0) {
                    // A text that is not written in the alphabet stands for itself, and no merge arrives at it.
                    literal = true;
                    break;
                }
                target[end++] = (byte) b;
                hash = extend(hash, (byte) b);
            }
        }
        if (literal) {
            System.arraycopy(bytes, from, target, start, to - from);
            end = start + to - from;
            hash = hash(target, start, end);
        }
        offsets[id + 1] = end;
        int type = types[id];
        boolean reachable = type != TokenType.CONTROL && type != TokenType.UNKNOWN && type != TokenType.BYTE;
        if (reachable && end > start) {
            longest = Math.max(longest, end - start);
            int slot = slot(hash, target, start, end);
            if (table[slot] == 0) {
                table[slot] = id + 1;
            }
        }
    }

    int size() {
        return types.length;
    }

    /** The token's text in the file. */
    String text(int id) {
        return texts.get(id);
    }

    /** One of {@link TokenType}; 0 for undefined ones. */
    int type(int id) {
        return types[id];
    }

    /** The length in bytes of the longest token that encoding may arrive at. */
    int longest() {
        return longest;
    }

    /** The array that holds the bytes of all tokens; not to be changed. */
    byte[] pool() {
        return pool;
    }

    /** Where the token's bytes begin in the pool; they end where the next one's begin. */
    int start(int id) {
        return offsets[id];
    }

    /** The token with these bytes, or -1. */
    int find(byte[] bytes, int from, int to) {
        return find(hash(bytes, from, to), bytes, from, to);
    }

    /** The token with these bytes, of which the hash is known, or -1. */
    int find(int hash, byte[] bytes, int from, int to) {
        return table[slot(hash, bytes, from, to)] - 1;
    }

    private int slot(int hash, byte[] bytes, int from, int to) {
        int slot = mix(hash) & mask;
        for (int probes = 0; probes < MAX_PROBES; probes++) {
            int id = table[slot] - 1;
            if (id < 0 || Arrays.equals(pool, offsets[id], offsets[id + 1], bytes, from, to)) {
                return slot;
            }
            slot = (slot + 1) & mask;
        }
        throw new SkimException("The vocabulary is made to slow Skim down: its texts collide in a hash table.");
    }

    /** The hash of a stretch of bytes. */
    static int hash(byte[] bytes, int from, int to) {
        int hash = 0;
        for (int i = from; i < to; i++) {
            hash = extend(hash, bytes[i]);
        }
        return hash;
    }

    /** The hash of a stretch and one more byte. */
    static int extend(int hash, byte b) {
        return hash * FACTOR + b + 1;
    }

    private static int mix(int hash) {
        int h = hash * 0x9E3779B9;
        return h ^ (h >>> 15);
    }
}
