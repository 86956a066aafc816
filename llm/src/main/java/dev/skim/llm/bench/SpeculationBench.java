package dev.skim.llm.bench;

import dev.skim.llm.Drafting;
import dev.skim.llm.Model;
import dev.skim.llm.Reply;
import dev.skim.llm.Sampling;
import dev.skim.llm.Session;
import dev.skim.llm.SessionOptions;
import dev.skim.llm.TokenListener;
import dev.skim.llm.eval.Median;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Measures speculation against plain decoding, in turns: a text that the model repeats, where drafts from the text are
 * right, and one that it writes, where they are not; and what verifying batches cost.
 */
public final class SpeculationBench {
    /** Sizes of the batches: the tokens drafted and the one before them. */
    private static final int[] BATCHES = {1, 2, 4, 8, 16};

    private static final int CONTEXT = 256;

    /** Greedy, but hardly anything twice: small models left alone go round in circles, which is easy to draft. */
    private static final Sampling ONCE = new Sampling(0, 0, 1, 0, 1.3f, 256, 0);

    private static final String PASSAGE =
            """
            The harbour master kept a ledger in which every boat had a line of its own. He wrote down the name of the boat, the \
            hour at which it came in, and what it carried: herring, salt, timber from the north, now and then a crate of \
            oranges that nobody had ordered. On the first of November a grey cutter called Marianne tied up at the third pier \
            with nothing aboard but a clock. It was a tall clock of walnut and brass, and it went two minutes slow in every \
            week, which the captain knew and did not mind. "A clock that is right," he said, "has nothing left to learn." The \
            harbour master wrote it down as ballast. When the tide turned, the cutter left again for the islands, and the clock \
            stayed behind in the customs shed, where it struck the hours for eleven years before anybody asked whose it was.
            """;

    /**
     * A text generated with and without speculation.
     *
     * @param name what was generated
     * @param tokens how many tokens
     * @param plain tokens per second without, of each repeat
     * @param speculated with, of each repeat
     * @param drafted tokens drafted in the last repeat
     * @param accepted those accepted
     * @param same whether both texts were the same
     */
    public record Text(
            String name,
            int tokens,
            List<Double> plain,
            List<Double> speculated,
            int drafted,
            int accepted,
            boolean same) {
        /** The median of the repeats' ratios: each is of two runs one after the other. */
        public double speed() {
            return Median.of(IntStream.range(0, plain.size()).mapToDouble(i -> speculated.get(i) / plain.get(i)));
        }

        /** The median rate without. */
        public double plainRate() {
            return Median.of(plain, rate -> rate);
        }

        /** The median rate with. */
        public double speculatedRate() {
            return Median.of(speculated, rate -> rate);
        }
    }

    /**
     * What a batch costs.
     *
     * @param size tokens of the batch, with the logits of all
     * @param rate tokens per second
     * @param steps its time in that of one generated token
     */
    public record Batch(int size, double rate, double steps) {}

    private final Model model;
    private final SessionOptions options;

    /**
     * Makes a bench for a model.
     *
     * @param options how the sessions compute, and how they draft where they do; their length is the bench's own
     */
    public SpeculationBench(Model model, SessionOptions options) {
        this.model = model;
        this.options = options;
    }

    /**
     * Generates {@code tokens} tokens with no chance, in turns without and with speculation, after a warm-up of both. A text that
     * the model ends before its second token has no rate and is left out.
     */
    public List<Text> texts(int tokens, int repeats) {
        String beginning = PASSAGE.substring(0, PASSAGE.indexOf("every boat"));
        String repeating = PASSAGE + "\n\n" + PASSAGE + "\n\n" + beginning.strip();
        return Stream.of(
                        text("repeat", repeating, Sampling.GREEDY, tokens, repeats),
                        text("write", PASSAGE, ONCE, tokens, repeats))
                .filter(text -> !text.plain().isEmpty())
                .toList();
    }

    private Text text(String name, String prompt, Sampling sampling, int tokens, int repeats) {
        int[] ids = model.tokenizer().encode(prompt, true, false);
        List<Double> plain = new ArrayList<>();
        List<Double> speculated = new ArrayList<>();
        Reply without = null;
        Reply with = null;
        for (int i = -1; i < repeats; i++) {
            without = generate(ids, sampling, Drafting.NONE, tokens);
            with = generate(ids, sampling, options.drafting(), tokens);
            if (i >= 0 && without.tokens().length > 1) {
                plain.add(without.usage().generationRate());
                speculated.add(with.usage().generationRate());
            }
        }
        return new Text(name, with.tokens().length, plain, speculated, with.usage().draftedTokens(),
                with.usage().acceptedTokens(), Arrays.equals(without.tokens(), with.tokens()));
    }

    private Reply generate(int[] prompt, Sampling sampling, Drafting drafting, int tokens) {
        SessionOptions own = options.withContextLength(prompt.length + tokens).withDrafting(drafting);
        try (Session session = model.openSession(own)) {
            return session.generate(prompt, tokens, sampling, TokenListener.NONE);
        }
    }

    /** Runs batches of several sizes behind a prompt in turns; medians. */
    public List<Batch> batches(int repeats) {
        int vocabulary = model.tokenizer().vocabularySize();
        int[] tokens = new SplittableRandom(1).ints(CONTEXT, 0, vocabulary).toArray();
        int warmUps = 20;
        int runs = warmUps + 5 * repeats;
        double[][] seconds = new double[BATCHES.length][runs];
        SessionOptions own = options.withContextLength(CONTEXT + BATCHES[BATCHES.length - 1]).withDrafting(Drafting.NONE);
        try (Session session = model.openSession(own)) {
            session.prefill(tokens);
            for (int run = 0; run < runs; run++) {
                for (int i = 0; i < BATCHES.length; i++) {
                    session.truncate(CONTEXT);
                    long start = System.nanoTime();
                    if (BATCHES[i] == 1) {
                        session.decode(tokens[0]);
                    } else {
                        session.prefillAllLogits(Arrays.copyOf(tokens, BATCHES[i]));
                    }
                    seconds[i][run] = (System.nanoTime() - start) * 1e-9;
                }
            }
        }
        List<Batch> batches = new ArrayList<>();
        double one = 0;
        for (int i = 0; i < BATCHES.length; i++) {
            double time = Median.of(Arrays.stream(seconds[i], warmUps, runs));
            one = i == 0 ? time : one;
            batches.add(new Batch(BATCHES[i], BATCHES[i] / time, time / one));
        }
        return batches;
    }
}
