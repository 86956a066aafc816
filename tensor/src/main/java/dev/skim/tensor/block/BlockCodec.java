package dev.skim.tensor.block;

import java.lang.foreign.MemorySegment;

/**
 * One element type: what numbers the bytes of its blocks stand for. A codec is stateless and may be shared by threads.
 *
 * <p>The block layouts are those of the GGUF format ({@code block_*} of ggml). Every expansion is the f32 arithmetic of
 * the reference in its order, so its bits are the reference's bits, the sign of zero included. Callers have checked
 * their arguments: {@code count} is a multiple of the block size and both ranges exist.
 */
public interface BlockCodec {
    /**
     * Expands whole blocks.
     *
     * @param at byte of {@code source} where the first block begins, of any alignment
     * @param to index of {@code target} that takes the first element
     * @param count elements
     */
    void expand(MemorySegment source, long at, float[] target, int to, int count);

    /** Whether {@link #quantise} makes blocks of this type; the others are only read. */
    default boolean canQuantise() {
        return false;
    }

    /**
     * Quantises one row to the blocks that the reference quantiser makes of it.
     *
     * @param from index of {@code source} that holds the row's first element
     * @param count the row's elements
     * @param at byte of {@code target} where the first block goes
     * @throws IllegalArgumentException when the type has scales and they cannot hold the row; F16 and BF16 round what is beyond
     *     their range to infinities
     */
    default void quantise(float[] source, int from, int count, MemorySegment target, long at) {
        throw new UnsupportedOperationException(getClass().getSimpleName() + " is only read");
    }
}
