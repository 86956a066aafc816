package dev.skim.skip;

import dev.skim.tensor.ElementType;

/**
 * A fitted map {@code y = x + P z + b} in double, before it is rounded for keeping. Arrays are not copied.
 *
 * @param ridge the penalty, as a share of the mean square of z's elements
 * @param rank 0 for a full map
 * @param map P, or for a low rank {@code up} of {@code P = up down}
 * @param down empty for a full map
 * @param bias b
 */
public record AffineFit(double ridge, int rank, double[][] map, double[][] down, double[] bias) {
    /**
     * Rounds the map to 16 bit.
     *
     * @param run the sublayers that it takes the place of
     * @param epsilon of the norm that the fit was made with
     * @throws IllegalArgumentException when a weight does not fit the type
     */
    public StandInWeights weights(Run run, float epsilon, ElementType type) {
        float[] offset = new float[bias.length];
        for (int i = 0; i < bias.length; i++) {
            offset[i] = (float) bias[i];
        }
        return new StandInWeights(run, epsilon, rank, type, round(map, type), round(down, type), offset);
    }

    private static short[] round(double[][] matrix, ElementType type) {
        int columns = matrix.length == 0 ? 0 : matrix[0].length;
        short[] out = new short[matrix.length * columns];
        for (int i = 0; i < matrix.length; i++) {
            for (int j = 0; j < columns; j++) {
                short bits = StandInWeights.toBits(type, matrix[i][j]);
                if (!Float.isFinite(StandInWeights.ofBits(type, bits))) {
                    throw new IllegalArgumentException("a stand-in's weight is " + matrix[i][j] + ", which " + type
                            + " cannot hold; keep the stand-ins as BF16");
                }
                out[i * columns + j] = bits;
            }
        }
        return out;
    }

    /** P as one matrix. */
    double[][] product() {
        if (rank == 0) {
            return map;
        }
        double[][] out = new double[map.length][bias.length];
        for (int i = 0; i < map.length; i++) {
            DenseMath.combine(out[i], map[i], down, 0, rank, 1);
        }
        return out;
    }
}
