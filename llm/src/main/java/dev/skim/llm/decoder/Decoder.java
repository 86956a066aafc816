package dev.skim.llm.decoder;

import dev.skim.gguf.GgufFile;
import dev.skim.llm.SessionOptions;
import dev.skim.llm.SkimException;
import dev.skim.nn.KvCache;
import dev.skim.nn.KvType;
import dev.skim.nn.Linear;
import dev.skim.nn.RmsNorm;
import dev.skim.nn.Rope;
import dev.skim.nn.Workspace;
import dev.skim.skip.Decision;
import dev.skim.skip.ModelShape;
import dev.skim.skip.Phase;
import dev.skim.skip.SkipPlan;
import dev.skim.tensor.VectorMath;
import dev.skim.tensor.Workers;
import java.util.Arrays;
import java.util.Objects;
import java.util.function.DoubleConsumer;
import java.util.stream.IntStream;

/**
 * A decoder-only transformer: embedding, layers, head. Immutable; what changes is in a {@link Sequence}.
 *
 * <p>Every pass goes through the one loop in {@link #run}, whatever the family, the phase and the number of tokens. A
 * token's logits have the same bits in whatever batches the sequence is run.
 */
public final class Decoder {
    /** Tokens of a pass at most: enough that the expansion of the weights is paid for, little enough for the buffers. */
    public static final int BATCH = 512;

    private final DecoderConfig config;
    private final Workers workers;
    private final Linear embedding;
    private final float embeddingScale;
    private final DecoderLayer[] layers;
    private final RmsNorm outputNorm;
    private final Linear head;
    private final Rope rope;
    private final Rope longRope;
    private final Rope windowRope;
    private final ModelShape shape;

    private Decoder(DecoderConfig config, Weights weights, DecoderLayer[] layers, Workers workers) {
        this.config = config;
        this.workers = workers;
        this.layers = layers;
        int width = config.width();
        int vocabulary = weights.rows("token_embd");
        embedding = weights.linear("token_embd", vocabulary, width);
        embeddingScale = config.architecture().scalesEmbedding() ? (float) Math.sqrt(width) : 1;
        outputNorm = weights.norm("output_norm", width, config.epsilon());
        head = weights.has("output.weight") ? weights.linear("output", vocabulary, width) : embedding;
        int pairs = config.ropeDimensions() / 2;
        float[] divisors = weights.optionalVector("rope_freqs.weight", pairs);
        float[] shortDivisors = weights.optionalVector("rope_factors_short.weight", pairs);
        float[] longDivisors = weights.optionalVector("rope_factors_long.weight", pairs);
        float[] common = divisors != null ? divisors : config.ropeDivisors();
        rope = config.rope(common != null ? common : shortDivisors);
        longRope = common == null && longDivisors != null ? config.rope(longDivisors) : rope;
        windowRope = config.windowRope();
        layers[0] = DecoderLayer.load(config, weights, 0);
        shape = new ModelShape(
                layers.length, width, layers[0].attention().multiplyAdds(), layers[0].feedForward().multiplyAdds());
    }

    /** A model of the first layer alone: it computes nothing of sense, with all the code that the whole model runs. */
    private Decoder(Decoder whole, Workers workers) {
        config = whole.config;
        this.workers = workers;
        layers = new DecoderLayer[] {whole.layers[0]};
        embedding = whole.embedding;
        embeddingScale = whole.embeddingScale;
        outputNorm = whole.outputNorm;
        head = whole.head;
        rope = whole.rope;
        longRope = whole.longRope;
        windowRope = whole.windowRope;
        shape = new ModelShape(1, config.width(), whole.shape.attentionCost(), whole.shape.feedForwardCost());
    }

    /**
     * Builds the decoder of a file.
     *
     * @param progress told the loaded share, 0 to 1
     * @param rehearsal what sessions will be like that begin at once, or null: see {@link Rehearsal}
     * @throws SkimException when the architecture is unknown, or the metadata or the tensors do not make a model
     */
    public static Decoder load(GgufFile file, Workers workers, DoubleConsumer progress, SessionOptions rehearsal) {
        DecoderConfig config = DecoderConfig.of(file);
        Weights weights = new Weights(file, workers, progress);
        DecoderLayer[] layers = new DecoderLayer[config.layers()];
        Decoder decoder = new Decoder(config, weights, layers, workers);
        try (Rehearsal running = rehearsal == null ? null : new Rehearsal(new Decoder(decoder, new Workers(1)), rehearsal)) {
            for (int layer = 1; layer < layers.length; layer++) {
                layers[layer] = DecoderLayer.load(config, weights, layer);
            }
        }
        weights.refuseUnused();
        return decoder;
    }

    /** The architecture. */
    public Architecture architecture() {
        return config.architecture();
    }

    /** Positions that the model was trained for. */
    public int contextLength() {
        return config.contextLength();
    }

