package dev.skim.tensor.block;

/** How much an element's error counts in a least-squares fit: sqrt(mean square of its row + its own square). */
final class RowWeights {
    private RowWeights() {}

    /**
     * @throws IllegalArgumentException when the row holds a NaN, an infinity, or values whose squares overflow
     */
    static float meanSquare(String type, float[] row, int from, int count) {
        float sum = 0;
        for (int i = from; i < from + count; i++) {
            sum += row[i] * row[i];
        }
        if (!Float.isFinite(sum)) {
            throw new IllegalArgumentException(
                    type + " cannot hold this row: it has a NaN, an infinity or values far beyond f16's range");
        }
        return sum / count;
    }

    static void fill(float[] weights, float[] row, int at, float meanSquare) {
        for (int i = 0; i < weights.length; i++) {
            float x = row[at + i];
            weights[i] = (float) Math.sqrt(meanSquare + x * x);
        }
    }
}
