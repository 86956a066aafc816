package dev.skim.llm;

import java.util.Arrays;
import java.util.BitSet;
import java.util.Objects;

/**
 * Chooses the next token from the logits as {@link Sampling} says. Deterministic: the same options, logits and accepted
 * tokens give the same choices. Keeps its scratch, allocates nothing per token; one for each generation, not for many
 * threads.
 *
 * <p>Weights are exp((logit - largest) / temperature) in double. Top-k keeps a heap of k; top-p takes tokens off a heap of
 * all until their share is reached: nothing is sorted that is not kept.
 */
final class Sampler {
    private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

    private final Sampling options;
    private final int vocabularySize;

    /** The last accepted tokens, a ring where it is full. */
    private int[] recent = new int[0];

    private int recentSize;
    private int recentNext;
    private final BitSet penalised = new BitSet();
    private float[] adjusted;

    /** Tokens by logit, see {@link #key}. */
    private long[] keys = new long[0];

    /** The tokens that the filters kept, with their weights. */
    private int[] kept = new int[0];

    private double[] weights = new double[0];
    private int keptSize;
    private double total;
    private long state;

    Sampler(Sampling options, int vocabularySize) {
        this.options = options;
        this.vocabularySize = vocabularySize;
        this.state = options.seed();
    }

    /** Begins anew, as the same sampler made again would, with these tokens accepted. */
    void reset(int[] tokens) {
        state = options.seed();
        recentSize = 0;
        recentNext = 0;
        for (int i = Math.max(0, tokens.length - options.repeatLastN()); i < tokens.length; i++) {
            accept(tokens[i]);
        }
    }

    /** Notes a token of the text, for the repetition penalty. */
    void accept(int token) {
        Objects.checkIndex(token, vocabularySize);
        if (options.repeatPenalty() == 1 || options.repeatLastN() == 0) {
            return;
        }
        if (recentSize < options.repeatLastN()) {
            if (recentSize == recent.length) {
                long room = Math.max(64, recent.length * 2L);
                recent = Arrays.copyOf(recent, (int) Math.min(room, options.repeatLastN()));
            }
            recent[recentSize++] = token;
        } else {
            recent[recentNext] = token;
            recentNext = (recentNext + 1) % recentSize;
        }
    }

    /**
     * Chooses a token; it is not accepted by that.
     *
     * @param logits one a token, left as they are; negative infinity rules a token out
     * @throws SkimException where a logit is NaN or positive infinity, or all are negative infinity
     */
    int next(float[] logits) {
        float[] asked = penalise(logits);
        int best = largest(asked);
        if (greedy()) {
            return best;
        }
        filter(asked, asked[best]);
        double left = random() * total;
        int last = best;
        for (int i = 0; i < keptSize; i++) {
            if (weights[i] > 0) {
                last = kept[i];
                left -= weights[i];
                if (left < 0) {
                    break;
                }
            }
        }
        return last;
    }

    /** Whether the most likely token is always chosen. */
    boolean greedy() {
        return options.temperature() == 0 || options.topK() == 1;
    }

    /**
     * The distribution that {@link #next} draws from, with nothing drawn.
     *
     * @param out takes a probability for each token of the vocabulary
     * @throws SkimException as {@link #next} does
     */
    void distribution(float[] logits, float[] out) {
        float[] asked = penalise(logits);
        int best = largest(asked);
        Arrays.fill(out, 0, vocabularySize, 0);
        if (greedy()) {
            out[best] = 1;
            return;
        }
        filter(asked, asked[best]);
        for (int i = 0; i < keptSize; i++) {
            out[kept[i]] = (float) (weights[i] / total);
        }
    }

    /** Has accepted what another sampler of the same options has. */
    void follow(Sampler other) {
        if (other.recentSize > 0) {
            recent = Arrays.copyOf(other.recent, other.recent.length);
        }
        recentSize = other.recentSize;
        recentNext = other.recentNext;
    }

    /** The tokens that the last choice was among, in no order; for a choice by chance only. */
    int[] kept() {
        return Arrays.copyOf(kept, keptSize);
    }

    private float[] penalise(float[] logits) {
        if (logits.length != vocabularySize) {
            throw new IllegalArgumentException(logits.length + " logits for a vocabulary of " + vocabularySize);
        }
        if (recentSize == 0) {
            return logits;
        }
        if (adjusted == null) {
            adjusted = new float[vocabularySize];
        }
        System.arraycopy(logits, 0, adjusted, 0, vocabularySize);
        penalised.clear();
        for (int i = 0; i < recentSize; i++) {
            int token = recent[i];
            if (!penalised.get(token)) {
                penalised.set(token);
                float logit = logits[token];
                adjusted[token] = logit > 0 ? logit / options.repeatPenalty() : logit * options.repeatPenalty();
            }
        }
        return adjusted;
    }

