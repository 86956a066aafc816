package dev.skim.llm.eval;

import dev.skim.skip.Importance;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * Importance of the sublayers, {@code 1 - } IO similarity (AdaSkip eq. 2), as two rows of blocks: attention above
 * feed-forward, a column a layer, darker for more on a logarithmic scale.
 */
public final class HeatMap {
    private static final String SHADES = " ░▒▓█";
    /** Layers between two numbers above the columns. */
    private static final int STEP = 5;
    private static final int LABEL = 14;
    /** Where a terminal of the usual width ends; more layers than fit doubled have one character each. */
    private static final int ROOM = 100;

    /** What is nothing but rounding is drawn as this. */
    private static final double LEAST = 1e-6;

    private HeatMap() {}

    static double importance(Importance importance, int sublayer) {
        return Math.max(LEAST, 1 - importance.similarity(sublayer));
    }

    /** The least and the largest importance. */
    static double[] bounds(Importance importance) {
        double[] all = IntStream.range(0, 2 * importance.layers())
                .mapToDouble(sublayer -> importance(importance, sublayer))
                .sorted()
                .toArray();
        return new double[] {all[0], all[all.length - 1]};
    }

    /** Where a sublayer lies between the least and the most important on a logarithmic scale, 0 to 1. */
    static double level(Importance importance, int sublayer) {
        double[] bounds = bounds(importance);
        double span = Math.log(bounds[1] / bounds[0]);
        return span == 0 ? 1 : Math.log(importance(importance, sublayer) / bounds[0]) / span;
    }

    /** The heat map in block characters, with a scale. */
    public static String text(Importance importance) {
        int layers = importance.layers();
        int width = LABEL + 2 * layers <= ROOM ? 2 : 1;
        StringBuilder numbers = new StringBuilder("layer" + " ".repeat(LABEL - 5));
        for (int layer = 0; layer < layers; layer += STEP) {
            numbers.append(String.format(Locale.ROOT, "%-" + STEP * width + "d", layer));
        }
        double[] bounds = bounds(importance);
        StringBuilder text = new StringBuilder(numbers.toString().stripTrailing()).append('\n');
        row(text, "attention", importance, 0, width);
        row(text, "feed-forward", importance, layers, width);
        text.append(String.format(Locale.ROOT,
                "importance, 1 - similarity: '%s' %.4f to '%s' %.4f, logarithmic%n",
                shade(0), bounds[0], shade(1), bounds[1]));
        return text.toString();
    }

    private static void row(StringBuilder text, String label, Importance importance, int from, int width) {
        text.append(String.format(Locale.ROOT, "%-" + LABEL + "s", label));
        for (int layer = 0; layer < importance.layers(); layer++) {
            text.repeat(shade(level(importance, from + layer)), width);
        }
        text.append('\n');
    }

    private static String shade(double level) {
        int shade = (int) Math.clamp((long) (level * SHADES.length()), 0, SHADES.length() - 1);
        return SHADES.substring(shade, shade + 1);
    }
}
