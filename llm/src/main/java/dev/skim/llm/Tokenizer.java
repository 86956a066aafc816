package dev.skim.llm;

/** Turns text into token ids and back, as the model's file says. Immutable and safe for use by many threads. */
public final class Tokenizer {
    private Tokenizer() {}

    /** Tokens in the vocabulary. */
    public int vocabularySize() {
        throw new UnsupportedOperationException();
    }

    /**
     * Encodes text.
     *
     * @param addSpecial whether to add the BOS and EOS tokens that the file asks for
     * @param parseSpecial whether special tokens written out in the text become those tokens
     */
    public int[] encode(String text, boolean addSpecial, boolean parseSpecial) {
        throw new UnsupportedOperationException();
    }

    /** Decodes tokens; control tokens give nothing. A sequence that ends inside a character ends in U+FFFD. */
    public String decode(int[] tokens) {
        throw new UnsupportedOperationException();
    }

    /** The token as it stands in the vocabulary, for people to read. */
    public String piece(int token) {
        throw new UnsupportedOperationException();
    }

    /** Whether the token ends a text or a turn. */
    public boolean isEndOfGeneration(int token) {
        throw new UnsupportedOperationException();
    }

    /** The BOS token's id, or -1. */
    public int bos() {
        throw new UnsupportedOperationException();
    }

    /** The EOS token's id, or -1. */
    public int eos() {
        throw new UnsupportedOperationException();
    }

    /** A decoder for a stream of tokens. */
    public StreamDecoder stream() {
        throw new UnsupportedOperationException();
    }

    /** Decodes a stream of tokens: text comes out as soon as its last byte is in, never half a character. */
    public static final class StreamDecoder {
        private StreamDecoder() {}

        /** Takes a token; returns the text that it completes, which may be empty. */
        public String push(int token) {
            throw new UnsupportedOperationException();
        }

        /** Ends the stream; returns U+FFFD for a character that was left incomplete, else an empty string. */
        public String flush() {
            throw new UnsupportedOperationException();
        }
    }
}
