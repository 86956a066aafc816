package dev.skim.tensor;

import java.lang.foreign.MemorySegment;

/** Expands quantised blocks to f32 and quantises f32 to blocks, bit for bit as the reference does. */
public final class Blocks {
    private Blocks() {}

    /**
     * Expands {@code count} elements of {@code type} that start at byte {@code offset} of {@code source}.
     *
     * <p>Every byte pattern stands for some number; blocks with a broken scale give infinities or NaNs.
     *
     * @param offset byte of the first block, of any alignment
     * @param count elements, a multiple of the type's block size
     * @throws IllegalArgumentException when {@code count} is negative or no whole number of blocks, or when the blocks
     *     do not lie in {@code source} or the elements not in {@code target}
     */
    public static void expand(
            ElementType type, MemorySegment source, long offset, float[] target, int targetOffset, int count) {
        check(type, source, offset, target, targetOffset, count);
        type.codec().expand(source, offset, target, targetOffset, count);
    }

    /** Whether {@link #quantise} knows this type: F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1 and Q8_0. */
    public static boolean canQuantise(ElementType type) {
        return type.codec().canQuantise();
    }

    /**
     * Quantises {@code count} elements to blocks of {@code type} from byte {@code offset} of {@code target} on.
     *
     * <p>The elements are one row of a tensor: Q4_0, Q4_1, Q5_0 and Q5_1 weigh an element's error by its row's mean
     * square (as the reference does with an importance of one everywhere), so a row in pieces may give other blocks.
     *
     * @param count elements, a multiple of the type's block size
     * @throws IllegalArgumentException when the type cannot be quantised to, when its scales cannot hold the values (a
     *     NaN, an infinity, beyond f16), when {@code count} is negative or no whole number of blocks, or when the
     *     elements do not lie in {@code source} or the blocks not in {@code target}. A row that is refused for its
     *     values may have been written in part.
     */
    public static void quantise(
            ElementType type, float[] source, int sourceOffset, int count, MemorySegment target, long offset) {
        if (!canQuantise(type)) {
            throw new IllegalArgumentException("cannot quantise to " + type
                    + "; F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1 and Q8_0 are the types to quantise to");
        }
        check(type, target, offset, source, sourceOffset, count);
        type.codec().quantise(source, sourceOffset, count, target, offset);
    }

    private static void check(
            ElementType type, MemorySegment blocks, long offset, float[] elements, int elementOffset, int count) {
        long bytes = type.bytes(count);
        if (offset < 0 || offset > blocks.byteSize() - bytes) {
            throw new IllegalArgumentException(bytes + " bytes of " + type + " from byte " + offset
                    + " on do not lie in a segment of " + blocks.byteSize() + " bytes");
        }
        if (elementOffset < 0 || elementOffset > elements.length - count) {
            throw new IllegalArgumentException(count + " elements from index " + elementOffset
                    + " on do not lie in an array of " + elements.length);
        }
    }
}
