package dev.skim.skip;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;

/**
 * Ours: the least harm per measured millisecond until the wanted saving is reached. Sublayers, layers and short runs of
 * layers compete; the choice with the least total harm whose saving reaches the share is found exactly
 * ({@link RunSelector}), which is never worse than taking them in order of harm per millisecond. That holds where harms
 * add up; harms of sublayers that are left out together do not, so where the profile has orders in which they were left out
 * together ({@link Profile#removals}), the beginning is taken of the one that does the least harm at this saving.
 *
 * <p>Harm is what the profile measured; without that, one minus the similarity over what is left out, which adds up
 * where the changes are independent. Costs are the profile's measured times in the phase that the mode names, or in both,
 * and the saving is reached in each of these; without times, multiply-adds. What {@code prefill} leaves out of the prompt
 * is missing in the answer too, but what that saves is not looked at. Scales are eq. 3 over each run.
 *
 * <p>Spec: {@code cost:25%}, with {@code prefill}, {@code decode} or {@code both} (the default), and {@code noscale}.
 *
 * @param share the share of the layers' time to save
 */
public record CostAware(Profile profile, Share share, Mode mode, boolean scale) implements SkipPolicy {
    private static final int ATTEMPTS = 64;

    /** What was chosen for a model. */
    private record Choice(BitSet sublayers, double saving) {}

    @Override
    public SkipPlan plan(ModelShape shape) {
        Choice choice = choose(shape);
        return FixedPlan.of(
                shape, decisions(profile.importance(), shape, choice.sublayers, scale), mode, String.format(
                        Locale.ROOT, "cost-aware selection leaves out %s%s: %.1f %% of the layers' %s",
                        SkipSets.sublayers(shape, choice.sublayers), SkipSets.when(mode), 100 * choice.saving,
                        measured().isEmpty() ? "multiply-adds" : "measured time"));
    }

    /**
     * What leaving out a set of sublayers is: one decision for each sublayer, with eq. 3 over each run of them.
     *
     * @param scale whether the stream is scaled, or left as it is
     */
    public static Decision[] decisions(Importance importance, ModelShape shape, BitSet sublayers, boolean scale) {
        Decision[] decisions = SkipSets.runAll(shape);
        BitSet steps = new BitSet();
        sublayers.stream().forEach(s -> steps.set(shape.step(s)));
        for (int from = steps.nextSetBit(0); from >= 0; ) {
            int end = steps.nextClearBit(from);
            for (int step = from; step < end; step++) {
                decisions[shape.sublayer(step)] = SkipSets.leaveOut(1);
            }
            decisions[shape.sublayer(from)] = SkipSets.leaveOut(scale ? runScale(importance, shape, from, end) : 1);
            from = steps.nextSetBit(end);
        }
        return decisions;
    }

    /** The sublayers that are left out of a model. */
    public BitSet sublayers(ModelShape shape) {
        return choose(shape).sublayers;
    }

    private List<SublayerCosts> measured() {
        Phase only = mode == Mode.DECODE ? Phase.DECODE : mode == Mode.PREFILL ? Phase.PREFILL : null;
        return profile.costs().stream()
                .filter(cost -> only == null || cost.phase() == only)
                .toList();
    }

    private Choice choose(ModelShape shape) {
        profile.check(shape);
        Choice choice = search(shape);
        if (choice.sublayers.cardinality() == shape.sublayers()) {
            throw new IllegalArgumentException("cost keeps at least one sublayer, and to save " + share
                    + " it would leave out all " + shape.sublayers());
        }
        return choice;
    }

    private Choice search(ModelShape shape) {
        int layers = shape.layers();
        List<SublayerCosts> costs = measured();
        if (costs.isEmpty()) {
            costs = List.of(new SublayerCosts(Phase.PREFILL, 1, shape.attentionCost(), shape.feedForwardCost(), 0));
        }
        Choice ordered = inOrder(shape, costs);
        if (ordered != null) {
            return ordered;
        }
        double attention =
                costs.stream().mapToDouble(c -> c.attentionShare(layers)).average().orElseThrow();
        double feedForward =
                costs.stream().mapToDouble(c -> c.feedForwardShare(layers)).average().orElseThrow();
        List<RunSelector.Candidate> candidates = candidates(shape, attention, feedForward);
        double target = share.value();
        for (int attempt = 0; ; attempt++) {
            BitSet chosen = new BitSet();
            for (RunSelector.Candidate candidate : RunSelector.choose(candidates, target)) {
                for (int step = candidate.run().start(); step < candidate.run().end(); step++) {
                    chosen.set(shape.sublayer(step));
                }
            }
            double least = least(costs, chosen, layers);
            if (least >= enough()) {
                return new Choice(chosen, least);
            }
            if (attempt == ATTEMPTS) {
                throw new IllegalArgumentException("cost found no choice of sublayers that saves " + share
                        + " of the time in each measured phase");
            }
            // The target is a mean over phases and contexts; raise it by what the worst of them falls short.
            target = Math.min(1 - 1e-6, target + Math.max(1e-4, share.value() - least));
        }
    }

