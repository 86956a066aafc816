package dev.skim.gguf;

/** What a hostile file says, made fit for one line of an error message. */
final class Text {
    private static final int MAX_QUOTED = 80;

    private Text() {}

    /** The text in quotes: shortened, and with control, format and unpaired surrogate characters written out. */
    static String quote(String text) {
        StringBuilder quoted = new StringBuilder("'");
        int count = 0;
        for (int i = 0; i < text.length(); count++) {
            if (count == MAX_QUOTED) {
                quoted.append("...");
                break;
            }
            int codePoint = text.codePointAt(i);
            i += Character.charCount(codePoint);
            switch (Character.getType(codePoint)) {
                case Character.CONTROL, Character.FORMAT, Character.SURROGATE, Character.LINE_SEPARATOR,
                        Character.PARAGRAPH_SEPARATOR, Character.UNASSIGNED, Character.PRIVATE_USE ->
                    quoted.append(String.format("\\u{%x}", codePoint));
                default -> quoted.appendCodePoint(codePoint);
            }
        }
        return quoted.append('\'').toString();
    }

    /**
     * The index of the first byte that does not belong to well-formed UTF-8, or -1: no overlong forms, surrogates or code
     * points beyond U+10FFFF (Unicode 16, table 3-7).
     */
    static int malformedUtf8(byte[] bytes, int from, int to) {
        for (int i = from; i < to; ) {
            int lead = bytes[i];
            if (lead >= 0) {
                i++;
                continue;
            }
            lead &= 0xFF;
            int length = lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
            if (length == 0 || to - i < length) {
                return i;
            }
            int second = bytes[i + 1] & 0xFF;
            int least = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
            int greatest = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
            if (second < least || second > greatest) {
                return i;
            }
            for (int k = 2; k < length; k++) {
                if ((bytes[i + k] & 0xC0) != 0x80) {
                    return i;
                }
            }
            i += length;
        }
        return -1;
    }
}
