package dev.skim.skip;

import java.util.BitSet;
import java.util.Optional;

/** The state of AdaSkip in one session: the offline set, and what the learning window of the request says. */
public final class AdaSkipPlan implements SkipPlan {
    private final AdaSkip policy;
    private final ModelShape shape;
    private final SublayerStatistics learning;
    private final Gaps gaps = new Gaps();
    private final BitSet offline = new BitSet();
    private final BitSet extra = new BitSet();
    private final Decision[] prompt;
    private final Decision[] generation;
    private final double[] windowSimilarity;
    private final double[] windowScale;
    /** The two with the pass that is under way. */
    private final double[] similarityNow;

    private final double[] scaleNow;
    private double beta = Double.POSITIVE_INFINITY;
    private boolean offlineAttention;
    private boolean inPrompt;
    private int seen;
    private int batch;

    AdaSkipPlan(AdaSkip policy, ModelShape shape, Importance importance) {
        this.policy = policy;
        this.shape = shape;
        prompt = SkipSets.runAll(shape);
        generation = SkipSets.runAll(shape);
        windowSimilarity = new double[shape.sublayers()];
        windowScale = new double[shape.sublayers()];
        similarityNow = new double[shape.sublayers()];
        scaleNow = new double[shape.sublayers()];
        learning = importance == null ? new SublayerStatistics(shape) : null;
        if (importance != null) {
            adopt(importance);
        }
    }

    private void adopt(Importance importance) {
        int[] order = importance.order();
        for (int i = 0; i < policy.sublayers(shape); i++) {
            int sublayer = order[i];
            offline.set(sublayer);
            offlineAttention |= shape.isAttention(sublayer);
            prompt[sublayer] = SkipSets.leaveOut(policy.scale() ? importance.scale(sublayer) : 1);
            generation[sublayer] = prompt[sublayer];
            beta = Math.min(beta, importance.similarity(sublayer));
        }
    }

    /** Whether the plan still reads prompts whole to learn from them. */
    public boolean learning() {
        return offline.isEmpty();
    }

    /** What the plan learned from prompts; empty where it has a profile instead, or it is too early. */
    public Optional<Importance> learned() {
        return learning == null || learning() ? Optional.empty() : learning.importance();
    }

    /** Sublayers of the offline set, a copy. */
    public BitSet offlineSet() {
        return (BitSet) offline.clone();
    }

    /** Feed-forward sublayers that this request's window added, a copy. */
    public BitSet extraSet() {
        return (BitSet) extra.clone();
    }

    /** The least similarity of the offline set; infinite while learning. */
    public double beta() {
        return beta;
    }

    @Override
    public Decision decide(int sublayer, Phase phase, int tokens) {
        if (phase == Phase.DECODE) {
            return generation[sublayer];
        }
        return inPrompt ? prompt[sublayer] : Decision.RUN;
    }

    @Override
    public void begin(Phase phase, int position, int tokens) {
        if (phase == Phase.DECODE) {
            adoptLearned();
            batch = policy.online() && policy.mode() != Mode.PREFILL && !learning()
                    ? Math.min(tokens, policy.window() - seen)
                    : 0;
        } else if (learning()) {
            learning.begin(phase, position, tokens);
        }
        if (!policy.mode().skipsPrompt()) {
            gaps.begin(position, phase == Phase.DECODE && offlineAttention);
        }
        inPrompt = policy.mode().skipsPrompt() || gaps.before(position);
    }

    /** Between a prompt and its answer, or between requests, so that the chunks of a prompt do not matter. */
    private void adoptLearned() {
        if (learning() && learning.tokens() >= AdaSkip.LEARNING_TOKENS) {
            adopt((policy.withoutFirst() ? learning.importanceWithoutFirst() : learning.importance()).orElseThrow());
        }
    }

    @Override
    public boolean observes(int sublayer, Phase phase) {
        if (phase == Phase.PREFILL) {
            return learning();
        }
        return batch > 0 && !shape.isAttention(sublayer);
    }

    @Override
    public void observe(int sublayer, Phase phase, float[] input, float[] output, int tokens, int width) {
        if (phase == Phase.PREFILL) {
            learning.observe(sublayer, phase, input, output, tokens, width);
            return;
        }
        similarityNow[sublayer] = windowSimilarity[sublayer];
        scaleNow[sublayer] = windowScale[sublayer];
        for (int t = 0; t < batch; t++) {
            Similarity similarity = Similarity.of(input, output, t * width, width);
            similarityNow[sublayer] += similarity.cosine();
            scaleNow[sublayer] += similarity.ratio();
        }
    }

    @Override
    public void end(Phase phase) {
        if (phase == Phase.PREFILL) {
            if (learning()) {
                learning.end(phase);
            }
            return;
        }
        if (batch > 0) {
            System.arraycopy(similarityNow, 0, windowSimilarity, 0, windowSimilarity.length);
            System.arraycopy(scaleNow, 0, windowScale, 0, windowScale.length);
            seen += batch;
            batch = 0;
            if (seen == policy.window()) {
                addExtra();
            }
        }
    }

    private void addExtra() {
        for (int sublayer = shape.layers(); sublayer < shape.sublayers(); sublayer++) {
            if (!offline.get(sublayer) && windowSimilarity[sublayer] / seen >= beta) {
                extra.set(sublayer);
                generation[sublayer] =
                        SkipSets.leaveOut(policy.scale() ? windowScale[sublayer] / seen : 1);
            }
        }
    }

    @Override
    public void newRequest() {
        adoptLearned();
        seen = 0;
        batch = 0;
        extra.clear();
        for (int sublayer = shape.layers(); sublayer < shape.sublayers(); sublayer++) {
            generation[sublayer] = prompt[sublayer];
            windowSimilarity[sublayer] = 0;
            windowScale[sublayer] = 0;
        }
    }

    @Override
    public int gapsFrom() {
        return gaps.from();
    }

    @Override
    public String status() {
        if (learning()) {
            return "AdaSkip has no profile of this model and learns from the first prompts: " + learning.tokens() + " of "
                    + AdaSkip.LEARNING_TOKENS + " tokens read, nothing left out yet";
        }
        String text = "AdaSkip leaves out " + offline.cardinality() + " of " + shape.sublayers() + " sublayers"
                + SkipSets.when(policy.mode()) + ": " + SkipSets.sublayers(shape, offline);
        if (learning != null) {
            text += "; learned from " + learning.tokens() + " tokens of this session";
        }
        return extra.isEmpty()
                ? text
                : text + "; since token " + policy.window() + " of the answer also " + SkipSets.sublayers(shape, extra);
    }
}
