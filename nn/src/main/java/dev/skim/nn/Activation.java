package dev.skim.nn;

import dev.skim.tensor.VectorMath;

/** The non-linear function of a gated feed-forward network. */
public enum Activation {
    /** {@code x * sigmoid(x)} (Elfwing et al. 2017): the gate of SwiGLU. */
    SILU,
    /** {@code x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715 x^3)))} (Hendrycks and Gimpel 2016): the gate of Gemma's GeGLU. */
    GELU_TANH;

    /**
     * Gates in place: {@code x[offset + i] = f(x[offset + i]) * x[offset + count + i]} for {@code i} in {@code [0, count)}.
     *
     * @param x the gate's {@code count} elements and after them the {@code count} to be gated
     */
    public void gate(float[] x, int offset, int count) {
        switch (this) {
            case SILU -> VectorMath.swiGlu(x, offset, x, offset + count, count);
            case GELU_TANH -> VectorMath.geGlu(x, offset, x, offset + count, count);
        }
    }

    /** Squeezes into {@code (-cap, cap)}: {@code cap * tanh(x / cap)} (Gemma 2, section 2). */
    public static void softCap(float[] x, int offset, int count, float cap) {
        VectorMath.softCap(x, offset, count, cap);
    }
}
