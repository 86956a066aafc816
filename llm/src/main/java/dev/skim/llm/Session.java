package dev.skim.llm;

import dev.skim.llm.Tokenizer.StreamDecoder;
import dev.skim.llm.decoder.Decoder;
import dev.skim.llm.decoder.Hole;
import dev.skim.llm.decoder.Sequence;
import dev.skim.nn.KvCache;
import dev.skim.nn.KvType;
import dev.skim.skip.Phase;
import dev.skim.skip.SkipPlan;
import java.util.Arrays;
import java.util.concurrent.CancellationException;
import org.eclipse.collections.impl.list.mutable.primitive.IntArrayList;

/**
 * One sequence on a model: the KV cache and the position. Used by one thread at a time; {@link #cancel()} may come from
 * any.
 */
public final class Session implements AutoCloseable {
    private final Model model;
    private final Decoder decoder;
    private final SkipPlan plan;
    private final Speculator speculator;
    private final Sequence sequence;
    private final float[] logits;
    private int[] tokens = new int[64];
    private int position;
    private int logitsPosition;

    /**
     * The first position whose keys and values are not in the cache: below the session's own where a read failed that was
     * to close a gap. What comes next reads again from here on.
     */
    private int missing;

    private boolean closed;

    Session(Model model, int contextLength, SessionOptions options) {
        this.model = model;
        decoder = model.decoder();
        sequence = decoder.sequence(contextLength, options.kvType(), options.exact());
        logits = new float[decoder.vocabularySize()];
        Drafting drafting = options.drafting();
        speculator = drafting instanceof Drafting.None ? null : new Speculator(this, decoder, sequence, drafting);
        plan = speculator == null ? options.skip().plan(model.shape()) : speculator.promptPlan();
    }

    /** The model that it is a session on. */
    public Model model() {
        return model;
    }

    /** Tokens in the cache. */
    public int position() {
        return position;
    }

    /** Positions that there are. */
    public int contextLength() {
        return sequence.capacity();
    }

    /** How the cache holds keys and values. */
    public KvType kvType() {
        return sequence.kvType();
    }

    /** Bytes that the cache's keys and values take now. */
    public long cacheBytes() {
        return sequence.cacheBytes();
    }

    /** Bytes that a token's keys and values take, on average over the tokens in the cache; 0 where it is empty. */
    public double cacheBytesPerToken() {
        int room = Math.ceilDiv(position, KvCache.PAGE) * KvCache.PAGE;
        return room == 0 ? 0 : (double) sequence.cacheBytes() / room;
    }

    /** The tokens in the cache, in order. */
    public int[] tokens() {
        return Arrays.copyOf(tokens, position);
    }

    /**
     * Reads prompt tokens at the current position (phase PREFILL). Afterwards {@link #logits()} has the logits of the
     * last of them. A cancelled read leaves the session as it was before the call.
     *
     * @throws SkimException when they do not fit into the context, or not into memory; the session stays as it was
     * @throws CancellationException when {@link #cancel()} ended it
     * @throws IllegalArgumentException when a token is not in the vocabulary
     * @throws IllegalStateException when the session or its model is closed, or when the skip plan changes so that the
     *     tokens can never be read
     */
    public void prefill(int[] tokens) {
        sequence.resume();
        read(tokens, null);
    }

    /**
     * As {@link #prefill}, and the logits of every position: tokens.length rows of the vocabulary's size. It throws the
     * same.
     */
    public float[][] prefillAllLogits(int[] tokens) {
        sequence.resume();
        float[][] rows = new float[tokens.length][];
        read(tokens, rows);
        return rows;
    }

