package dev.skim.tensor.block;

import java.util.Base64;
import java.util.BitSet;

/**
 * The point sets that IQ codes index, and the signs that go with them.
 *
 * <p>A grid has n coordinates of b possible values each, so a point is a number of n base-b digits, the first
 * coordinate its least digit. Every grid of the format lists its points in ascending order of these numbers. So a
 * grid is a set and a code the rank of a point in it: kept here as a bit set (bit k says that the point of number k
 * belongs), in base64. The sets themselves have no formula; they are constants of the GGUF format.
 *
 * <p>Points and sign masks are packed, coordinate j in byte j of a long.
 */
final class Grid {
    private static final long ONES = 0x0101010101010101L;
    /** Bytes as signed f32. */
    private static final float[] COORDINATES = new float[256];

    static {
        for (int i = 0; i < 256; i++) {
            COORDINATES[i] = (byte) i;
        }
    }

    private Grid() {}

    /** The points of a grid of 1 to 8 coordinates, in the order of their codes. */
    static long[] points(int coordinates, int[] values, String set) {
        return BitSet.valueOf(Base64.getDecoder().decode(set)).stream()
                .mapToLong(number -> {
                    long point = 0;
                    for (int j = 0; j < coordinates; j++, number /= values.length) {
                        point |= (values[number % values.length] & 0xFFL) << 8 * j;
                    }
                    return point;
                })
                .toArray();
    }

    /** The mask of 8 sign bits: 0xFF in the bytes of negative coordinates. */
    static long signs(int bits) {
        return Fields.spread(bits);
    }

    /** The mask of 7 sign bits in the low end of {@code bits}: the eighth makes the number of minus signs even. */
    static long evenSigns(int bits) {
        int seven = bits & 0x7F;
        return Fields.spread(seven | (Integer.bitCount(seven) & 1) << 7);
    }

    /** Writes 8 elements: the point's coordinates (all positive) with the mask's signs, times {@code scale}. */
    static void put(long point, long signs, float scale, float[] target, int to) {
        // Two's complement byte by byte; no byte carries into the next because none is zero.
        long signed = (point ^ signs) + (signs & ONES);
        for (int j = 0; j < 8; j++) {
            target[to + j] = scale * COORDINATES[(int) (signed >>> 8 * j) & 0xFF];
        }
    }
}