    /** The token of the largest logit, the lowest among equals. */
    private static int largest(float[] logits) {
        float largest = Float.NEGATIVE_INFINITY;
        int best = -1;
        for (int i = 0; i < logits.length; i++) {
            float logit = logits[i];
            if (!(logit < Float.POSITIVE_INFINITY)) {
                throw new SkimException("The model gave " + logit + " as the logit of token " + i
                        + "; its weights are damaged, or too large for the arithmetic.");
            }
            if (logit > largest) {
                largest = logit;
                best = i;
            }
        }
        if (best < 0) {
            throw new SkimException("The model gave no token a finite logit; its weights are damaged.");
        }
        return best;
    }

    private void filter(float[] logits, float largest) {
        if (kept.length < vocabularySize) {
            kept = new int[vocabularySize];
            weights = new double[vocabularySize];
        }
        keptSize = 0;
        total = 0;
        if (options.topK() > 0 && options.topK() < vocabularySize) {
            topK(logits, largest);
            if (options.topP() < 1) {
                topPOfKept();
            }
        } else if (options.topP() < 1) {
            topP(logits, largest);
        } else {
            for (int i = 0; i < vocabularySize; i++) {
                keep(i, logits, largest);
            }
        }
        if (options.minP() > 0) {
            minP();
        }
    }

    private double weight(float logit, float largest) {
        return Math.exp(((double) logit - largest) / options.temperature());
    }

    private void keep(int token, float[] logits, float largest) {
        float logit = logits[token];
        if (logit > Float.NEGATIVE_INFINITY) {
            double weight = weight(logit, largest);
            kept[keptSize] = token;
            weights[keptSize++] = weight;
            total += weight;
        }
    }

    /** Keeps the k tokens of the largest logits, lower ids first among equals, in descending order. */
    private void topK(float[] logits, float largest) {
        int k = options.topK();
        long[] heap = keys(k);
        for (int i = 0; i < k; i++) {
            heap[i] = -key(logits[i], i);
        }
        heapify(heap, k);
        // The heap has the smallest of the k on top, as negated keys; most tokens are below it and cost one comparison.
        float least = logits[token(-heap[0])];
        for (int i = k; i < vocabularySize; i++) {
            if (logits[i] > least) {
                heap[0] = -key(logits[i], i);
                sink(heap, 0, k);
                least = logits[token(-heap[0])];
            }
        }
        Arrays.sort(heap, 0, k);
        for (int i = 0; i < k; i++) {
            keep(token(-heap[i]), logits, largest);
        }
    }

    private void topPOfKept() {
        double wanted = options.topP() * total;
        double sum = weights[0];
        int size = 1;
        while (size < keptSize && sum < wanted) {
            sum += weights[size++];
        }
        keptSize = size;
        total = sum;
    }

    private void topP(float[] logits, float largest) {
        long[] heap = keys(vocabularySize);
        double all = 0;
        for (int i = 0; i < vocabularySize; i++) {
            heap[i] = key(logits[i], i);
            all += weight(logits[i], largest);
        }
        heapify(heap, vocabularySize);
        double wanted = options.topP() * all;
        int size = vocabularySize;
        do {
            keep(token(heap[0]), logits, largest);
            heap[0] = heap[--size];
            sink(heap, 0, size);
        } while (size > 0 && total < wanted);
    }

    /** Drops tokens below a share of the most likely one's weight, which is 1. */
    private void minP() {
        int size = 0;
        total = 0;
        for (int i = 0; i < keptSize; i++) {
            if (weights[i] >= options.minP()) {
                kept[size] = kept[i];
                weights[size++] = weights[i];
                total += weights[i];
            }
        }
        keptSize = size;
    }

    private long[] keys(int size) {
        if (keys.length < size) {
            keys = new long[size];
        }
        return keys;
    }

    /** Orders as (logit, then lower token); never {@link Long#MIN_VALUE}, so that it can be negated. */
    private static long key(float logit, int token) {
        int bits = Float.floatToRawIntBits(logit + 0f);
        return (long) (bits ^ (bits >> 31 & 0x7FFF_FFFF)) << 32 | (~token & 0xFFFF_FFFFL);
    }

    private static int token(long key) {
        return ~(int) key;
    }

    private static void heapify(long[] heap, int size) {
        for (int i = size / 2 - 1; i >= 0; i--) {
            sink(heap, i, size);
        }
    }

    /** Moves an element of a heap with the largest on top down to its place. */
    private static void sink(long[] heap, int from, int size) {
        long key = heap[from];
        int i = from;
        for (int child = 2 * i + 1; child < size; child = 2 * i + 1) {
            if (child + 1 < size && heap[child + 1] > heap[child]) {
                child++;
            }
            if (heap[child] <= key) {
                break;
            }
            heap[i] = heap[child];
            i = child;
        }
        heap[i] = key;
    }

    /** SplitMix64 (Steele, Lea, Flood 2014), the upper 53 bits as a number from 0 to below 1. */
    private double random() {
        state += GOLDEN_GAMMA;
        long z = state;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        z ^= z >>> 31;
        return (z >>> 11) * 0x1p-53;
    }
}
