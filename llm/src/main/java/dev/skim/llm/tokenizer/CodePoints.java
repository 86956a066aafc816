package dev.skim.llm.tokenizer;

/** A stretch of text as code points, each with the Unicode classes that pre-tokenizers ask for, one bit a class. */
final class CodePoints {
    /** Lu and Lt. */
    static final int UPPER = 1;

    /** Ll. */
    static final int LOWER = 2;

    /** Lm and Lo. */
    static final int UNCASED = 4;

    /** \p{L}. */
    static final int LETTER = UPPER | LOWER | UNCASED;

    /** \p{N}. */
    static final int NUMBER = 8;

    /** \p{M}. */
    static final int MARK = 16;

    /** \p{P}. */
    static final int PUNCTUATION = 32;

    /** \p{S}. */
    static final int SYMBOL = 64;

    /** The property White_Space, which is what \s means in the tokenizers' own regular expressions. */
    static final int SPACE = 128;

    private static final byte[] ASCII = new byte[128];

    static {
        for (int c = 0; c < ASCII.length; c++) {
            ASCII[c] = (byte) classify(c);
        }
    }

    private final int[] codePoints;
    private final byte[] classes;
    private final int size;

    private CodePoints(int[] codePoints, byte[] classes, int size) {
        this.codePoints = codePoints;
        this.classes = classes;
        this.size = size;
    }

    /** The code points of {@code text} from {@code from} to before {@code to}; the text holds no unpaired surrogates. */
    static CodePoints of(String text, int from, int to) {
        int[] codePoints = new int[to - from];
        byte[] classes = new byte[to - from];
        int size = 0;
        for (int i = from; i < to; size++) {
            int c = text.codePointAt(i);
            i += Character.charCount(c);
            codePoints[size] = c;
            classes[size] = c < 128 ? ASCII[c] : (byte) classify(c);
        }
        return new CodePoints(codePoints, classes, size);
    }

    int size() {
        return size;
    }

    /** The code point at {@code index}, which must be below {@link #size()}. */
    int at(int index) {
        return codePoints[index];
    }

    /** Whether the code point is in one of the classes of {@code mask}. */
    boolean is(int index, int mask) {
        return (classes[index] & mask) != 0;
    }

    /** The end of the longest run from {@code from} of code points in one of the classes of {@code mask}. */
    int runEnd(int from, int to, int mask) {
        int i = from;
        while (i < to && (classes[i] & mask) != 0) {
            i++;
        }
        return i;
    }

    /** The end of the longest run from {@code from} of code points in none of the classes of {@code mask}. */
    int runEndWithout(int from, int to, int mask) {
        int i = from;
        while (i < to && (classes[i] & mask) == 0) {
            i++;
        }
        return i;
    }

    /** The classes of a code point. */
    static int classify(int c) {
        if (isWhiteSpace(c)) {
            return SPACE;
        }
        return switch (Character.getType(c)) {
            case Character.UPPERCASE_LETTER, Character.TITLECASE_LETTER -> UPPER;
            case Character.LOWERCASE_LETTER -> LOWER;
            case Character.MODIFIER_LETTER, Character.OTHER_LETTER -> UNCASED;
            case Character.DECIMAL_DIGIT_NUMBER, Character.LETTER_NUMBER, Character.OTHER_NUMBER -> NUMBER;
            case Character.NON_SPACING_MARK, Character.COMBINING_SPACING_MARK, Character.ENCLOSING_MARK -> MARK;
            case Character.CONNECTOR_PUNCTUATION,
                    Character.DASH_PUNCTUATION,
                    Character.START_PUNCTUATION,
                    Character.END_PUNCTUATION,
                    Character.INITIAL_QUOTE_PUNCTUATION,
                    Character.FINAL_QUOTE_PUNCTUATION,
                    Character.OTHER_PUNCTUATION -> PUNCTUATION;
            case Character.MATH_SYMBOL,
                    Character.CURRENCY_SYMBOL,
                    Character.MODIFIER_SYMBOL,
                    Character.OTHER_SYMBOL -> SYMBOL;
            default -> 0;
        };
    }

    /** The property White_Space; neither of Character's two methods is that: they leave out U+0085 or the no-break spaces. */
    static boolean isWhiteSpace(int c) {
        return (c >= '\t' && c <= '\r')
                || c == 0x85
                || (c < 0x85 ? c == ' ' : Character.isSpaceChar(c));
    }
}
