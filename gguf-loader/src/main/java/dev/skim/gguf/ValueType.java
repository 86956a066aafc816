package dev.skim.gguf;

import java.util.List;
import java.util.Locale;

/** The types of GGUF metadata values, with the ids and sizes of the GGUF specification. */
public enum ValueType {
    U8(0, 1, 0, 0xFFL),
    I8(1, 1, Byte.MIN_VALUE, Byte.MAX_VALUE),
    U16(2, 2, 0, 0xFFFFL),
    I16(3, 2, Short.MIN_VALUE, Short.MAX_VALUE),
    U32(4, 4, 0, 0xFFFF_FFFFL),
    I32(5, 4, Integer.MIN_VALUE, Integer.MAX_VALUE),
    F32(6, 4, 0, 0),
    BOOL(7, 1, 0, 0),
    STR(8, 0, 0, 0),
    ARRAY(9, 0, 0, 0),
    U64(10, 8, 0, Long.MAX_VALUE),
    I64(11, 8, Long.MIN_VALUE, Long.MAX_VALUE),
    F64(12, 8, 0, 0);

    private static final ValueType[] BY_ID = values();

    private final int size;
    private final long least;
    private final long greatest;
    private final String text = name().toLowerCase(Locale.ROOT);

    ValueType(int id, int size, long least, long greatest) {
        if (id != ordinal()) {
            throw new AssertionError(name());
        }
        this.size = size;
        this.least = least;
        this.greatest = greatest;
    }

    /** The type with this id, or null. */
    static ValueType ofId(int id) {
        return id >= 0 && id < BY_ID.length ? BY_ID[id] : null;
    }

    /** The id that stands in a file. */
    int id() {
        return ordinal();
    }

    /** Bytes that a value takes, or 0 where values differ: strings and arrays. */
    int size() {
        return size;
    }

    /** The fewest bytes that a value can take. */
    int leastSize() {
        return switch (this) {
            case STR -> Long.BYTES; // its length
            case ARRAY -> Integer.BYTES + Long.BYTES; // element type and count
            default -> size;
        };
    }

    boolean isInteger() {
        return switch (this) {
            case U8, I8, U16, I16, U32, I32, U64, I64 -> true;
            default -> false;
        };
    }

    boolean isNumber() {
        return isInteger() || this == F32 || this == F64;
    }

    /** The least integer of an integer type. */
    long least() {
        return least;
    }

    /** The greatest integer of an integer type, as far as a long goes. */
    long greatest() {
        return greatest;
    }

    /** The name that people see: {@code u8}, {@code str}, {@code array}. */
    @Override
    public String toString() {
        return text;
    }

    /**
     * An array with its element type, for {@link GgufWriter#put} and as an element of another array.
     *
     * @param elementType type of all elements; {@link ValueType#ARRAY} for nested arrays, whose elements are then {@code Array}s
     * @param values the elements, as {@link GgufWriter#put} takes them
     */
    public record Array(ValueType elementType, List<?> values) {}
}
