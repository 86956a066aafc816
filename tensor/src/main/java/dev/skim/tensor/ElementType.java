package dev.skim.tensor;

import java.util.Optional;

/**
 * The element types of GGUF tensors: how many elements share a block, and how many bytes a block takes.
 *
 * <p>Ids, block sizes and byte counts are those of the GGUF specification ({@code ggml_type}).
 */
public enum ElementType {
    F32(0, 1, 4),
    F16(1, 1, 2),
    Q4_0(2, 32, 18),
    Q4_1(3, 32, 20),
    Q5_0(6, 32, 22),
    Q5_1(7, 32, 24),
    Q8_0(8, 32, 34),
    Q2_K(10, 256, 84),
    Q3_K(11, 256, 110),
    Q4_K(12, 256, 144),
    Q5_K(13, 256, 176),
    Q6_K(14, 256, 210),
    IQ2_XXS(16, 256, 66),
    IQ2_XS(17, 256, 74),
    IQ3_XXS(18, 256, 98),
    IQ1_S(19, 256, 50),
    IQ4_NL(20, 32, 18),
    IQ3_S(21, 256, 110),
    IQ2_S(22, 256, 82),
    IQ4_XS(23, 256, 136),
    IQ1_M(29, 256, 56),
    BF16(30, 1, 2),
    TQ1_0(34, 256, 54),
    TQ2_0(35, 256, 66),
    MXFP4(39, 32, 17);

    private static final ElementType[] BY_ID = new ElementType[40];

    static {
        for (ElementType type : values()) {
            BY_ID[type.id] = type;
        }
    }

    private final int id;
    private final int blockSize;
    private final int blockBytes;

    ElementType(int id, int blockSize, int blockBytes) {
        this.id = id;
        this.blockSize = blockSize;
        this.blockBytes = blockBytes;
    }

    /** The type with this GGUF id, or empty where Skim does not know it. */
    public static Optional<ElementType> ofId(int id) {
        return id >= 0 && id < BY_ID.length ? Optional.ofNullable(BY_ID[id]) : Optional.empty();
    }

    /** The id that stands in a GGUF file. */
    public int id() {
        return id;
    }

    /** Elements in a block; a row's length is a multiple of it. */
    public int blockSize() {
        return blockSize;
    }

    /** Bytes that a block takes. */
    public int blockBytes() {
        return blockBytes;
    }

    /**
     * Bytes that {@code elements} elements take.
     *
     * @throws IllegalArgumentException when {@code elements} is negative or not a multiple of the block size
     * @throws ArithmeticException when the product overflows a long
     */
    public long bytes(long elements) {
        if (elements < 0 || elements % blockSize != 0) {
            throw new IllegalArgumentException(
                    name() + " holds whole blocks of " + blockSize + " elements, not " + elements + " elements");
        }
        return Math.multiplyExact(elements / blockSize, (long) blockBytes);
    }
}
