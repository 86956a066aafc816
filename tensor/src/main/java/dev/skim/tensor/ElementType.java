package dev.skim.tensor;

import dev.skim.tensor.block.BF16;
import dev.skim.tensor.block.BlockCodec;
import dev.skim.tensor.block.F16;
import dev.skim.tensor.block.F32;
import dev.skim.tensor.block.IQ1_M;
import dev.skim.tensor.block.IQ1_S;
import dev.skim.tensor.block.IQ2_S;
import dev.skim.tensor.block.IQ2_XS;
import dev.skim.tensor.block.IQ2_XXS;
import dev.skim.tensor.block.IQ3_S;
import dev.skim.tensor.block.IQ3_XXS;
import dev.skim.tensor.block.IQ4_NL;
import dev.skim.tensor.block.IQ4_XS;
import dev.skim.tensor.block.MXFP4;
import dev.skim.tensor.block.Q2_K;
import dev.skim.tensor.block.Q3_K;
import dev.skim.tensor.block.Q4_0;
import dev.skim.tensor.block.Q4_1;
import dev.skim.tensor.block.Q4_K;
import dev.skim.tensor.block.Q5_0;
import dev.skim.tensor.block.Q5_1;
import dev.skim.tensor.block.Q5_K;
import dev.skim.tensor.block.Q6_K;
import dev.skim.tensor.block.Q8_0;
import dev.skim.tensor.block.TQ1_0;
import dev.skim.tensor.block.TQ2_0;
import java.util.Optional;

/**
 * The element types of GGUF tensors: how many elements share a block, and how many bytes a block takes.
 *
 * <p>Ids, block sizes and byte counts are those of the GGUF specification ({@code ggml_type}). A new type is one codec
 * class and its line here.
 */
public enum ElementType {
    F32(0, 1, 4, new F32()),
    F16(1, 1, 2, new F16()),
    Q4_0(2, 32, 18, new Q4_0()),
    Q4_1(3, 32, 20, new Q4_1()),
    Q5_0(6, 32, 22, new Q5_0()),
    Q5_1(7, 32, 24, new Q5_1()),
    Q8_0(8, 32, 34, new Q8_0()),
    Q2_K(10, 256, 84, new Q2_K()),
    Q3_K(11, 256, 110, new Q3_K()),
    Q4_K(12, 256, 144, new Q4_K()),
    Q5_K(13, 256, 176, new Q5_K()),
    Q6_K(14, 256, 210, new Q6_K()),
    IQ2_XXS(16, 256, 66, new IQ2_XXS()),
    IQ2_XS(17, 256, 74, new IQ2_XS()),
    IQ3_XXS(18, 256, 98, new IQ3_XXS()),
    IQ1_S(19, 256, 50, new IQ1_S()),
    IQ4_NL(20, 32, 18, new IQ4_NL()),
    IQ3_S(21, 256, 110, new IQ3_S()),
    IQ2_S(22, 256, 82, new IQ2_S()),
    IQ4_XS(23, 256, 136, new IQ4_XS()),
    IQ1_M(29, 256, 56, new IQ1_M()),
    BF16(30, 1, 2, new BF16()),
    TQ1_0(34, 256, 54, new TQ1_0()),
    TQ2_0(35, 256, 66, new TQ2_0()),
    MXFP4(39, 32, 17, new MXFP4());

    private static final ElementType[] BY_ID = new ElementType[40];

    static {
        for (ElementType type : values()) {
            BY_ID[type.id] = type;
        }
    }

    private final int id;
    private final int blockSize;
    private final int blockBytes;
    private final BlockCodec codec;

    ElementType(int id, int blockSize, int blockBytes, BlockCodec codec) {
        this.id = id;
        this.blockSize = blockSize;
        this.blockBytes = blockBytes;
        this.codec = codec;
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

    /** What the bytes of a block stand for. */
    BlockCodec codec() {
        return codec;
    }
}
