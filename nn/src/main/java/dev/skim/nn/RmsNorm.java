package dev.skim.nn;

import dev.skim.tensor.VectorMath;

/**
 * Root-mean-square normalisation: {@code y = x / sqrt(mean(x^2) + epsilon) * weight} (Zhang and Sennrich 2019, eq. 4).
 *
 * @param name the GGUF name of its tensor, without {@code .weight}
 * @param weight one factor an element
 */
public record RmsNorm(String name, float[] weight, float epsilon) {
    /** Normalises {@code weight.length} elements; input and output may be the same place. */
    public void apply(float[] input, int inputOffset, float[] output, int outputOffset) {
        double sum = VectorMath.sumOfSquares(input, inputOffset, weight.length);
        float factor = (float) (1 / Math.sqrt(sum / weight.length + epsilon));
        VectorMath.scaleBy(input, inputOffset, factor, weight, output, outputOffset, weight.length);
    }
}
