package dev.skim.tensor.block;

import java.lang.foreign.MemorySegment;

/**
 * The 12 bytes with 8 scales and 8 minima of 6 bits each in {@link Q4_K} and {@link Q5_K}.
 *
 * <p>Bytes 0 to 3 hold scales 0 to 3 and bytes 4 to 7 minima 0 to 3 in their low six bits. Bytes 8 to 11 hold the low
 * nibbles of scales 4 to 7 (their low half) and of minima 4 to 7 (their high half); the upper two bits of these are the
 * top bits of bytes 0 to 3 and 4 to 7.
 */
final class GroupScales {
    private static final int SIX_BITS = 0x3F3F3F3F;
    private static final int NIBBLES = 0x0F0F0F0F;
    private static final int UPPER_TWO = 0x30303030;

    private GroupScales() {}

    /** The scales, number k in byte k. */
    static long scales(MemorySegment source, long at) {
        return join(Fields.i32(source, at), Fields.i32(source, at + 8) & NIBBLES);
    }

    /** The minima, number k in byte k. */
    static long minima(MemorySegment source, long at) {
        return join(Fields.i32(source, at + 4), Fields.i32(source, at + 8) >>> 4 & NIBBLES);
    }

    private static long join(int first, int nibbles) {
        int second = nibbles | first >>> 2 & UPPER_TWO;
        return first & SIX_BITS | (long) second << 32;
    }
}
