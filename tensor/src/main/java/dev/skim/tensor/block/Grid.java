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
public final class Grid {
    private static final long ONES = 0x0101010101010101L;
    /** Bytes as signed f32. */
    private static final float[] COORDINATES = new float[256];
    private static final long[] EVEN = new long[128];

    static {
        for (int seven = 0; seven < 128; seven++) {
            EVEN[seven] = Fields.spread(seven | (Integer.bitCount(seven) & 1) << 7);
        }
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
        return EVEN[bits & 0x7F];
    }

    /** Eight signed bytes: the point's coordinates (all positive) with the mask's signs. */
    static long signed(long point, long signs) {
        // Two's complement byte by byte; no byte carries into the next because none is zero.
        return (point ^ signs) + (signs & ONES);
    }

    /** Eight signed bytes, each with {@code addend} added to it. */
    public static long plus(long signed, int addend) {
        // The signs apart, so that no byte carries into the next.
        long signs = 0x80 * ONES;
        long bytes = (addend & 0xFF) * ONES;
        return (signed & ~signs) + (bytes & ~signs) ^ (signed ^ bytes) & signs;
    }

    /** Writes 8 elements: signed bytes times {@code scale}. */
    static void put(long signed, float scale, float[] target, int to) {
        for (int j = 0; j < 8; j++) {
            target[to + j] = scale * COORDINATES[(int) (signed >>> 8 * j) & 0xFF];
        }
    }
}