    /**
     * Runs one generated token (phase DECODE).
     *
     * @throws SkimException when the context is full, or memory runs out; the session stays as it was
     * @throws IllegalArgumentException when the token is not in the vocabulary
     * @throws IllegalStateException when the session or its model is closed, or when the skip plan runs an attention
     *     sublayer that it left out of earlier positions
     */
    public void decode(int token) {
        take(new int[] {token});
        boolean complete = false;
        try {
            run(missing, position, null);
            decoder.run(sequence, tokens, position, position + 1, 1, position, Phase.DECODE, plan, false);
            decoder.logits(sequence, 0, 1, logits);
            complete = true;
        } catch (Hole hole) {
            throw new IllegalStateException(
                    "The skip plan runs a sublayer in decoding that cannot be: " + hole.getMessage() + ".", hole);
        } catch (RuntimeException | Error failure) {
            refuseOutOfMemory(failure);
            throw failure;
        } finally {
            if (!complete) {
                settle();
            }
        }
        position++;
        missing = position;
        logitsPosition = position;
    }

    /**
     * The logits after the last token, one for each entry of the vocabulary. The array is the session's own.
     *
     * @throws IllegalStateException when no token was run since the session was opened or truncated
     */
    public float[] logits() {
        if (position == 0 || logitsPosition != position) {
            throw new IllegalStateException("there are no logits at position " + position + ": run a token first");
        }
        return logits;
    }

    /** Forgets all tokens from {@code position} on. */
    public void truncate(int position) {
        checkOpen();
        if (position < 0 || position > this.position) {
            throw new IllegalArgumentException(
                    "a session of " + this.position + " tokens cannot be truncated to " + position);
        }
        if (position < this.position) {
            sequence.truncate(position);
            this.position = position;
            missing = Math.min(missing, position);
            logitsPosition = -1;
        }
    }

    /**
     * Starts a new request (a prompt and its answer) for the skip plan, which may learn anew in each; {@link #generate}
     * does so by itself.
     */
    public void newRequest() {
        plan.newRequest();
        sequence.resetCounts();
    }

    /**
     * Reads {@code prompt} and generates. Tokens that the cache already holds as a common prefix are not computed again
     * where the whole prompt is given from position 0. The text goes on where the prompt's ends: with a space, where the
     * model begins a new word.
     *
     * @param prompt all tokens of the sequence from position 0 on
     * @param maxTokens tokens to generate at most; 0 or less means until the end or the context's
     * @throws SkimException when the prompt is empty or does not fit into the context; the session stays as it was. Also
     *     when memory runs out
     * @throws IllegalArgumentException when a token is not in the vocabulary
     * @throws IllegalStateException when the session or its model is closed, or where the skip plan does not hold together
     */
    public Reply generate(int[] prompt, int maxTokens, Sampling sampling, TokenListener listener) {
        sequence.resume();
        checkPrompt(prompt);
        StreamDecoder stream = model.tokenizer().stream(prompt[prompt.length - 1]);
        return generate(prompt, maxTokens, sampling, listener, stream).with(stream.flush(), listener);
    }

    /** Generates a chat's answers, which stand on their own: the space before a first word is none of theirs. */
    Chat.Generator answers() {
        return new Chat.Generator() {
            private StreamDecoder stream;

            @Override
            public void begin() {
                sequence.resume();
                stream = model.tokenizer().stream();
            }

            @Override
            public Reply generate(int[] prompt, int maxTokens, Sampling sampling, TokenListener listener) {
                checkPrompt(prompt);
                return Session.this.generate(prompt, maxTokens, sampling, listener, stream);
            }

            @Override
            public String end() {
                return stream.flush();
            }
        };
    }

    /** Generates into a stream that may go on from an earlier pass, or in a later one; a cancel from before ends it. */
    private Reply generate(
            int[] prompt, int maxTokens, Sampling sampling, TokenListener listener, StreamDecoder stream) {
        long start = System.nanoTime();
        Sampler sampler = new Sampler(sampling, decoder.vocabularySize());
        sampler.reset(prompt);
        newRequest();
        if (speculator != null) {
            speculator.begin();
        }
        // The last token of the prompt is always run: its logits are needed.
        int known = Arrays.mismatch(tokens, 0, position, prompt, 0, prompt.length);
        truncate(Math.min(known < 0 ? position : known, prompt.length - 1));
        int[] unread = Arrays.copyOfRange(prompt, position, prompt.length);
        Generation generation = new Generation(start, stream);
        try {
            generation.promptTokens = read(unread, null);
        } catch (CancellationException cancelled) {
            return generation.reply(StopReason.CANCELLED);
        }
        generation.promptEnd = System.nanoTime();
        if (speculator != null) {
            return generation.reply(speculator.generate(
                    prompt, sampling, sampler, maxTokens, token -> generation.push(token, maxTokens, listener)));
        }
        StopReason stop;
        do {
            int token = sampler.next(logits());
            sampler.accept(token);
            stop = generation.push(token, maxTokens, listener);
            if (stop == null) {
                decode(token);
            }
        } while (stop == null);
        return generation.reply(stop);
    }

