package dev.skim.skip;

import java.util.Arrays;

/**
 * How little each sublayer and each short run of layers changes the residual stream: means over tokens. Immutable.
 *
 * <p>IO similarity is AdaSkip eq. 2, scale is eq. 3; a layer's block influence (ShortGPT section 3.1) is one minus its
 * similarity.
 */
public final class Importance {
    private final long tokens;
    private final double[] similarity;
    private final double[] scale;
    private final double[][] runSimilarity;
    private final double[][] runScale;

    /**
     * Takes means as they are.
     *
     * @param tokens tokens that were averaged
     * @param similarity 2M means of the cosine
     * @param scale 2M means of the norm ratio
     * @param runSimilarity {@code [n - 1][l]}: mean cosine over the n layers from layer l on; row n - 1 has M - n + 1
     *     entries, and there is at least the first row
     * @param runScale the norm ratios, in the same form
     * @throws IllegalArgumentException when the lengths do not fit together
     */
    public Importance(
            long tokens, double[] similarity, double[] scale, double[][] runSimilarity, double[][] runScale) {
        int layers = similarity.length / 2;
        if (tokens < 1 || layers < 1 || similarity.length != 2 * layers || scale.length != 2 * layers) {
            throw new IllegalArgumentException("importance has at least one token and as many scales as similarities, "
                    + "two for each layer, not " + similarity.length + " and " + scale.length);
        }
        if (runSimilarity.length < 1 || runSimilarity.length > layers || runScale.length != runSimilarity.length) {
            throw new IllegalArgumentException("importance has similarities and scales of runs of 1 to " + layers
                    + " layers, not " + runSimilarity.length + " and " + runScale.length + " rows");
        }
        for (int n = 0; n < runSimilarity.length; n++) {
            if (runSimilarity[n].length != layers - n || runScale[n].length != layers - n) {
                throw new IllegalArgumentException("there are " + (layers - n) + " runs of " + (n + 1) + " layers, not "
                        + runSimilarity[n].length + " and " + runScale[n].length);
            }
        }
        this.tokens = tokens;
        this.similarity = similarity.clone();
        this.scale = scale.clone();
        this.runSimilarity = copy(runSimilarity);
        this.runScale = copy(runScale);
    }

    /** Decoder layers M. */
    public int layers() {
        return similarity.length / 2;
    }

    /** Tokens that were averaged. */
    public long tokens() {
        return tokens;
    }

    /** IO similarity of a sublayer: 1 means that it does nothing but lengthen the stream. */
    public double similarity(int sublayer) {
        return similarity[sublayer];
    }

    /** Eq. 3 scale of a sublayer. */
    public double scale(int sublayer) {
        return scale[sublayer];
    }

    /** Similarity of a layer's input and output. */
    public double layerSimilarity(int layer) {
        return runSimilarity[0][layer];
    }

    /** The longest run of layers that was measured, at least 1. */
    public int longestRun() {
        return runSimilarity.length;
    }

    /** Similarity over {@code count} layers from {@code layer} on; {@code count} is at most {@link #longestRun}. */
    public double runSimilarity(int layer, int count) {
        return runSimilarity[count - 1][layer];
    }

    /** Scale over {@code count} layers from {@code layer} on; of runs longer than measured, the product of parts. */
    public double runScale(int layer, int count) {
        double product = 1;
        for (int done = 0; done < count; ) {
            int part = Math.min(count - done, runScale.length);
            product *= runScale[part - 1][layer + done];
            done += part;
        }
        return product;
    }

    /** All similarities, a copy. */
    public double[] similarities() {
        return similarity.clone();
    }

    /** All scales, a copy. */
    public double[] scales() {
        return scale.clone();
    }

    /** All run similarities, a copy; see the constructor for the form. */
    public double[][] runSimilarities() {
        return copy(runSimilarity);
    }

    /** All run scales, a copy. */
    public double[][] runScales() {
        return copy(runScale);
    }

    /** Sublayer ids from most to least similar; ties as in the AdaSkip code: attention first, lower layer first. */
    public int[] order() {
        return descending(similarity);
    }

    /** Layers from most to least similar, which is from least to most block influence; ties: lower layer first. */
    public int[] layerOrder() {
        return descending(runSimilarity[0]);
    }

    private static int[] descending(double[] values) {
        Integer[] order = new Integer[values.length];
        Arrays.setAll(order, i -> i);
        Arrays.sort(order, (a, b) -> Double.compare(values[b], values[a]));
        return Arrays.stream(order).mapToInt(Integer::intValue).toArray();
    }

    private static double[][] copy(double[][] rows) {
        return Arrays.stream(rows).map(double[]::clone).toArray(double[][]::new);
    }
}
