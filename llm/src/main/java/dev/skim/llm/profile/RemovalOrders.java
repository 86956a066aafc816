package dev.skim.llm.profile;

import dev.skim.skip.Importance;
import dev.skim.skip.ModelShape;
import dev.skim.skip.Removal;
import dev.skim.skip.Run;
import dev.skim.skip.SublayerCosts;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleConsumer;

/**
 * The orders in which sublayers and layers are left out by the cost-aware policy, the harm at each step being that of all
 * that is out by then, together. One takes at each step what adds the least harm per measured time; but what is best at
 * first need not be a good beginning (on SmolLM2-135M it is attention alone, and at 25 % that leads to perplexity 111 where
 * layers by block influence give 47), so the orders of block influence and of AdaSkip are measured too.
 *
 * <p>Harms of sublayers alone, added up, mislead: on SmolLM2-135M that sum chose attention 6 to 9, 12, 22, 25, 26, 28 and
 * feed-forward 12 for 12.5 %, perplexity 38.0, where four layers by block influence (13.3 %) give 34.
 */
final class RemovalOrders {
    /** Up to this share of the layers' time. */
    private static final double FAR_ENOUGH = 0.3;

    /** How many are tried at a step: those with the least harm alone per time. */
    private static final int TRIED = 12;

    /** A sublayer or a layer. */
    private record Piece(Run run, BitSet sublayers, double share, double alone) {}

    private final ModelShape shape;
    private final Importance importance;
    private final HarmMeasurement harms;
    private final Map<Run, Piece> pieces = new LinkedHashMap<>();

    /**
     * Prepares.
     *
     * @param costs measured times; where there are none, multiply-adds count
     * @param harm alone, of 2M sublayers and then of M layers
     */
    RemovalOrders(
            ModelShape shape, Importance importance, List<SublayerCosts> costs, double[] harm, HarmMeasurement harms) {
        this.shape = shape;
        this.importance = importance;
        this.harms = harms;
        double attention = costs.stream()
                .mapToDouble(cost -> cost.attentionShare(shape.layers()))
                .average()
                .orElse((double) shape.attentionCost() / shape.layersCost());
        for (int sublayer = 0; sublayer < shape.sublayers(); sublayer++) {
            double share = shape.isAttention(sublayer) ? attention : 1.0 / shape.layers() - attention;
            add(new Run(shape.step(sublayer), 1), share, harm[sublayer]);
        }
        for (int layer = 0; layer < shape.layers(); layer++) {
            add(Run.ofLayers(layer, 1), 1.0 / shape.layers(), harm[shape.sublayers() + layer]);
        }
    }

    private void add(Run run, double share, double alone) {
        BitSet sublayers = new BitSet();
        for (int step = run.start(); step < run.end(); step++) {
            sublayers.set(shape.sublayer(step));
        }
        pieces.put(run, new Piece(run, sublayers, share, alone));
    }

    List<List<Removal>> measure(DoubleConsumer progress) {
        List<List<Removal>> orders = new ArrayList<>();
        orders.add(greedy(done -> progress.accept(done * 0.8)));
        int[] layers = importance.layerOrder();
        orders.add(given(Arrays.stream(layers).mapToObj(layer -> Run.ofLayers(layer, 1)).toList()));
        progress.accept(0.9);
        int[] sublayers = importance.order();
        orders.add(given(Arrays.stream(sublayers).mapToObj(sublayer -> new Run(shape.step(sublayer), 1)).toList()));
        progress.accept(1);
        return orders;
    }

    /** The beginning of an order that is given. */
    private List<Removal> given(List<Run> runs) {
        List<Run> begun = new ArrayList<>();
        List<HarmMeasurement.Variant> variants = new ArrayList<>();
        BitSet out = new BitSet();
        double saved = 0;
        for (int i = 0; i < runs.size() && saved < FAR_ENOUGH; i++) {
            Piece piece = pieces.get(runs.get(i));
            out.or(piece.sublayers);
            saved += piece.share;
            begun.add(piece.run);
            variants.add(HarmMeasurement.Variant.of(shape, out, importance));
        }
        double[] harm = harms.measure(variants, done -> {});
        List<Removal> order = new ArrayList<>();
        for (int i = 0; i < harm.length; i++) {
            order.add(new Removal(begun.get(i), harm[i]));
        }
        return order;
    }

    private List<Removal> greedy(DoubleConsumer progress) {
        List<Piece> leastFirst = pieces.values().stream()
                .sorted(Comparator.comparingDouble(piece -> piece.alone / piece.share))
                .toList();
        List<Removal> order = new ArrayList<>();
        BitSet out = new BitSet();
        double saved = 0;
        double harm = 0;
        while (saved < FAR_ENOUGH) {
            List<Piece> tried = leastFirst.stream()
                    .filter(piece -> !piece.sublayers.intersects(out))
                    .limit(TRIED)
                    .toList();
            if (tried.isEmpty()) {
                break;
            }
            List<HarmMeasurement.Variant> variants = new ArrayList<>();
            for (Piece piece : tried) {
                BitSet with = (BitSet) out.clone();
                with.or(piece.sublayers);
                variants.add(HarmMeasurement.Variant.of(shape, with, importance));
            }
            double[] together = harms.measure(variants, done -> {});
            int best = 0;
            for (int i = 1; i < together.length; i++) {
                if ((together[i] - harm) / tried.get(i).share < (together[best] - harm) / tried.get(best).share) {
                    best = i;
                }
            }
            out.or(tried.get(best).sublayers);
            saved += tried.get(best).share;
            harm = together[best];
            order.add(new Removal(tried.get(best).run, harm));
            progress.accept(Math.min(1, saved / FAR_ENOUGH));
        }
        return order;
    }
}
