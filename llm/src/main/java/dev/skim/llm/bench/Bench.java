package dev.skim.llm.bench;

import dev.skim.gguf.TensorInfo;
import dev.skim.llm.Model;
import dev.skim.llm.Session;
import dev.skim.llm.eval.Median;
import dev.skim.skip.ModelShape;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Measures a model as llama-bench does: prompts that are read at once (head for the last token), and tokens generated one
 * by one, fed with known ids; both into an empty cache or at a depth. Repeats until the rates settle, then measures.
 */
public final class Bench {
    /** Runs whose rates must lie together. */
    private static final int SETTLED_RUNS = 3;
    private static final double SETTLED_SPREAD = 0.03;
    /** A compiler that is still at work can look settled for a moment. */
    private static final double LEAST_SECONDS = 2;
    private static final double MOST_SECONDS = 30;

    /** What is measured: a prompt or generated tokens, behind {@code depth} tokens that are in the cache already. */
    public record Test(boolean isPrompt, int tokens, int depth) {
        /** As llama-bench writes it: pp512, tg128, tg32 @ d4096. */
        public String name() {
            return (isPrompt ? "pp" : "tg") + tokens + (depth == 0 ? "" : " @ d" + depth);
        }
    }

    /**
     * What came out.
     *
     * @param test what was measured
     * @param rates tokens per second of each repeat
     * @param warmUps runs before them; 0 where there was no warm-up
     * @param settled whether the warm-up ended because the rates had settled
     * @param share of what the machine can do: of its multiply-adds for a prompt, of its bandwidth for generation
     */
    public record Result(Test test, List<Double> rates, int warmUps, boolean settled, double share) {
        /** The mean rate. */
        public double mean() {
            return rates.stream().mapToDouble(rate -> rate).average().orElseThrow();
        }

        /** The median rate. */
        public double median() {
            return Median.of(rates, rate -> rate);
        }

        /** The sample's standard deviation; 0 for one repeat. */
        public double deviation() {
            double mean = mean();
            double sum = rates.stream().mapToDouble(rate -> (rate - mean) * (rate - mean)).sum();
            return rates.size() < 2 ? 0 : Math.sqrt(sum / (rates.size() - 1));
        }
    }

    private final Model model;
    private final Machine machine;

    /** Makes a bench for a model on a machine that was measured with as many threads. */
    public Bench(Model model, Machine machine) {
        this.model = model;
        this.machine = machine;
    }

    /**
     * Measures; the session's context holds at least one token more than depth and test.
     *
     * @param warmUp whether to run until the rates settle before that
     */
    public Result run(Session session, Test test, int repeats, boolean warmUp) {
        int vocabulary = model.tokenizer().vocabularySize();
        int[] tokens = new SplittableRandom(1).ints(test.tokens, 0, vocabulary).toArray();
        session.truncate(0);
        if (test.depth > 0) {
            session.prefill(new SplittableRandom(2).ints(test.depth, 0, vocabulary).toArray());
        }
        List<Double> warm = new ArrayList<>();
        long start = System.nanoTime();
        boolean settled = false;
        while (warmUp && !settled && (warm.isEmpty() || seconds(start) < MOST_SECONDS)) {
            warm.add(rate(session, test, tokens));
            settled = seconds(start) >= LEAST_SECONDS && spread(warm) <= SETTLED_SPREAD;
        }
        List<Double> rates = new ArrayList<>();
        for (int i = 0; i < repeats; i++) {
            rates.add(rate(session, test, tokens));
        }
        Result result = new Result(test, rates, warm.size(), settled, 0);
        double share = test.isPrompt
                ? multiplyAdds(test.depth, test.tokens) / test.tokens * result.median() / machine.multiplyAdds()
                : (weightBytes() + keyValueBytes(session, test)) * result.median() / machine.readBandwidth();
        return new Result(test, rates, warm.size(), settled, share);
    }

    private static double rate(Session session, Test test, int[] tokens) {
        session.truncate(test.depth);
        long start = System.nanoTime();
        if (test.isPrompt) {
            session.prefill(tokens);
        } else {
            for (int token : tokens) {
                session.decode(token);
            }
        }
        return tokens.length / seconds(start);
    }

    private static double seconds(long since) {
        return (System.nanoTime() - since) * 1e-9;
    }

    /** How far the last rates lie apart, as a share of the best of them; 1 while there are too few. */
    private static double spread(List<Double> rates) {
        if (rates.size() < SETTLED_RUNS) {
            return 1;
        }
        List<Double> last = rates.subList(rates.size() - SETTLED_RUNS, rates.size());
        double most = last.stream().mapToDouble(rate -> rate).max().orElseThrow();
        double least = last.stream().mapToDouble(rate -> rate).min().orElseThrow();
        return (most - least) / most;
    }

    /** Bytes of keys and values that a generated token reads, on average over the test, which the session has just run. */
    private static double keyValueBytes(Session session, Test test) {
        return session.cacheBytesPerToken() * (test.depth + (test.tokens + 1) / 2.0);
    }

    /** Multiply-adds of a prompt: all layers for every token, causal attention, and the head for the last token. */
    double multiplyAdds(int depth, int tokens) {
        ModelShape shape = model.shape();
        double layers = (double) shape.layers() * (shape.attentionCost() + shape.feedForwardCost()) * tokens;
        // Scores and weighted values: token t meets depth + t + 1 positions, twice.
        double attention = (double) shape.layers() * queryWidth() * tokens * (2.0 * depth + tokens + 1);
        return layers + attention + head().elements();
    }

    private long queryWidth() {
        return model.file().tensor("blk.0.attn_output.weight").orElseThrow().columns();
    }

    private TensorInfo head() {
        return model.file().tensor("output.weight")
                .or(() -> model.file().tensor("token_embd.weight"))
                .orElseThrow();
    }

    /** Bytes of the file's weights that a generated token reads: all but an embedding that is not also the head. */
    public long weightBytes() {
        boolean tied = model.file().tensor("output.weight").isEmpty();
        return model.file().tensors().stream()
                .filter(tensor -> tied || !tensor.name().equals("token_embd.weight"))
                .mapToLong(TensorInfo::bytes)
                .sum();
    }
}
