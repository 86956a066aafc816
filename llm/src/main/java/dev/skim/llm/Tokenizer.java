package dev.skim.llm;

import dev.skim.gguf.GgufException;
import dev.skim.gguf.Metadata;
import dev.skim.llm.tokenizer.TokenDecoder;
import dev.skim.llm.tokenizer.TokenizerFacts;
import dev.skim.llm.tokenizer.TokenizerModel;
import java.util.List;
import java.util.Objects;

/** Turns text into token ids and back, as the model's file says. Immutable and safe for use by many threads. */
public final class Tokenizer {
    private final TokenizerModel model;

    private Tokenizer(TokenizerModel model) {
        this.model = model;
    }

    /**
     * The tokenizer that a file's metadata describe: byte-level BPE ({@code tokenizer.ggml.model} is gpt2) or
     * SentencePiece-style (llama).
     *
     * @throws SkimException in one sentence, where there is none, or one of another kind
     * @throws GgufException where a key of it is of a wrong type
     */
    public static Tokenizer of(Metadata metadata) {
        return new Tokenizer(new TokenizerModel(TokenizerFacts.of(metadata)));
    }

    /** What is doubtful about the file's tokenizer, such as a pre-tokenizer that is not known; for the user to read. */
    public List<String> warnings() {
        return model.warnings();
    }

    /** Tokens in the vocabulary. */
    public int vocabularySize() {
        return model.size();
    }

    /**
     * Encodes text. An unpaired surrogate counts as U+FFFD. Tokens that the file calls user-defined are found in the
     * text in any case; they are ordinary text. A byte that the vocabulary has no token for is left out: some byte-level
     * ones lack a few control characters and first bytes of unassigned planes.
     *
     * @param addSpecial whether to add the BOS and EOS tokens that the file asks for
     * @param parseSpecial whether special tokens written out in the text become those tokens
     */
    public int[] encode(String text, boolean addSpecial, boolean parseSpecial) {
        return model.encode(text, addSpecial, parseSpecial);
    }

    /**
     * Decodes tokens; control tokens give nothing. A sequence that ends inside a character ends in U+FFFD. The inverse of
     * encoding: where that puts a space before the text, this takes one away, and no other space is touched.
     *
     * @throws IndexOutOfBoundsException for an id that is not in the vocabulary
     */
    public String decode(int[] tokens) {
        TokenDecoder decoder = model.decoder(-1);
        StringBuilder text = new StringBuilder(tokens.length * 4);
        for (int token : tokens) {
            decoder.push(Objects.checkIndex(token, model.size()), text);
        }
        decoder.flush(text);
        return text.toString();
    }

    /**
     * The token as it stands in the vocabulary, for people to read.
     *
     * @throws IndexOutOfBoundsException for an id that is not in the vocabulary
     */
    public String piece(int token) {
        return model.text(Objects.checkIndex(token, model.size()));
    }

    /** Whether the token is a control one, which gives no text. */
    boolean isControl(int token) {
        return model.isControl(token);
    }

    /** Whether the token ends a text or a turn. */
    public boolean isEndOfGeneration(int token) {
        return token >= 0 && model.ends(token);
    }

    /** The BOS token's id, or -1. */
    public int bos() {
        return model.bos();
    }

    /** The EOS token's id, or -1. */
    public int eos() {
        return model.eos();
    }

    /** A decoder for a stream of tokens that begins a text or follows a control token, as a reply does. */
    public StreamDecoder stream() {
        return new StreamDecoder(model, -1);
    }

    /**
     * A decoder for a stream of tokens that goes on after {@code previous}: where that is an ordinary token, the space of
     * a first word is kept.
     *
     * @throws IndexOutOfBoundsException for an id that is not in the vocabulary
     */
    public StreamDecoder stream(int previous) {
        return new StreamDecoder(model, Objects.checkIndex(previous, model.size()));
    }

    /** Decodes a stream of tokens: text comes out as soon as its last byte is in, never half a character. */
    public static final class StreamDecoder {
        private final TokenDecoder decoder;
        private final int vocabularySize;
        private final StringBuilder text = new StringBuilder();

        private StreamDecoder(TokenizerModel model, int previous) {
            this.decoder = model.decoder(previous);
            this.vocabularySize = model.size();
        }

        /**
         * Takes a token; returns the text that it completes, which may be empty.
         *
         * @throws IndexOutOfBoundsException for an id that is not in the vocabulary
         */
        public String push(int token) {
            decoder.push(Objects.checkIndex(token, vocabularySize), text);
            return take();
        }

        /** Ends the stream; returns U+FFFD for a character that was left incomplete, else an empty string. */
        public String flush() {
            decoder.flush(text);
            return take();
        }

        private String take() {
            String taken = text.toString();
            text.setLength(0);
            return taken;
        }
    }
}
