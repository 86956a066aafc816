package dev.skim.llm.tokenizer;

/** A tokenizer's algorithm: byte-level BPE or SentencePiece-style. Immutable; safe for many threads. */
sealed interface Encoding permits BytePairEncoding, SentencePieceEncoding {
    /** Begins an encoding; the object holds scratch for one thread. */
    Run begin();

    /** Whether a space is put before text at the start and after special tokens, and taken away again in decoding. */
    boolean spacePrefix();

    /** One encoding of one text, stretch by stretch. */
    interface Run {
        /**
         * Encodes a stretch of a text, which lies at its start or after a special token. The text holds no unpaired
         * surrogates.
         */
        void encode(String text, int from, int to, Ints tokens);
    }
}
