package dev.skim.gguf;

import dev.skim.tensor.ElementType;
import java.util.List;
import java.util.Locale;

/** What reader and writer agree on: magic, alignment, limits, shapes, and the names of split files' keys. */
final class Layout {
    /** The bytes {@code GGUF} read as a little-endian integer. */
    static final int MAGIC = 'G' | 'G' << 8 | 'U' << 16 | 'F' << 24;

    static final String ALIGNMENT = "general.alignment";
    static final long DEFAULT_ALIGNMENT = 32;

    static final String SPLIT_NO = "split.no";
    static final String SPLIT_COUNT = "split.count";
    static final String SPLIT_TENSORS = "split.tensors.count";

    /** Bytes of a metadata key. */
    static final int MAX_KEY = 65_535;

    static final int MAX_DIMENSIONS = 4;

    private Layout() {}

    /** Whether tensors may be aligned so: a power of two and, by the specification, a multiple of 8. */
    static boolean isAlignment(long alignment) {
        return alignment >= 8 && alignment <= 1L << 31 && Long.bitCount(alignment) == 1;
    }

    static long align(long position, long alignment) {
        return position + alignment - 1 & -alignment;
    }

    /** What is wrong with a shape, as the end of a sentence that begins with the tensor; null where nothing is. */
    static String shapeFault(ElementType type, List<Long> shape) {
        if (shape.isEmpty() || shape.size() > MAX_DIMENSIONS) {
            return "has " + shape.size() + " dimensions, accepted are 1 to " + MAX_DIMENSIONS;
        }
        long elements = 1;
        for (long extent : shape) {
            if (extent <= 0) {
                return "has the shape " + describe(shape) + ", accepted are extents of 1 and more";
            }
            if (extent > Long.MAX_VALUE / elements) {
                return tooLarge(shape);
            }
            elements *= extent;
        }
        if (shape.get(0) % type.blockSize() != 0) {
            return "has rows of " + shape.get(0) + " elements, accepted for " + type + " are multiples of " + type.blockSize();
        }
        return elements / type.blockSize() > Long.MAX_VALUE / type.blockBytes() ? tooLarge(shape) : null;
    }

    /** Bytes of a tensor whose shape has no fault. */
    static long bytes(ElementType type, List<Long> shape) {
        long elements = 1;
        for (long extent : shape) {
            elements *= extent;
        }
        return type.bytes(elements);
    }

    private static String tooLarge(List<Long> shape) {
        return "has the shape " + describe(shape) + ", accepted are sizes that fit 63 bits";
    }

    /** A shape as a file has it, whose extents are unsigned. */
    static String describe(List<Long> shape) {
        StringBuilder text = new StringBuilder();
        for (long extent : shape) {
            text.append(text.isEmpty() ? "" : " x ").append(Long.toUnsignedString(extent));
        }
        return text.toString();
    }

    /** {@code STEM-00001-of-00003.gguf}, with parts counted from 0. */
    static String splitName(String stem, int part, int count) {
        return String.format(Locale.ROOT, "%s-%05d-of-%05d.gguf", stem, part + 1, count);
    }
}
