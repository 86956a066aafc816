package dev.skim.llm.decoder;

import dev.skim.llm.SessionOptions;
import dev.skim.skip.Phase;
import dev.skim.skip.SkipPlan;

/**
 * Runs a model's first layer and its head on made-up tokens while the other layers are read.
 *
 * <p>Until the JIT compiler is done with a kernel, its vectors are objects, and it is many times slower: in a new process
 * most of the time to a 1 B model's first token. What is computed here is thrown away, but it has the compiler start as soon as
 * the first layer is there, with the shapes, the element types and the options that are about to be used.
 */
final class Rehearsal implements AutoCloseable {
    /** Tokens of the prompts: so many that tiles of six, four, two and one take turns at what is left over. */
    private static final int[] PROMPTS = {23, 20};

    /** Tokens that are run one by one after each. */
    private static final int ANSWER = 8;

    private static final int CAPACITY = 32;

    private final Decoder decoder;
    private final Sequence sequence;
    private final int[] tokens = new int[CAPACITY];

    /** Starts a thread of its own. */
    Rehearsal(Decoder decoder, SessionOptions options) {
        this.decoder = decoder;
        sequence = decoder.sequence(CAPACITY, options.kvType(), options.exact());
        for (int i = 0; i < tokens.length; i++) {
            tokens[i] = i % decoder.vocabularySize();
        }
        Thread.ofPlatform().daemon().name("skim-rehearsal").start(() -> {
            try {
                run();
            } catch (OutOfMemoryError tight) {
                // A session needs as much, and will say so.
            }
        });
    }

    private void run() {
        float[] logits = new float[decoder.vocabularySize()];
        for (int prompt : PROMPTS) {
            sequence.truncate(0);
            pass(0, prompt, Phase.PREFILL);
            if (!sequence.cancelled()) {
                decoder.logits(sequence, prompt - 1, 1, logits);
            }
            for (int i = prompt; i < prompt + ANSWER; i++) {
                pass(i, i + 1, Phase.DECODE);
            }
        }
    }

    /** Runs no layer once it is cancelled. Its layer stands for all: it computes every token, though a last one need not. */
    private void pass(int from, int to, Phase phase) {
        decoder.run(sequence, tokens, from, to, to - from, from, phase, SkipPlan.NONE, true);
    }

    /** Ends it, before its next sublayer: nobody waits for it. */
    @Override
    public void close() {
        sequence.cancel();
    }
}
