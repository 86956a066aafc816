package dev.skim.llm.tokenizer;

/**
 * Decodes UTF-8 byte by byte: a character comes out with its last byte, and each maximal part of an ill-formed sequence
 * as one U+FFFD (Unicode 16, section 3.9), but a whole surrogate as one too: what {@code new String(bytes, UTF_8)} does.
 */
public final class Utf8Decoder {
    static final char REPLACEMENT = '\uFFFD';

    private int codePoint;

    /** Continuation bytes that are still to come. */
    private int missing;

    /** What the next continuation byte may be: narrower after some first bytes, against overlong forms. */
    private int low = 0x80;

    private int high = 0xBF;

    /** Takes a byte; appends what it completes. */
    public void push(byte next, StringBuilder out) {
        int b = next & 0xFF;
        if (missing > 0) {
            if (b >= low && b <= high) {
                low = 0x80;
                high = 0xBF;
                codePoint = codePoint << 6 | b & 0x3F;
                if (--missing == 0) {
                    boolean surrogate = codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE;
                    out.appendCodePoint(surrogate ? REPLACEMENT : codePoint);
                }
                return;
            }
            flush(out);
        }
        if (b < 0x80) {
            out.append((char) b);
        } else if (b >= 0xC2 && b <= 0xDF) {
            begin(1, b & 0x1F);
        } else if (b >= 0xE0 && b <= 0xEF) {
            begin(2, b & 0x0F);
            low = b == 0xE0 ? 0xA0 : 0x80;
        } else if (b >= 0xF0 && b <= 0xF4) {
            begin(3, b & 0x07);
            low = b == 0xF0 ? 0x90 : 0x80;
            high = b == 0xF4 ? 0x8F : 0xBF;
        } else {
            out.append(REPLACEMENT);
        }
    }

    private void begin(int continuations, int bits) {
        missing = continuations;
        codePoint = bits;
    }

    /** Ends a character that is incomplete: appends U+FFFD for it, or nothing where there is none. */
    public void flush(StringBuilder out) {
        if (missing > 0) {
            out.append(REPLACEMENT);
            missing = 0;
            low = 0x80;
            high = 0xBF;
        }
    }
}
