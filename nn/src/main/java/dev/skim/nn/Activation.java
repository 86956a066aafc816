package dev.skim.nn;

import dev.skim.tensor.VectorMath;

/** The non-linear function of a gated feed-forward network. */
public enum Activation {
    /** {@code x * sigmoid(x)} (Elfwing et al. 2017): the gate of SwiGLU. */
    SILU,

    /**
     * {@code x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715 x^3)))} (Hendrycks and Gimpel 2016): the gate of Gemma's GeGLU.
     *
     * <p>Between -10 and 10 the argument and the result are rounded to half precision, as ggml's table does, which is what
     * these models are measured with: on a random Gemma 2 of 26 layers a function without that rounding parts from the
     * reference at cosine 0.9994, and with it at 0.99996.
     */
    GELU_TANH;

    /** The function of every half-precision number. */
    private static final class HalfGelu {
        private static final float SQRT_2_OVER_PI = (float) Math.sqrt(2 / Math.PI);
        private static final float[] TABLE = new float[1 << 16];

        static {
            for (int bits = 0; bits < TABLE.length; bits++) {
                // In single precision throughout, so that the table is ggml's own.
                float x = Float.float16ToFloat((short) bits);
                float inner = SQRT_2_OVER_PI * x * (1 + 0.044715f * x * x);
                float y = 0.5f * x * (1 + (float) Math.tanh(inner));
                TABLE[bits] = Float.float16ToFloat(Float.floatToFloat16(y));
            }
        }

        static float of(float x) {
            return x <= -10 ? 0 : x >= 10 ? x : TABLE[Float.floatToFloat16(x) & 0xffff];
        }
    }

    /**
     * Gates in place: {@code x[offset + i] = f(x[offset + i]) * x[offset + count + i]} for {@code i} in {@code [0, count)}.
     *
     * @param x the gate's {@code count} elements and after them the {@code count} to be gated
     */
    public void gate(float[] x, int offset, int count) {
        switch (this) {
            case SILU -> VectorMath.swiGlu(x, offset, x, offset + count, count);
            case GELU_TANH -> {
                for (int i = offset; i < offset + count; i++) {
                    x[i] = HalfGelu.of(x[i]) * x[i + count];
                }
            }
        }
    }
}
