package dev.skim.llm.tokenizer;

import java.util.Arrays;

/**
 * GPT-2's way of writing bytes as visible characters, in which byte-level vocabularies and merges are written: the
 * printable bytes of Latin-1 stand for themselves, the 68 others for U+0100 and on, in order.
 */
final class ByteAlphabet {
    private static final char[] CHARACTERS = new char[256];
    private static final short[] BYTES = new short[256 + 68];

    static {
        Arrays.fill(BYTES, (short) -1);
        int other = 256;
        for (int b = 0; b < 256; b++) {
            boolean printable = (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
            CHARACTERS[b] = (char) (printable ? b : other++);
            BYTES[CHARACTERS[b]] = (short) b;
        }
    }

    private ByteAlphabet() {}

    /** The character that stands for a byte. */
    static char character(int b) {
        return CHARACTERS[b & 0xFF];
    }

    /** The byte that the character at {@code at} of some UTF-8 stands for, or -1; a character above U+007F takes two bytes. */
    static int toByte(byte[] utf8, int at, int to) {
        int first = utf8[at];
        if (first >= 0) {
            return BYTES[first];
        }
        int c = (first & 0xE0) == 0xC0 && at + 1 < to ? (first & 0x1F) << 6 | utf8[at + 1] & 0x3F : BYTES.length;
        return c < BYTES.length ? BYTES[c] : -1;
    }
}