    /** Tokens in the vocabulary: elements of a row of logits. */
    public int vocabularySize() {
        return head.rows();
    }

    /** What a skipping method knows of the model. */
    public ModelShape shape() {
        return shape;
    }

    /**
     * A new, empty sequence.
     *
     * @param exact whether all products are taken in f32, whatever the weights
     */
    public Sequence sequence(int capacity, KvType kvType, boolean exact) {
        KvCache cache = new KvCache(kvType, layers.length, config.kvHeads(), config.headSize(), capacity);
        return new Sequence(cache, exact, capacity > config.originalContext() ? longRope : rope);
    }

    /**
     * Runs tokens through the layers, and asks the plan before each sublayer. Afterwards {@link #logits} gives the logits
     * of the last {@code outputs} of them.
     *
     * <p>The others leave their keys and values in every layer, and no more in the last one, whose attention is the last to
     * read one token for another: in a prompt that is most of a layer's work.
     *
     * @param tokens {@code tokens[from]} to {@code tokens[to - 1]} are run, at most {@link #BATCH} of them
     * @param outputs 0 to all of them
     * @param position of {@code tokens[from]} in the sequence
     * @param cancellable whether {@link Sequence#cancel()} ends the pass
     * @return false where the pass was cancelled; rows of its tokens may then be in the cache
     * @throws Hole where an attention sublayer would read positions that it was left out of
     */
    public boolean run(
            Sequence sequence,
            int[] tokens,
            int from,
            int to,
            int outputs,
            int position,
            Phase phase,
            SkipPlan plan,
            boolean cancellable) {
        int count = to - from;
        sequence.firstOutput = Objects.checkIndex(count - outputs, count + 1);
        embed(sequence, tokens, from, count);
        float[] stream = sequence.stream;
        int width = config.width();
        boolean free = plan == SkipPlan.NONE;
        plan.begin(phase, position, count);
        for (int step = 0; step < 2 * layers.length; step++) {
            if (cancellable && sequence.cancelled()) {
                return false;
            }
            boolean attention = step % 2 == 0;
            int sublayer = attention ? step / 2 : layers.length + step / 2;
            switch (free ? Decision.RUN : plan.decide(sublayer, phase, count)) {
                case Decision.Run run -> {
                    boolean observed = !free && plan.observes(sublayer, phase);
                    if (observed) {
                        sequence.before = Workspace.fit(sequence.before, count, width);
                        System.arraycopy(stream, 0, sequence.before, 0, count * width);
                    }
                    int first = firstNeeded(sequence, step, phase, plan);
                    compute(sequence, step, count, position, first == 0 ? null : IntStream.range(first, count).toArray());
                    sequence.spent += cost(step, count, count);
                    if (observed) {
                        plan.observe(sublayer, phase, sequence.before, stream, count, width);
                    }
                }
                case Decision.LeaveOut leaveOut -> {
                    if (leaveOut.scale() != 1) {
                        for (int i = 0; i < count * width; i++) {
                            stream[i] *= leaveOut.scale();
                        }
                    }
                }
                case Decision.Replace replace -> {
                    if (replace.span() > 2 * layers.length - step) {
                        throw new IllegalStateException("a stand-in at sublayer " + sublayer + " cannot take the place of "
                                + replace.span() + " sublayers where " + (2 * layers.length - step) + " are left");
                    }
                    int first = step + replace.span() < 2 * layers.length ? 0 : sequence.firstOutput;
                    replace.standIn().apply(stream, first * width, count - first, workers);
                    sequence.spent += count * replace.standIn().multiplyAdds();
                    step += replace.span() - 1;
                }
                case Decision.RunTokens some -> {
                    if (some.tokens().length() > count) {
                        throw new IllegalStateException("sublayer " + sublayer + " cannot run for token "
                                + (some.tokens().length() - 1) + " of a batch of " + count);
                    }
                    int first = firstNeeded(sequence, step, phase, plan);
                    compute(sequence, step, count, position, some.tokens().stream().filter(t -> t >= first).toArray());
                    sequence.spent += cost(step, count, some.tokens().cardinality());
                }
                case Decision.Stop stop -> step = 2 * layers.length;
            }
        }
        sequence.wanted += count * shape.layersCost();
        plan.end(phase);
        return true;
    }

    /**
     * The first token of the batch whose stream anybody reads behind a sublayer. The last attention serves the sublayer
     * behind it as well, which a plan may want to see whole.
     */
    private int firstNeeded(Sequence sequence, int step, Phase phase, SkipPlan plan) {
        int last = layers.length - 1;
        boolean all = step < 2 * last
                || plan.observes(layers.length + last, phase)
                || step == 2 * last && plan.observes(last, phase);
        return all ? 0 : sequence.firstOutput;
    }

