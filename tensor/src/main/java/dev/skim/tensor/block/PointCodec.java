package dev.skim.tensor.block;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A type whose blocks of 256 elements hold codes of points of a {@link Grid}: an element is {@code d * multiple * unit} times a small
 * whole number, with one d for a block, one whole multiple for 16 elements and one unit, a power of two, for the type. All these
 * products are exact in f32.
 */
public abstract class PointCodec implements BlockCodec {
    private static final int BLOCK = 256;
    private static final int GROUP = 16;

    /** Elements whose numbers come together. */
    private static final int EIGHT = 8;

    private final int blockBytes;
    private final float unit;

    PointCodec(int blockBytes, float unit) {
        this.blockBytes = blockBytes;
        this.unit = unit;
    }

    /** The factor d of the block at {@code at}, which it starts with in most types. */
    float factor(byte[] source, int at) {
        return Fields.half(source, at);
    }

    /** The multiple of elements {@code 16 group} to {@code 16 group + 15} of the block at {@code at}. */
    public abstract int multiple(byte[] source, int at, int group);

    /** The numbers of elements 8k to 8k + 7 of the block at {@code at}, a signed byte each. */
    public abstract long numbers(byte[] source, int at, int k);

    @Override
    public final void expand(MemorySegment source, long at, float[] target, int to, int count) {
        byte[] block = new byte[blockBytes];
        for (int end = to + count; to < end; to += BLOCK, at += blockBytes) {
            MemorySegment.copy(source, ValueLayout.JAVA_BYTE, at, block, 0, blockBytes);
            float d = factor(block, 0);
            for (int k = 0; k < BLOCK / EIGHT; k++) {
                Grid.put(numbers(block, 0, k), scale(d, block, 0, k / 2), target, to + k * EIGHT);
            }
        }
    }

    /**
     * Puts a row's block beside those of 31 other rows.
     *
     * @param numbers takes four bytes of elements 4i to 4i + 3 at {@code to + i * 32}
     * @param scales takes the scale of elements 16g to 16g + 15 at {@code so + g * 32}
     */
    public final void interleave(byte[] source, int at, int[] numbers, int to, float[] scales, int so) {
        float d = factor(source, at);
        for (int g = 0; g < BLOCK / GROUP; g++) {
            scales[so + g * 32] = scale(d, source, at, g);
        }
        for (int k = 0; k < BLOCK / EIGHT; k++) {
            long eight = numbers(source, at, k);
            numbers[to + 2 * k * 32] = (int) eight;
            numbers[to + (2 * k + 1) * 32] = (int) (eight >>> 32);
        }
    }

    private float scale(float d, byte[] source, int at, int group) {
        return d * (multiple(source, at, group) * unit);
    }
}
