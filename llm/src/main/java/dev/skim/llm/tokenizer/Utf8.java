package dev.skim.llm.tokenizer;

/** UTF-8, one code point at a time. */
final class Utf8 {
    private Utf8() {}

    /** Writes a code point at {@code at}; returns the place after it. */
    static int put(byte[] bytes, int at, int codePoint) {
        int i = at;
        if (codePoint < 0x80) {
            bytes[i++] = (byte) codePoint;
        } else if (codePoint < 0x800) {
            bytes[i++] = (byte) (0xC0 | codePoint >> 6);
            bytes[i++] = (byte) (0x80 | codePoint & 0x3F);
        } else if (codePoint < 0x10000) {
            bytes[i++] = (byte) (0xE0 | codePoint >> 12);
            bytes[i++] = (byte) (0x80 | codePoint >> 6 & 0x3F);
            bytes[i++] = (byte) (0x80 | codePoint & 0x3F);
        } else {
            bytes[i++] = (byte) (0xF0 | codePoint >> 18);
            bytes[i++] = (byte) (0x80 | codePoint >> 12 & 0x3F);
            bytes[i++] = (byte) (0x80 | codePoint >> 6 & 0x3F);
            bytes[i++] = (byte) (0x80 | codePoint & 0x3F);
        }
        return i;
    }

    /** The length of the sequence that begins with this byte of well-formed UTF-8. */
    static int length(byte first) {
        int b = first & 0xFF;
        return b < 0x80 ? 1 : b < 0xE0 ? 2 : b < 0xF0 ? 3 : 4;
    }

    /** The text with each unpaired surrogate replaced by U+FFFD. */
    static String wellFormed(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (Character.isSurrogate(text.charAt(i))) {
                return text.codePoints()
                        .map(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE ? Utf8Decoder.REPLACEMENT : c)
                        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                        .toString();
            }
        }
        return text;
    }
}