    /**
     * Multiply-adds of a sublayer, as the skipping methods count them: those that nobody reads in the last layer
     * ({@link #firstNeeded}) are a plan's merit as little as its cost.
     */
    private long cost(int step, int count, int computed) {
        if (step % 2 == 1) {
            return computed * shape.feedForwardCost();
        }
        long keyValue = layers[0].attention().keyValue().multiplyAdds();
        return count * keyValue + computed * (shape.attentionCost() - keyValue);
    }

    private void embed(Sequence sequence, int[] tokens, int from, int count) {
        int width = config.width();
        sequence.stream = Workspace.fit(sequence.stream, count, width);
        sequence.normed = Workspace.fit(sequence.normed, count, width);
        sequence.output = Workspace.fit(sequence.output, count, width);
        float[] stream = sequence.stream;
        for (int t = 0; t < count; t++) {
            embedding.row(tokens[from + t], stream, t * width);
        }
        if (embeddingScale != 1) {
            for (int i = 0; i < count * width; i++) {
                stream[i] *= embeddingScale;
            }
        }
    }

    /** Runs one sublayer: for all tokens of the batch, or for those in {@code rows}. */
    private void compute(Sequence sequence, int step, int count, int position, int[] rows) {
        DecoderLayer layer = layers[step / 2];
        int computed = rows == null ? count : rows.length;
        if (step % 2 == 0) {
            int length = sequence.cache.length(step / 2);
            if (length < position) {
                throw new Hole(step / 2, length);
            }
            // Keys and values are needed of every token, whichever are computed.
            normalise(sequence, layer.attentionNorm(), count, null);
            Rope own = layer.windowed() && windowRope != null ? windowRope : sequence.rope;
            layer.attention().apply(
                    sequence.normed, count, position, rows, own, sequence.cache, sequence.space, sequence.output, workers);
            add(sequence, layer.attentionPostNorm(), computed, rows);
        } else if (computed > 0) {
            normalise(sequence, layer.feedForwardNorm(), computed, rows);
            layer.feedForward().apply(sequence.normed, computed, sequence.space, sequence.output, workers);
            add(sequence, layer.feedForwardPostNorm(), computed, rows);
        }
    }

    /** Normalises rows of the stream into the first rows of {@code normed}. */
    private void normalise(Sequence sequence, RmsNorm norm, int count, int[] rows) {
        int width = config.width();
        workers.run(count, Workspace.GRAIN, (begin, end, worker) -> {
            for (int i = begin; i < end; i++) {
                norm.apply(sequence.stream, (rows == null ? i : rows[i]) * width, sequence.normed, i * width);
            }
        });
    }

    /** Adds what a sublayer gave to the stream, through the norm that may follow it. */
    private void add(Sequence sequence, RmsNorm norm, int count, int[] rows) {
        int width = config.width();
        float[] output = sequence.output;
        float[] stream = sequence.stream;
        workers.run(count, Workspace.GRAIN, (begin, end, worker) -> {
            for (int i = begin; i < end; i++) {
                if (norm != null) {
                    norm.apply(output, i * width, output, i * width);
                }
                int at = (rows == null ? i : rows[i]) * width;
                for (int c = 0; c < width; c++) {
                    stream[at + c] += output[i * width + c];
                }
            }
        });
    }

    /**
     * Computes the logits of {@code count} tokens of the last pass, from its token {@code first} on.
     *
     * @param out count x vocabulary, row-major
     * @throws IllegalArgumentException when {@code first} is before the tokens that the pass was to give outputs of
     */
    public void logits(Sequence sequence, int first, int count, float[] out) {
        if (first < sequence.firstOutput) {
            throw new IllegalArgumentException(
                    "token " + first + " has no output: the pass gave those from token " + sequence.firstOutput + " on");
        }
        int width = config.width();
        workers.run(count, Workspace.GRAIN, (begin, end, worker) -> {
            for (int i = begin; i < end; i++) {
                outputNorm.apply(sequence.stream, (first + i) * width, sequence.normed, i * width);
            }
        });
        sequence.space.activations().set(sequence.normed, 0, width, count, width);
        int vocabulary = head.rows();
        head.apply(sequence.space.activations(), sequence.space.products(), out, 0, vocabulary, workers);
        if (config.logitCap() != 0) {
            workers.run(count, 1, (begin, end, worker) -> VectorMath.softCap(
                    out, begin * vocabulary, (end - begin) * vocabulary, config.logitCap()));
        }
    }

    /** The same in rows of their own. */
    public void logits(Sequence sequence, int first, float[][] out, int outFirst, int count) {
        // Few rows at a time, for a large vocabulary's sake.
        int group = 32;
        int vocabulary = head.rows();
        for (int done = 0; done < count; done += group) {
            int rows = Math.min(group, count - done);
            sequence.logits = Workspace.fit(sequence.logits, rows, vocabulary);
            logits(sequence, first + done, rows, sequence.logits);
            for (int i = 0; i < rows; i++) {
                out[outFirst + done + i] = Arrays.copyOfRange(sequence.logits, i * vocabulary, (i + 1) * vocabulary);
            }
        }
    }
}
