package dev.skim.llm;

/**
 * One sequence on a model: the KV cache and the position. Used by one thread at a time; {@link #cancel()} may come from
 * any.
 */
public final class Session implements AutoCloseable {
    private Session() {}

    /** The model that it is a session on. */
    public Model model() {
        throw new UnsupportedOperationException();
    }

    /** Tokens in the cache. */
    public int position() {
        throw new UnsupportedOperationException();
    }

    /** Positions that there are. */
    public int contextLength() {
        throw new UnsupportedOperationException();
    }

    /** The tokens in the cache, in order. */
    public int[] tokens() {
        throw new UnsupportedOperationException();
    }

    /**
     * Reads prompt tokens at the current position (phase PREFILL). Afterwards {@link #logits()} has the logits of the
     * last of them. A cancelled read leaves the session as it was before the call.
     *
     * @throws SkimException when they do not fit into the context; the session stays as it was
     */
    public void prefill(int[] tokens) {
        throw new UnsupportedOperationException();
    }

    /** The same, and the logits of every position: tokens.length rows of the vocabulary's size. */
    public float[][] prefillAllLogits(int[] tokens) {
        throw new UnsupportedOperationException();
    }

    /** Runs one generated token (phase DECODE). */
    public void decode(int token) {
        throw new UnsupportedOperationException();
    }

    /** The logits after the last token, one for each entry of the vocabulary. The array is the session's own. */
    public float[] logits() {
        throw new UnsupportedOperationException();
    }

    /** Forgets all tokens from {@code position} on. */
    public void truncate(int position) {
        throw new UnsupportedOperationException();
    }

    /**
     * Reads {@code prompt} and generates. Tokens that the cache already holds as a common prefix are not computed again
     * where the whole prompt is given from position 0.
     *
     * @param prompt all tokens of the sequence from position 0 on
     * @param maxTokens tokens to generate at most; 0 or less means until the end or the context's
     */
    public Reply generate(int[] prompt, int maxTokens, Sampling sampling, TokenListener listener) {
        throw new UnsupportedOperationException();
    }

    /** Encodes a text as it is (special tokens written out are parsed), and generates. */
    public Reply generate(String prompt, int maxTokens, Sampling sampling, TokenListener listener) {
        throw new UnsupportedOperationException();
    }

    /** Makes a generation or a prompt that is being read end soon. Safe from any thread. */
    public void cancel() {
        throw new UnsupportedOperationException();
    }

    /** Lets go of the cache. */
    @Override
    public void close() {
        throw new UnsupportedOperationException();
    }
}
