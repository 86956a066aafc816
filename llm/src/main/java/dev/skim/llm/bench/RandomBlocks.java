package dev.skim.llm.bench;

import dev.skim.tensor.Blocks;
import dev.skim.tensor.ElementType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Random weights as blocks of an element type: random quants, and scales such that the weights have mean 0 or nearly so and
 * a given standard deviation, whatever the type. What is measured on them costs what it costs on a real model.
 */
public final class RandomBlocks {
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort HALF = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** Weights that a type's deviation is taken from. */
    private static final int SAMPLE = 1 << 16;

    /**
     * Where a block's half-precision numbers stand.
     *
     * @param scale byte offset of the scale d
     * @param minimum byte offset of the minimum, or -1
     * @param ratio the minimum divided by d: what brings the mean to 0
     */
    private record Fields(int scale, int minimum, double ratio) {
        private Fields(int scale) {
            this(scale, -1, 0);
        }
    }

    private static final Map<ElementType, Fields> FIELDS = new EnumMap<>(ElementType.class);

    static {
        for (ElementType type : List.of(
                ElementType.Q4_0, ElementType.Q5_0, ElementType.Q8_0, ElementType.IQ1_S, ElementType.IQ2_XXS,
                ElementType.IQ2_XS, ElementType.IQ2_S, ElementType.IQ3_XXS, ElementType.IQ3_S, ElementType.IQ4_NL,
                ElementType.IQ4_XS)) {
            FIELDS.put(type, new Fields(0));
        }
        FIELDS.put(ElementType.Q3_K, new Fields(108));
        FIELDS.put(ElementType.Q6_K, new Fields(208));
        // w = d q + m, or d s q - m t with as many values of s as of t: q has n equally likely ones, (n - 1) / 2 on average.
        FIELDS.put(ElementType.Q4_1, new Fields(0, 2, -7.5));
        FIELDS.put(ElementType.Q5_1, new Fields(0, 2, -15.5));
        FIELDS.put(ElementType.Q2_K, new Fields(80, 82, 1.5));
        FIELDS.put(ElementType.Q4_K, new Fields(0, 2, 7.5));
        FIELDS.put(ElementType.Q5_K, new Fields(0, 2, 15.5));
    }

    /** {@link #deviation} of the types that were asked for. */
    private static final Map<ElementType, Double> DEVIATIONS = new ConcurrentHashMap<>();

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
        fillCodes(type, target, random);
        if (type == ElementType.F16) {
            setExponents(target, deviation);
            return;
        }
        setScales(type, target, (float) (deviation / DEVIATIONS.computeIfAbsent(type, RandomBlocks::deviation)));
    }

    private static void fillCodes(ElementType type, MemorySegment target, SplittableRandom random) {
        long size = target.byteSize();
        for (long i = 0; i + 8 <= size; i += 8) {
            target.set(LONG, i, random.nextLong());
        }
        for (long i = size & ~7L; i < size; i++) {
            target.set(ValueLayout.JAVA_BYTE, i, (byte) random.nextInt());
        }
        if (type == ElementType.Q8_0) {
            // Quantisers keep to -127 to 127.
            for (long i = 0; i < size; i++) {
                target.set(ValueLayout.JAVA_BYTE, i, (byte) Math.max(-127, target.get(ValueLayout.JAVA_BYTE, i)));
            }
        }
    }

    private static void setExponents(MemorySegment target, double deviation) {
        // A random sign and fraction with one exponent: magnitudes even over [2^e, 2^(e+1)), 1.53 2^e on average.
        int exponent = Math.max(1, 15 + (int) Math.round(Math.log(deviation / 1.53) / Math.log(2)));
        for (long i = 0; i < target.byteSize(); i += 2) {
            target.set(HALF, i, (short) (target.get(HALF, i) & 0x83ff | exponent << 10));
        }
    }

    private static void setScales(ElementType type, MemorySegment target, float scale) {
        Fields fields = FIELDS.get(type);
        for (long block = 0; block < target.byteSize(); block += type.blockBytes()) {
            // Values whose mean is not 0: of either sign.
            float signed = type == ElementType.IQ4_NL && (target.get(HALF, block + fields.scale) & 1) == 1 ? -scale : scale;
            target.set(HALF, block + fields.scale, Float.floatToFloat16(signed));
            if (fields.minimum >= 0) {
                target.set(HALF, block + fields.minimum, Float.floatToFloat16((float) (scale * fields.ratio)));
            }
        }
    }

    /** The standard deviation of weights where d is 1. */
    private static double deviation(ElementType type) {
        MemorySegment blocks = MemorySegment.ofArray(new byte[Math.toIntExact(type.bytes(SAMPLE))]);
        fillCodes(type, blocks, new SplittableRandom(1));
        setScales(type, blocks, 1);
        float[] weights = new float[SAMPLE];
        Blocks.expand(type, blocks, 0, weights, 0, SAMPLE);
        double squares = 0;
        for (float weight : weights) {
            squares += (double) weight * weight;
        }
        return Math.sqrt(squares / SAMPLE);
    }
}
