package dev.skim.skip;

import java.util.Arrays;
import java.util.BitSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Small things that the methods share. */
final class SkipSets {
    private static final Decision IDENTITY = new Decision.LeaveOut(1);

    private SkipSets() {}

    /** Decisions that run everything. */
    static Decision[] runAll(ModelShape shape) {
        Decision[] decisions = new Decision[shape.sublayers()];
        Arrays.fill(decisions, Decision.RUN);
        return decisions;
    }

    /** A decision that leaves a sublayer out; a scale that cannot be used is taken for 1. */
    static Decision leaveOut(double scale) {
        float rounded = (float) scale;
        return !(rounded > 0) || rounded == Float.POSITIVE_INFINITY || rounded == 1
                ? IDENTITY
                : new Decision.LeaveOut(rounded);
    }

    /** The plan that leaves out whole layers, the stream unchanged. */
    static SkipPlan layers(ModelShape shape, BitSet layers, Mode mode, String name) {
        Decision[] decisions = runAll(shape);
        for (int layer = layers.nextSetBit(0); layer >= 0; layer = layers.nextSetBit(layer + 1)) {
            decisions[layer] = IDENTITY;
            decisions[shape.layers() + layer] = IDENTITY;
        }
        return FixedPlan.of(shape, decisions, mode, name + " leaves out " + count(layers.cardinality(), "layer") + " of "
                + shape.layers() + ": " + list(layers) + when(mode));
    }

    /**
     * Checks a number of layers to leave out.
     *
     * @throws IllegalArgumentException when it is not 0 to M - 1
     */
    static void checkLayers(String name, int count, ModelShape shape) {
        if (count < 0 || count >= shape.layers()) {
            throw new IllegalArgumentException(name + " can leave out 0 to " + (shape.layers() - 1) + " of this model's "
                    + shape.layers() + " layers, not " + count);
        }
    }

    static String when(Mode mode) {
        return mode.skipsPrompt() ? "" : " (generated tokens only)";
    }

    static String count(int number, String noun) {
        return number + " " + noun + (number == 1 ? "" : "s");
    }

    /** Numbers with dashes for runs: {@code 4 9 12-15}. */
    static String list(BitSet set) {
        StringBuilder text = new StringBuilder();
        for (int from = set.nextSetBit(0); from >= 0; ) {
            int end = set.nextClearBit(from);
            text.append(text.isEmpty() ? "" : " ").append(from);
            if (end - from > 1) {
                text.append(end - from == 2 ? " " : "-").append(end - 1);
            }
            from = set.nextSetBit(end);
        }
        return text.toString();
    }

    /** Sublayers by kind: {@code attention 4 9, feed-forward 12-14}. */
    static String sublayers(ModelShape shape, BitSet set) {
        BitSet attention = new BitSet();
        BitSet feedForward = new BitSet();
        set.stream().forEach(s -> (shape.isAttention(s) ? attention : feedForward).set(shape.layer(s)));
        return Stream.of(
                        attention.isEmpty() ? "" : "attention " + list(attention),
                        feedForward.isEmpty() ? "" : "feed-forward " + list(feedForward))
                .filter(part -> !part.isEmpty())
                .collect(Collectors.joining(", "));
    }
}
