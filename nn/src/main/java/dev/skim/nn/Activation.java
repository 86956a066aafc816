package dev.skim.nn;

/** The non-linear function of a gated feed-forward network. */
public enum Activation {
    /** {@code x * sigmoid(x)} (Elfwing et al. 2017): the gate of SwiGLU. */
    SILU {
        @Override
        float of(float x) {
            return (float) (x / (1 + Math.exp(-x)));
        }
    },

    /** {@code x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715 x^3)))} (Hendrycks and Gimpel 2016): the gate of Gemma's GeGLU. */
    GELU_TANH {
        @Override
        float of(float x) {
            return (float) (0.5 * x * (1 + Math.tanh(SQRT_2_OVER_PI * x * (1 + 0.044715 * x * x))));
        }
    };

    private static final double SQRT_2_OVER_PI = Math.sqrt(2 / Math.PI);

    /** The function of one number. */
    abstract float of(float x);

    /**
     * Gates in place: {@code x[offset + i] = f(x[offset + i]) * x[offset + count + i]} for {@code i} in {@code [0, count)}.
     *
     * @param x the gate's {@code count} elements and after them the {@code count} to be gated
     */
    public void gate(float[] x, int offset, int count) {
        for (int i = offset; i < offset + count; i++) {
            x[i] = of(x[i]) * x[i + count];
        }
    }

    /** Squeezes into {@code (-cap, cap)}: {@code cap * tanh(x / cap)} (Gemma 2, section 2). */
    public static void softCap(float[] x, int offset, int count, float cap) {
        for (int i = offset; i < offset + count; i++) {
            x[i] = (float) (cap * Math.tanh(x[i] / cap));
        }
    }
}
