package dev.skim.llm.bench;

import dev.skim.tensor.ElementType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.EnumMap;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Random weights as blocks of an element type: random quants, and scales such that the weights have mean 0 or nearly so and
 * a given standard deviation, whatever the type. What is measured on them costs what it costs on a real model.
 */
public final class RandomBlocks {
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort HALF = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /**
     * Where a block's half-precision numbers stand and what they are for weights of standard deviation 1.
     *
     * @param scale byte offset of the scale d
     * @param deviation standard deviation of the weights where d is 1
     * @param minimum byte offset of the minimum, or -1
     * @param ratio the minimum divided by d: what brings the mean to 0
     */
    private record Fields(int scale, double deviation, int minimum, double ratio) {}

    /** The root of the mean square of the sixteen values of IQ4_NL, whose mean is nearly 0 beside it. */
    private static final double UNEVEN = Math.sqrt(4548);

    private static final Map<ElementType, Fields> FIELDS = new EnumMap<>(ElementType.class);

    static {
        // w = d (q - 8), q of 4 bits: the deviation of n equally likely integers is sqrt((n^2 - 1) / 12).
        FIELDS.put(ElementType.Q4_0, new Fields(0, uniform(16), -1, 0));
        FIELDS.put(ElementType.Q4_1, new Fields(0, uniform(16), 2, -7.5));
        FIELDS.put(ElementType.Q5_0, new Fields(0, uniform(32), -1, 0));
        FIELDS.put(ElementType.Q5_1, new Fields(0, uniform(32), 2, -15.5));
        FIELDS.put(ElementType.Q8_0, new Fields(0, uniform(255), -1, 0));
        // w = d s q - m t with six random bits each in s and t, or four.
        FIELDS.put(ElementType.Q4_K, new Fields(0, kDeviation(16, 64), 2, 7.5));
        FIELDS.put(ElementType.Q5_K, new Fields(0, kDeviation(32, 64), 2, 15.5));
        FIELDS.put(ElementType.Q2_K, new Fields(80, kDeviation(4, 16), 82, 1.5));
        // w = d s (q - 4), q of 3 bits, s of 6 less 32.
        FIELDS.put(ElementType.Q3_K, new Fields(108, uniform(64) * uniform(8), -1, 0));
        // w = d s (q - 32), s a random signed byte.
        FIELDS.put(ElementType.Q6_K, new Fields(208, uniform(256) * uniform(64), -1, 0));
        // w = d v, or d s v, v one of sixteen values and s as in Q3_K.
        FIELDS.put(ElementType.IQ4_NL, new Fields(0, UNEVEN, -1, 0));
        FIELDS.put(ElementType.IQ4_XS, new Fields(0, uniform(64) * UNEVEN, -1, 0));
    }

    private RandomBlocks() {}

    /** Whether {@link #fill} knows this type. */
    public static boolean knows(ElementType type) {
        return type == ElementType.F16 || FIELDS.containsKey(type);
    }

    /**
     * Fills a segment with whole blocks.
     *
     * @param deviation standard deviation of the weights
     */
    public static void fill(ElementType type, MemorySegment target, double deviation, SplittableRandom random) {
        long size = target.byteSize();
        for (long i = 0; i + 8 <= size; i += 8) {
            target.set(LONG, i, random.nextLong());
        }
        for (long i = size & ~7L; i < size; i++) {
            target.set(ValueLayout.JAVA_BYTE, i, (byte) random.nextInt());
        }
        if (type == ElementType.F16) {
            // A random sign and fraction with one exponent: magnitudes even over [2^e, 2^(e+1)), 1.53 2^e on average.
            int exponent = Math.max(1, 15 + (int) Math.round(Math.log(deviation / 1.53) / Math.log(2)));
            for (long i = 0; i < size; i += 2) {
                target.set(HALF, i, (short) (target.get(HALF, i) & 0x83ff | exponent << 10));
            }
            return;
        }
        if (type == ElementType.Q8_0) {
            // Quantisers keep to -127 to 127.
            for (long i = 0; i < size; i++) {
                target.set(ValueLayout.JAVA_BYTE, i, (byte) Math.max(-127, target.get(ValueLayout.JAVA_BYTE, i)));
            }
        }
        Fields fields = FIELDS.get(type);
        float scale = (float) (deviation / fields.deviation);
        for (long block = 0; block < size; block += type.blockBytes()) {
            // Values whose mean is not 0: of either sign.
            float signed = type == ElementType.IQ4_NL && (target.get(HALF, block + fields.scale) & 1) == 1 ? -scale : scale;
            target.set(HALF, block + fields.scale, Float.floatToFloat16(signed));
            if (fields.minimum >= 0) {
                target.set(HALF, block + fields.minimum, Float.floatToFloat16((float) (scale * fields.ratio)));
            }
        }
    }

    private static double uniform(int values) {
        return Math.sqrt(((double) values * values - 1) / 12);
    }

    /**
     * Of s q - (n - 1)/2 t, with n values of q and as many of s as of t: the variances of the two products added, as s, q and t are
     * independent.
     */
    private static double kDeviation(int values, int multiples) {
        double scales = Math.pow((multiples - 1) / 2.0, 2);
        double scalesSquare = scales + Math.pow(uniform(multiples), 2);
        double mean = (values - 1) / 2.0;
        double quantsSquare = mean * mean + Math.pow(uniform(values), 2);
        double product = scalesSquare * quantsSquare - scales * mean * mean;
        return Math.sqrt(product + mean * mean * Math.pow(uniform(multiples), 2));
    }
}