    /**
     * Runs tokens behind the position in one pass of the whole model (phase DECODE). The session stays where it is:
     * {@link #keep} takes them over one by one, {@link #settle} drops those that were not.
     *
     * @param rows takes the logits of each
     */
    void verify(int[] batch, float[] rows) {
        take(batch);
        sequence.truncate(position);
        try {
            decoder.run(
                    sequence, tokens, position, position + batch.length, batch.length, position, Phase.DECODE, SkipPlan.NONE, false);
            decoder.logits(sequence, 0, batch.length, rows);
        } catch (RuntimeException | Error failure) {
            refuseOutOfMemory(failure);
            throw failure;
        }
    }

    /** Takes over the next verified token; its logits are row {@code row}. */
    void keep(float[] rows, int row) {
        position++;
        missing = position;
        System.arraycopy(rows, row * logits.length, logits, 0, logits.length);
        logitsPosition = position;
    }

    /** Drops what the cache holds beyond the tokens that it holds wholly. */
    void settle() {
        sequence.truncate(missing);
    }

    /** How speculation goes, one sentence; empty where nothing is drafted. */
    public String speculationStatus() {
        return speculator == null ? "" : speculator.status();
    }

    /** Encodes a text as it is (special tokens written out are parsed), and generates. */
    public Reply generate(String prompt, int maxTokens, Sampling sampling, TokenListener listener) {
        return generate(model.tokenizer().encode(prompt, true, true), maxTokens, sampling, listener);
    }

    /**
     * Makes what the session is at end soon: a generation, a prompt that is being read, or a {@link Chat#reply} from its
     * first moment on. What begins later is not cancelled by it. Safe from any thread.
     */
    public void cancel() {
        sequence.cancel();
    }

    /** Lets go of the cache. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            sequence.truncate(0);
            position = 0;
            missing = 0;
        }
    }

    /** The text, the tokens and the times of one generation. */
    private final class Generation {
        private final long start;
        private final StreamDecoder stream;
        private final StringBuilder text = new StringBuilder();
        private final IntArrayList generated = new IntArrayList();
        private int promptTokens;
        private long promptEnd;
        private long first;
        private long last;

        Generation(long start, StreamDecoder stream) {
            this.start = start;
            this.stream = stream;
        }

        /** Takes the next token; says why the generation ends with it, or null where it goes on. */
        StopReason push(int token, int maxTokens, TokenListener listener) {
            last = System.nanoTime();
            first = generated.isEmpty() ? last : first;
            generated.add(token);
            if (model.tokenizer().isEndOfGeneration(token)) {
                return StopReason.END;
            }
            String piece = stream.push(token);
            text.append(piece);
            boolean wanted = piece.isEmpty() || listener.accept(piece);
            if (!wanted || sequence.cancelled()) {
                return StopReason.CANCELLED;
            }
            if (maxTokens > 0 && generated.size() >= maxTokens) {
                return StopReason.LENGTH;
            }
            return position == contextLength() ? StopReason.CONTEXT_FULL : null;
        }

        Reply reply(StopReason stop) {
            Usage usage = new Usage(
                    promptTokens,
                    promptEnd == 0 ? 0 : (promptEnd - start) / 1e9,
                    generated.size(),
                    (last - first) / 1e9,
                    generated.isEmpty() ? 0 : (first - start) / 1e9,
                    position,
                    contextLength(),
                    // What is left out in a draft is not left out of the answer.
                    speculator == null ? sequence.skippedShare() : 0,
                    speculator == null ? 0 : speculator.drafted(),
                    speculator == null ? 0 : speculator.accepted());
            return new Reply(text.toString(), generated.toArray(), stop, usage);
        }
    }

