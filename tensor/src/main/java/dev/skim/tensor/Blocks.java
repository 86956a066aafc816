package dev.skim.tensor;

import java.lang.foreign.MemorySegment;

/** Expands quantised blocks to f32 and quantises f32 to blocks, bit for bit as the reference does. */
public final class Blocks {
    private Blocks() {}

    /**
     * Expands {@code count} elements of {@code type} that start at byte {@code offset} of {@code source}.
     *
     * @param count elements, a multiple of the type's block size
     */
    public static void expand(
            ElementType type, MemorySegment source, long offset, float[] target, int targetOffset, int count) {
        throw new UnsupportedOperationException();
    }

    /** Whether {@link #quantise} knows this type. */
    public static boolean canQuantise(ElementType type) {
        throw new UnsupportedOperationException();
    }

    /**
     * Quantises {@code count} elements to blocks of {@code type} from byte {@code offset} of {@code target} on.
     *
     * @param count elements, a multiple of the type's block size
     * @throws IllegalArgumentException when the type cannot be quantised to
     */
    public static void quantise(
            ElementType type, float[] source, int sourceOffset, int count, MemorySegment target, long offset) {
        throw new UnsupportedOperationException();
    }
}