    /** Of the measured orders' beginnings that save enough, the one with the least harm; null where none is so long. */
    private Choice inOrder(ModelShape shape, List<SublayerCosts> costs) {
        Choice best = null;
        double leastHarm = Double.POSITIVE_INFINITY;
        for (List<Removal> order : profile.removals()) {
            BitSet chosen = new BitSet();
            double harm = 0;
            double saving = 0;
            for (int i = 0; i < order.size() && saving < enough(); i++) {
                Run run = order.get(i).run();
                for (int step = run.start(); step < run.end(); step++) {
                    chosen.set(shape.sublayer(step));
                }
                harm = order.get(i).harm();
                saving = least(costs, chosen, shape.layers());
            }
            if (saving >= enough() && harm < leastHarm) {
                best = new Choice(chosen, saving);
                leastHarm = harm;
            }
        }
        return best;
    }

    /** The share, less what rounding may take. */
    private double enough() {
        return share.value() * (1 - 1e-9);
    }

    private static double least(List<SublayerCosts> costs, BitSet chosen, int layers) {
        return costs.stream().mapToDouble(c -> saving(c, chosen, layers)).min().orElseThrow();
    }

    private static double saving(SublayerCosts costs, BitSet chosen, int layers) {
        int attention = chosen.get(0, layers).cardinality();
        return attention * costs.attentionShare(layers)
                + (chosen.cardinality() - attention) * costs.feedForwardShare(layers);
    }

    private List<RunSelector.Candidate> candidates(ModelShape shape, double attention, double feedForward) {
        Importance importance = profile.importance();
        double[] harm = profile.harm();
        double[] layerHarm = profile.layerHarm();
        boolean harmsKnown = harm.length > 0;
        int layers = shape.layers();
        List<RunSelector.Candidate> candidates = new ArrayList<>();
        for (int step = 0; step < shape.sublayers(); step++) {
            int sublayer = shape.sublayer(step);
            double of = harmsKnown ? harm[sublayer] : 1 - importance.similarity(sublayer);
            candidates.add(candidate(new Run(step, 1), shape.isAttention(sublayer) ? attention : feedForward, of));
        }
        for (int layer = 0; layer < layers; layer++) {
            if (harmsKnown) {
                candidates.add(candidate(Run.ofLayers(layer, 1), attention + feedForward, layerHarm[layer]));
            }
            // Measured harms and similarities are of different units: they are not mixed.
            int longest = harmsKnown ? 0 : importance.longestRun();
            for (int count = 1; count <= Math.min(longest, layers - layer); count++) {
                candidates.add(candidate(
                        Run.ofLayers(layer, count),
                        count * (attention + feedForward),
                        1 - importance.runSimilarity(layer, count)));
            }
        }
        return candidates;
    }

    private static RunSelector.Candidate candidate(Run run, double saved, double harm) {
        return new RunSelector.Candidate(run, saved, Math.max(0, harm));
    }

    /** Eq. 3 over the steps from {@code from} to before {@code end}: a feed-forward, whole layers, an attention. */
    private static double runScale(Importance importance, ModelShape shape, int from, int end) {
        double product = from % 2 == 1 ? importance.scale(shape.sublayer(from)) : 1;
        int first = (from + 1) / 2;
        int last = end / 2;
        product *= last > first ? importance.runScale(first, last - first) : 1;
        // An odd end lies behind an attention.
        return end % 2 == 1 ? product * importance.scale(shape.sublayer(end - 1)) : product;
    }

    @Override
    public String toString() {
        return "cost:" + share + ":" + mode + (scale ? "" : ":noscale");
    }
}