    /**
     * Reads tokens at the position.
     *
     * @param rows takes the logits of each token, or null where those of the last are enough
     * @return tokens that were run: those, and the ones before them that were read again
     */
    private int read(int[] added, float[][] rows) {
        take(added);
        if (added.length == 0) {
            return 0;
        }
        int end = position + added.length;
        boolean complete = false;
        try {
            int count = run(Math.min(missing, plan.gapsFrom()), end, rows);
            position = end;
            logitsPosition = end;
            complete = true;
            return count;
        } catch (RuntimeException | Error failure) {
            refuseOutOfMemory(failure);
            throw failure;
        } finally {
            if (!complete) {
                missing = Math.min(missing, position);
                settle();
            }
        }
    }

    /**
     * Runs the tokens from {@code from} to before {@code end} as a prompt is read. Where the plan wants to run an attention
     * sublayer that earlier positions were left out of, it goes back to the first of those: a sequence never attends over a
     * hole. Most plans know of it beforehand; for others the decoder finds it. Tokens before the position are read again,
     * and are not to be lost: only what is new can be cancelled.
     *
     * @param rows takes the logits of each new token, or null where those of the last are enough
     * @return tokens that were run
     */
    private int run(int from, int end, float[][] rows) {
        int count = 0;
        int healed = Integer.MAX_VALUE;
        if (from < end) {
            sequence.truncate(from);
            missing = from;
        }
        while (missing < end) {
            int begin = missing;
            int next = Math.min(begin + Decoder.BATCH, end);
            int added = Math.max(0, next - Math.max(begin, position));
            int outputs = rows != null ? added : next == end ? Math.min(added, 1) : 0;
            try {
                if (!decoder.run(sequence, tokens, begin, next, outputs, begin, Phase.PREFILL, plan, begin >= position)) {
                    throw new CancellationException("the prompt was cancelled");
                }
            } catch (Hole hole) {
                if (hole.position() >= healed) {
                    throw new IllegalStateException(
                            "The skip plan changes in reading so that it can never be read: " + hole.getMessage()
                                    + ", again and again.", hole);
                }
                healed = hole.position();
                sequence.truncate(healed);
                missing = healed;
                continue;
            }
            missing = next;
            count += next - begin;
            if (rows != null) {
                decoder.logits(sequence, next - added - begin, rows, next - added - position, added);
            }
            if (next == end && added > 0) {
                decoder.logits(sequence, end - begin - 1, 1, logits);
            }
        }
        return count;
    }

    /** Refuses in a sentence what memory is too small for. */
    private void refuseOutOfMemory(Throwable failure) {
        String held = OutOfMemory.size(sequence.cacheBytes()) + " of keys and values in " + kvType() + " beside the weights";
        OutOfMemory.refuse(failure, held, "a shorter context, or a smaller KvType,");
    }

    /** Checks that tokens are of the vocabulary and fit at the position, and puts them behind those that are there. */
    private void take(int[] added) {
        check(added, position);
        if (tokens.length < position + added.length) {
            tokens = Arrays.copyOf(tokens, Math.max(position + added.length, Math.min(2 * tokens.length, contextLength())));
        }
        System.arraycopy(added, 0, tokens, position, added.length);
    }

    private void checkPrompt(int[] prompt) {
        if (prompt.length == 0) {
            throw new SkimException("The prompt is empty: generation needs at least one token to go on from.");
        }
        check(prompt, 0);
    }

    private void check(int[] added, int at) {
        checkOpen();
        if (added.length > contextLength() - at) {
            throw new SkimException((at == 0 ? "" : at + " tokens and ") + added.length
                    + " more do not fit into a context of " + contextLength() + " tokens.");
        }
        for (int token : added) {
            if (token < 0 || token >= decoder.vocabularySize()) {
                throw new IllegalArgumentException(
                        "token " + token + " is not in the vocabulary of " + decoder.vocabularySize());
            }
        }
    }

    private void checkOpen() {
        if (closed || model.closed()) {
            throw new IllegalStateException(closed ? "the session is closed" : "the model of the session is closed");
        }
    }
}
