package dev.skim.skip;

/**
 * SkipDecode as the AdaSkip paper compares with it: layers 1 to n go. Mode prefill: n = N throughout. Otherwise n grows
 * with the answer, {@code min(N, ceil(t / max * (N - 1)) + 1)} at its t-th token (t from 0), and in mode both the prompt
 * is read with n = 1.
 *
 * <p>Within a session n never falls, because the layers that were left out have no keys and values for the tokens
 * so far; going back to where the first was left out starts afresh.
 *
 * <p>Spec: {@code skipdecode:4}, with {@code prefill}, {@code decode} or {@code both} (the default), and {@code max=512}.
 *
 * @param layers N
 * @param longest tokens of the longest answer
 */
public record SkipDecode(int layers, Mode mode, int longest) implements SkipPolicy {
    /** The generation limit of the paper's summaries. */
    public static final int LONGEST = 512;

    /** Checks that the longest answer has a token. */
    public SkipDecode {
        if (longest < 1) {
            throw new IllegalArgumentException("the longest answer has at least one token, not " + longest);
        }
    }

    /** n at token {@code t} of an answer. */
    public int depth(int t) {
        return Math.min(layers, (int) Math.ceil((double) t / longest * (layers - 1)) + 1);
    }

    @Override
    public SkipPlan plan(ModelShape shape) {
        SkipSets.checkLayers("skipdecode", layers, shape);
        return layers == 0 ? SkipPlan.NONE : new Plan(shape.layers());
    }

    @Override
    public String toString() {
        return "skipdecode:" + layers + ":" + mode + (longest == LONGEST ? "" : ":max=" + longest);
    }

    private final class Plan implements SkipPlan {
        private final int modelLayers;
        private final Decision out = SkipSets.leaveOut(1);
        private final Gaps gaps = new Gaps();
        private int answerFrom = -1;
        private int depth;

        Plan(int modelLayers) {
            this.modelLayers = modelLayers;
        }

        @Override
        public Decision decide(int sublayer, Phase phase, int tokens) {
            int layer = sublayer < modelLayers ? sublayer : sublayer - modelLayers;
            return layer >= 1 && layer <= depth ? out : Decision.RUN;
        }

        @Override
        public void begin(Phase phase, int position, int tokens) {
            boolean decode = phase == Phase.DECODE;
            if (!decode) {
                answerFrom = -1;
            } else if (answerFrom < 0 || position < answerFrom) {
                answerFrom = position;
            }
            int ofPrompt = mode == Mode.PREFILL ? layers : mode == Mode.BOTH ? Math.min(1, layers) : 0;
            int now = decode && mode != Mode.PREFILL ? depth(position - answerFrom) : ofPrompt;
            gaps.begin(position, now > ofPrompt);
            depth = gaps.before(position) ? Math.max(depth, now) : now;
        }

        @Override
        public int gapsFrom() {
            return gaps.from();
        }

        @Override
        public String status() {
            return "SkipDecode leaves out " + SkipSets.count(depth, "layer") + " of at most " + layers + ", from layer 1 on"
                    + SkipSets.when(mode);
        }
    }
}
