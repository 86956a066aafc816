package dev.skim.llm.decoder;

import dev.skim.gguf.GgufFile;
import dev.skim.llm.SessionOptions;
import dev.skim.llm.SkimException;
import dev.skim.nn.Rope;
import java.util.List;

/**
 * A decoder's form, read from a file's metadata and checked: what the layers are built from.
 *
 * @param architecture the family
 * @param layers decoder layers
 * @param width elements of the residual stream
 * @param inner elements of the gate, and of what it gates
 * @param heads query heads
 * @param kvHeads key and value heads
 * @param headSize elements of a head
 * @param contextLength positions that the model was trained for
 * @param epsilon of the norms
 * @param queryScale what products of queries and keys are multiplied by
 * @param attentionCap of attention scores; 0 for none
 * @param logitCap of logits; 0 for none
 * @param window positions that a layer with a window reads; 0 where no layer has one
 * @param windowed for each layer whether it reads a window
 * @param ropeDimensions elements of a head that are rotated
 * @param ropeBase of the frequencies
 * @param windowRopeBase the same for layers with a window
 * @param ropeScaling of the frequencies, in layers without a window of their own base
 * @param ropeDivisors the divisors that the metadata ask for (Llama 3.1's scaling), or null
 * @param originalContext positions of the first training: a longer session takes the long rope factors
 */
