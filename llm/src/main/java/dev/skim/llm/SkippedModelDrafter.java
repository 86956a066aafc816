package dev.skim.llm;

import dev.skim.llm.decoder.Decoder;
import dev.skim.llm.decoder.Hole;
import dev.skim.llm.decoder.Sequence;
import dev.skim.skip.Decision;
import dev.skim.skip.DraftLength;
import dev.skim.skip.Phase;
import dev.skim.skip.SkipPlan;
import dev.skim.skip.Speculation;
import dev.skim.tensor.VectorMath;
import java.util.SplittableRandom;

/**
 * Drafts with the same model and less of it. It reads the whole model's keys and values up to the last verified token and
 * puts its own rows behind them, in the attention sublayers that it runs; verifying writes the rows of all sublayers anew
 * from there on, so that none of the draft's is ever read by the whole model.
 */
final class SkippedModelDrafter implements Drafter {
    private static final long DRAFT_SEED = 0x5DEECE66DL;

    private final Session session;
    private final Decoder decoder;
    private final Sequence sequence;
    private final SkipPlan plan;
    private final DraftLength length = new DraftLength();
    private final boolean always;
    private final float[][] drawnFrom = new float[Drafting.LONGEST][];
    private final float[] logits;
    private final float[] weights;
    private final int[] token = new int[1];
    private Sampler own;
    private SplittableRandom random;
    private int last;
    private int limit;

    /** {@code always} says that a draft goes on where it is unsure, too. */
    SkippedModelDrafter(Session session, Decoder decoder, Sequence sequence, SkipPlan plan, boolean always) {
        this.always = always;
        this.session = session;
        this.decoder = decoder;
        this.sequence = sequence;
        this.plan = plan;
        logits = new float[decoder.vocabularySize()];
        weights = new float[decoder.vocabularySize()];
    }

    /** Reads prompts with the whole model, and lets the draft's plan look on if it learns from them. */
    SkipPlan promptPlan() {
        return new SkipPlan() {
            @Override
            public Decision decide(int sublayer, Phase phase, int tokens) {
                return Decision.RUN;
            }

            @Override
            public void begin(Phase phase, int position, int tokens) {
                if (phase == Phase.PREFILL) {
                    plan.begin(phase, position, tokens);
                }
            }

            @Override
            public void end(Phase phase) {
                if (phase == Phase.PREFILL) {
                    plan.end(phase);
                }
            }

            @Override
            public void newRequest() {
                plan.newRequest();
            }

            @Override
            public boolean observes(int sublayer, Phase phase) {
                return phase == Phase.PREFILL && plan.observes(sublayer, phase);
            }

            @Override
            public void observe(int sublayer, Phase phase, float[] input, float[] output, int tokens, int width) {
                plan.observe(sublayer, phase, input, output, tokens, width);
            }
        };
    }

    @Override
    public double[] acceptance() {
        return new double[] {0.8};
    }

    @Override
    public void newRequest(int[] prompt, Sampling sampling) {
        own = new Sampler(sampling, decoder.vocabularySize());
        random = new SplittableRandom(sampling.seed() ^ DRAFT_SEED);
    }

    @Override
    public void add(int token) {
        last = token;
    }

    @Override
    public int offer() {
        return 0;
    }

    @Override
    public int draft(int[] out, int most, Sampler sampler) {
        own.follow(sampler);
        limit = most;
        int drafted = 0;
        token[0] = last;
        double probability = 1;
        while (drafted < most && (drafted == 0 || always || length.goOn(drafted, probability))) {
            try {
                if (!decoder.run(
                        sequence, token, 0, 1, 1, session.position() + drafted, Phase.DECODE, plan, true)) {
                    break;
                }
            } catch (Hole hole) {
                // A plan that changed its mind between two drafted tokens; the draft ends there.
                break;
            }
            decoder.logits(sequence, 0, 1, logits);
            if (own.greedy()) {
                token[0] = own.next(logits);
                probability = probability(token[0]);
            } else {
                if (drawnFrom[drafted] == null) {
                    drawnFrom[drafted] = new float[logits.length];
                }
                own.distribution(logits, drawnFrom[drafted]);
                token[0] = Speculation.draw(drawnFrom[drafted], random);
                probability = drawnFrom[drafted][token[0]];
            }
            own.accept(token[0]);
            out[drafted++] = token[0];
            if (session.model().tokenizer().isEndOfGeneration(token[0])) {
                // Nothing behind it could stand: the text ends with it, if it does.
                break;
            }
        }
        return drafted;
    }

    private double probability(int chosen) {
        // The chosen token is the likeliest but for a repetition penalty; exp must not overflow then either.
        float top = logits[chosen];
        for (float logit : logits) {
            top = Math.max(top, logit);
        }
        for (int i = 0; i < logits.length; i++) {
            weights[i] = logits[i] - top;
        }
        VectorMath.exp(weights, 0, weights.length);
        double sum = 0;
        for (float weight : weights) {
            sum += weight;
        }
        return weights[chosen] / sum;
    }

    @Override
    public float[] drawnFrom(int i) {
        return own.greedy() ? null : drawnFrom[i];
    }

    @Override
    public void verified(int drafted, int accepted) {
        length.verified(drafted, accepted, limit);
    }
}
