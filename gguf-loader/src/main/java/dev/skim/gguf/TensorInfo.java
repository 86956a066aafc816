package dev.skim.gguf;

import dev.skim.tensor.ElementType;
import java.util.List;

/**
 * A tensor as the file's header describes it; checked against the file's size when the file is opened.
 *
 * @param name such as {@code blk.0.attn_q.weight}
 * @param type its element type
 * @param shape GGUF order: the first entry is the contiguous one (columns), the second the rows; 1 to 4 entries
 * @param part which file of a split model holds it, from 0
 * @param offset of its first byte in that file
 * @param bytes how many bytes it takes
 */
public record TensorInfo(String name, ElementType type, List<Long> shape, int part, long offset, long bytes) {
    /** Copies the shape. */
    public TensorInfo {
        shape = List.copyOf(shape);
    }

    /** Elements in all. */
    public long elements() {
        long product = 1;
        for (long extent : shape) {
            product *= extent;
        }
        return product;
    }

    /** Elements of a row: the contiguous extent. */
    public long columns() {
        return shape.get(0);
    }

    /** Rows: all other extents multiplied. */
    public long rows() {
        return columns() == 0 ? 0 : elements() / columns();
    }
}
