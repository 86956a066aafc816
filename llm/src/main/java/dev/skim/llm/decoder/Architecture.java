package dev.skim.llm.decoder;

import dev.skim.nn.Activation;
import dev.skim.nn.Rope;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What a model family does in its own way and does not write into its files. Everything else comes from the metadata,
 * or from which tensors there are (biases, an output head of its own, fused projections). A new family is one constant.
 */
public enum Architecture {
    /** Llama, Mistral, SmolLM and others of the same form (Touvron et al. 2023). */
    LLAMA(Rope.Pairing.ADJACENT),

    /** Qwen 2 and 2.5: biases on queries, keys and values. */
    QWEN2(Rope.Pairing.HALVES),

    /** Qwen 3: norms of query and key heads. */
    QWEN3(Rope.Pairing.HALVES) {
        @Override
        boolean headNorms() {
            return true;
        }
    },

    /** Gemma 2 (Gemma Team 2024): every other layer reads a window; attention and logits are capped. */
    GEMMA2(Rope.Pairing.HALVES) {
        @Override
        Activation activation() {
            return Activation.GELU_TANH;
        }

        @Override
        boolean postNorms() {
            return true;
        }

        @Override
        boolean scalesEmbedding() {
            return true;
        }

        @Override
        int windowPeriod() {
            return 2;
        }

        @Override
        int window() {
            return 4096;
        }

        @Override
        float attentionCap() {
            return 50;
        }

        @Override
        float logitCap() {
            return 30;
        }

        @Override
        float queryScale(int layers, int width, int heads, int headSize) {
            // The 27B model alone scales by width / heads.
            return inverseRoot(layers == 46 ? (float) width / heads : headSize);
        }
    },

    /** Gemma 3 (Gemma Team 2025): five layers of six read a window and have a rope base of their own. */
    GEMMA3(Rope.Pairing.HALVES) {
        @Override
        Activation activation() {
            return Activation.GELU_TANH;
        }

        @Override
        boolean headNorms() {
            return true;
        }

        @Override
        boolean postNorms() {
            return true;
        }

        @Override
        boolean scalesEmbedding() {
            return true;
        }

        @Override
        int windowPeriod() {
            return 6;
        }

        @Override
        double windowRopeBase() {
            return 10_000;
        }

        @Override
        float queryScale(int layers, int width, int heads, int headSize) {
            return inverseRoot(layers == 62 ? (float) width / heads : headSize);
        }
    },

    /** Phi 3 and the small Phi 4: queries, keys and values in one tensor, gate and up in another, a window in every layer. */
    PHI3(Rope.Pairing.HALVES) {
        @Override
        int windowPeriod() {
            return EVERY_LAYER;
        }
    };

    /** A {@link #windowPeriod()} where all layers read a window. */
    static final int EVERY_LAYER = 0;

    private final Rope.Pairing pairing;

    Architecture(Rope.Pairing pairing) {
        this.pairing = pairing;
    }

    /** The architecture with this name in {@code general.architecture}. */
    static Optional<Architecture> named(String name) {
        return Arrays.stream(values()).filter(one -> one.id().equals(name)).findFirst();
    }

    /** All the names, for a message. */
    static String names() {
        return Arrays.stream(values()).map(Architecture::id).collect(Collectors.joining(", "));
    }

    /** The name in {@code general.architecture}, which also starts the metadata's keys. */
    public String id() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Which elements of a head the rotation pairs. */
    final Rope.Pairing pairing() {
        return pairing;
    }

    /** The gate's function. */
    Activation activation() {
        return Activation.SILU;
    }

    /** Whether query and key heads are normalised. */
    boolean headNorms() {
        return false;
    }

    /** Whether what a sublayer gives is normalised before it is added to the stream. */
    boolean postNorms() {
        return false;
    }

    /** Whether embeddings are multiplied by the root of the width. */
    boolean scalesEmbedding() {
        return false;
    }

    /** Layer l reads a window where {@code l % period < period - 1}; 1 for no layer. */
    int windowPeriod() {
        return 1;
    }

    /** The window where the file names none; 0 for none. */
    int window() {
        return 0;
    }

    /** The rope base of layers that read a window, which then have no scaling either; 0 where it is the model's own. */
    double windowRopeBase() {
        return 0;
    }

    /** The cap of attention scores where the file names none; 0 for none. */
    float attentionCap() {
        return 0;
    }

    /** The cap of logits where the file names none; 0 for none. */
    float logitCap() {
        return 0;
    }

    /** What products of queries and keys are multiplied by. */
    float queryScale(int layers, int width, int heads, int headSize) {
        return inverseRoot(headSize);
    }

    private static float inverseRoot(float x) {
        return (float) (1 / Math.sqrt(x));
    }
}
