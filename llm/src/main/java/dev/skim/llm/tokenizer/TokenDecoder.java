package dev.skim.llm.tokenizer;

/** Decodes a stream of tokens; the inverse of encoding. Mutable; not for many threads. */
public final class TokenDecoder {
    private final Vocabulary vocabulary;
    private final boolean sentencePiece;
    private final boolean spacePrefix;
    private final Utf8Decoder utf8 = new Utf8Decoder();

    /** Whether the next token is at the start or after a special token, where encoding has put a space. */
    private boolean first;

    TokenDecoder(Vocabulary vocabulary, Encoding encoding, boolean first) {
        this.vocabulary = vocabulary;
        this.sentencePiece = encoding instanceof SentencePieceEncoding;
        this.spacePrefix = encoding.spacePrefix();
        this.first = first;
    }

    /** Takes a token; appends the text that it completes. */
    public void push(int token, StringBuilder out) {
        int type = vocabulary.type(token);
        switch (type) {
            case TokenType.CONTROL, TokenType.UNKNOWN -> first = true;
            case TokenType.BYTE -> {
                int b = SentencePieceEncoding.byteOf(vocabulary, token);
                if (b >= 0) {
                    emit((byte) b, out);
                } else {
                    bytes(token, out);
                }
            }
            case TokenType.USER_DEFINED -> {
                first = false;
                bytes(token, out);
                first = true;
            }
            default -> bytes(token, out);
        }
    }

    private void bytes(int token, StringBuilder out) {
        byte[] pool = vocabulary.pool();
        int end = vocabulary.start(token + 1);
        for (int i = vocabulary.start(token); i < end; i++) {
            byte b = pool[i];
            if (sentencePiece && b == (byte) 0xE2 && i + 2 < end && pool[i + 1] == (byte) 0x96 && pool[i + 2] == (byte) 0x81) {
                b = ' ';
                i += 2;
            }
            emit(b, out);
        }
    }

    private void emit(byte b, StringBuilder out) {
        boolean put = first && spacePrefix && b == ' ';
        first = false;
        if (!put) {
            utf8.push(b, out);
        }
    }

    /** Ends the stream: appends U+FFFD for a character that was left incomplete. */
    public void flush(StringBuilder out) {
        utf8.flush(out);
    }
}
