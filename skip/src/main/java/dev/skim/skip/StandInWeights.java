package dev.skim.skip;

import dev.skim.tensor.ElementType;

/**
 * The numbers of one linear stand-in as they are kept: {@code x + P z + b} with {@code z = x / sqrt(mean(x^2) + eps)}.
 *
 * <p>With {@code rank} 0, {@code map} is P, width x width. Otherwise {@code P = up down}: {@code down} is rank x width,
 * {@code map} is {@code up}, width x rank. All are row-major 16-bit numbers of {@code type}, as GGUF has them. The
 * arrays are not copied and must not be changed.
 *
 * @param run the sublayers that it takes the place of
 * @param epsilon of the norm
 * @param rank 0 for a full map
 * @param type {@link ElementType#F16} or {@link ElementType#BF16}
 * @param down empty for a full map
 * @param bias b, width numbers
 */
public record StandInWeights(
        Run run, float epsilon, int rank, ElementType type, short[] map, short[] down, float[] bias) {
    /** Checks that the lengths fit together. */
    public StandInWeights {
        int width = bias.length;
        if (type != ElementType.F16 && type != ElementType.BF16) {
            throw new IllegalArgumentException("a stand-in is kept as F16 or BF16, not " + type);
        }
        if (rank < 0 || rank >= width && rank > 0) {
            throw new IllegalArgumentException("the rank of a stand-in of width " + width + " is 0 for a full map or 1 to "
                    + (width - 1) + ", not " + rank);
        }
        int inner = rank == 0 ? width : rank;
        if (width < 1 || map.length != width * inner || down.length != rank * width || !(epsilon >= 0)) {
            throw new IllegalArgumentException("a stand-in of width " + width + " and rank " + rank + " has "
                    + width * inner + " and " + rank * width + " weights, not " + map.length + " and " + down.length);
        }
    }

    /** Elements of the residual stream. */
    public int width() {
        return bias.length;
    }

    /** What the map costs for one token. */
    public long multiplyAdds() {
        return map.length + (long) down.length;
    }

    /** Rounds to the nearest 16-bit number of a type. */
    static short toBits(ElementType type, double value) {
        if (type == ElementType.F16) {
            return Float.floatToFloat16((float) value);
        }
        int bits = Float.floatToRawIntBits((float) value);
        return (short) ((bits + 0x7fff + (bits >>> 16 & 1)) >>> 16);
    }

    /** The value of a 16-bit number. */
    static float ofBits(ElementType type, short bits) {
        return type == ElementType.F16 ? Float.float16ToFloat(bits) : Float.intBitsToFloat(bits << 16);
    }
}