record DecoderConfig(
        Architecture architecture,
        int layers,
        int width,
        int inner,
        int heads,
        int kvHeads,
        int headSize,
        int contextLength,
        float epsilon,
        float queryScale,
        float attentionCap,
        float logitCap,
        int window,
        boolean[] windowed,
        int ropeDimensions,
        double ropeBase,
        double windowRopeBase,
        Rope.Scaling ropeScaling,
        float[] ropeDivisors,
        int originalContext) {

    /**
     * Reads the configuration.
     *
     * @throws SkimException when the architecture is unknown, or a value is missing or out of range
     */
    static DecoderConfig of(GgufFile file) {
        String name = file.metadata()
                .string("general.architecture")
                .orElseThrow(() -> new SkimException(
                        file.path().getFileName() + " is not a language model: it has no general.architecture."));
        Architecture architecture = Architecture.named(name)
                .orElseThrow(() -> new SkimException(file.path().getFileName() + " is of the architecture " + name
                        + ", which Skim does not run; it runs " + Architecture.names() + "."));
        return new Reader(file, architecture).read();
    }

    /** Query elements of a token. */
    int querySize() {
        return heads * headSize;
    }

    /** Key elements of a token, and value elements. */
    int kvSize() {
        return kvHeads * headSize;
    }

    /** The rotation of layers without a window, for given divisors (null for none). */
    Rope rope(float[] divisors) {
        return new Rope(architecture.pairing(), ropeDimensions, ropeBase, divisors, ropeScaling);
    }

    /** The rotation of layers with a window where it differs from the others', else null. */
    Rope windowRope() {
        return architecture.windowRopeBase() == 0
                ? null
                : new Rope(architecture.pairing(), ropeDimensions, windowRopeBase, null, Rope.Scaling.NONE);
    }

    /** Reads keys that start with the architecture's name, each within the range that makes sense. */
    private record Reader(GgufFile file, Architecture architecture) {
        /** More than any model has: a count above it is a broken file, and must not become an allocation. */
        private static final int MANY = 1 << 20;

        DecoderConfig read() {
            if (integer("expert_count", 0, 0, MANY) > 0) {
                throw new SkimException(
                        file.path().getFileName() + " is a mixture of experts, which Skim does not run.");
            }
            int layers = integer("block_count", null, 1, 4096);
            int width = integer("embedding_length", null, 1, MANY);
            int inner = integer("feed_forward_length", null, 1, MANY);
            int heads = integer("attention.head_count", null, 1, 4096);
            int kvHeads = integer("attention.head_count_kv", heads, 1, 4096);
            if (heads % kvHeads != 0) {
                throw fault("attention.head_count_kv", kvHeads, "a divisor of the " + heads + " heads");
            }
            int headSize = integer("attention.key_length", Math.max(1, width / heads), 1, 65_536);
            if (integer("attention.value_length", headSize, 1, MANY) != headSize) {
                throw fault("attention.value_length", integer("attention.value_length", 0, 0, MANY),
                        "the key length, " + headSize);
            }
            int contextLength = integer("context_length", null, 1, SessionOptions.MOST_POSITIONS);
            int window = integer("attention.sliding_window", architecture.window(), 0, Integer.MAX_VALUE);
            float scale = number("attention.scale", 0, 0, 1e6);
            float epsilon = number("attention.layer_norm_rms_epsilon", -1, 0, 1);
            int ropeDimensions = integer("rope.dimension_count", headSize, 2, headSize);
            if (ropeDimensions % 2 != 0) {
                throw fault("rope.dimension_count", ropeDimensions, "an even number");
            }
            double ropeBase = number("rope.freq_base", 10_000, 1e-3, 1e30);
            int originalContext =
                    integer("rope.scaling.original_context_length", contextLength, 1, SessionOptions.MOST_POSITIONS);
            return new DecoderConfig(
                    architecture,
                    layers,
                    width,
                    inner,
                    heads,
                    kvHeads,
                    headSize,
                    contextLength,
                    epsilon,
                    scale > 0 ? scale : architecture.queryScale(layers, width, heads, headSize),
                    number("attn_logit_softcapping", architecture.attentionCap(), 0, 1e6),
                    number("final_logit_softcapping", architecture.logitCap(), 0, 1e6),
                    window,
                    windowed(layers, window),
                    ropeDimensions,
                    ropeBase,
                    number("rope.freq_base_swa", architecture.windowRopeBase(), 1e-3, 1e30),
                    ropeScaling(originalContext),
                    ropeDivisors(ropeDimensions, ropeBase, originalContext),
                    originalContext);
        }

        private boolean[] windowed(int layers, int window) {
            boolean[] windowed = new boolean[layers];
            String key = key("attention.sliding_window_pattern");
            if (window == 0 || architecture.windowPeriod() == 1) {
                return windowed;
            }
            if (file.metadata().value(key).orElse(null) instanceof List<?> pattern) {
                if (pattern.size() < layers || !pattern.stream().allMatch(Boolean.class::isInstance)) {
                    throw fault("attention.sliding_window_pattern", "a list of other things or too short",
                            "true or false for each of the " + layers + " layers, or one number");
                }
                for (int layer = 0; layer < layers; layer++) {
                    windowed[layer] = (Boolean) pattern.get(layer);
                }
                return windowed;
            }
            int period = integer("attention.sliding_window_pattern", architecture.windowPeriod(), 0, MANY);
            for (int layer = 0; layer < layers; layer++) {
                windowed[layer] = period == Architecture.EVERY_LAYER || layer % period < period - 1;
            }
            return windowed;
        }

        private Rope.Scaling ropeScaling(int originalContext) {
            double magnitude = number("rope.scaling.attn_factor", 1, 1e-6, 1e6);
            double factor = factor();
            String type = scalingType();
            float fast = number("rope.scaling.yarn_beta_fast", 32, 1e-3, 1e6);
            float slow = number("rope.scaling.yarn_beta_slow", 1, 1e-6, 1e6);
            if (slow >= fast) {
                throw fault("rope.scaling.yarn_beta_slow", slow, "less than yarn_beta_fast, " + fast);
            }
            return switch (type) {
                case "none", "llama3" -> Rope.Scaling.linear(1, magnitude);
                case "linear", "longrope" -> Rope.Scaling.linear(factor, magnitude);
                case "yarn" -> Rope.Scaling.yarn(factor, originalContext, fast, slow, magnitude);
                default -> throw fault("rope.scaling.type", type, "none, linear, yarn, longrope or llama3");
            };
        }

        private float[] ropeDivisors(int dimensions, double base, int originalContext) {
            return scalingType().equals("llama3")
                    ? Rope.llama3Divisors(
                            dimensions,
                            base,
                            factor(),
                            number("rope.scaling.low_freq_factor", 1, 1e-6, 1e6),
                            number("rope.scaling.high_freq_factor", 4, 1e-6, 1e6),
                            originalContext)
                    : null;
        }

        private String scalingType() {
            return file.metadata().string(key("rope.scaling.type")).orElse("linear");
        }

        /** By how much the context was stretched; a 0 in the file means not at all. */
        private double factor() {
            float factor = number("rope.scaling.factor", number("rope.scale_linear", 0, 0, 1e6), 0, 1e6);
            if (factor > 0 && factor < 1e-3) {
                throw fault("rope.scaling.factor", factor, "0 for none, or 0.001 and more");
            }
            return factor == 0 ? 1 : factor;
        }

        /** An integer; where the file has one for each layer, they must all be the same. */
        private int integer(String suffix, Integer fallback, long least, long most) {
            String key = key(suffix);
            Object value = file.metadata().value(key).orElse(null);
            if (value == null && fallback == null) {
                throw new SkimException(file.path().getFileName() + " has no " + key + " in its metadata.");
            }
            if (value instanceof List<?> each && !each.isEmpty() && each.getFirst() instanceof Long first) {
                if (each.stream().anyMatch(one -> !one.equals(first))) {
                    throw fault(suffix, "different from layer to layer", "the same in all layers");
                }
                return checked(suffix, first, least, most);
            }
            return value == null ? fallback : checked(suffix, file.metadata().integer(key, 0), least, most);
        }

        private int checked(String suffix, long found, long least, long most) {
            if (found < least || found > most) {
                throw fault(suffix, found, least + " to " + most);
            }
            return (int) found;
        }

        private float number(String suffix, double fallback, double least, double most) {
            String key = key(suffix);
            if (file.metadata().value(key).isEmpty()) {
                if (fallback < 0) {
                    throw new SkimException(file.path().getFileName() + " has no " + key + " in its metadata.");
                }
                return (float) fallback;
            }
            double found = file.metadata().number(key, fallback);
            if (!(found >= least && found <= most)) {
                throw fault(suffix, found, least + " to " + most);
            }
            return (float) found;
        }

        private String key(String suffix) {
            return architecture.id() + "." + suffix;
        }

        private SkimException fault(String suffix, Object found, String accepted) {
            return new SkimException(file.path().getFileName() + ": " + key(suffix) + " is " + found
                    + ", and Skim accepts " + accepted + ".");
        }
    }
}
