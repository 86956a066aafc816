package dev.skim.gguf;

import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Header bytes in the making: little-endian numbers, strings, typed values. */
final class HeaderBytes {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    byte[] bytes() {
        return out.toByteArray();
    }

    HeaderBytes raw(byte[] bytes) {
        out.writeBytes(bytes);
        return this;
    }

    HeaderBytes i32(int value) {
        return number(value, Integer.BYTES);
    }

    HeaderBytes i64(long value) {
        return number(value, Long.BYTES);
    }

    private HeaderBytes number(long value, int size) {
        for (int i = 0; i < size; i++) {
            out.write((int) (value >>> 8 * i));
        }
        return this;
    }

    /**
     * A text's UTF-8.
     *
     * @param what names it where it has none
     * @throws IllegalArgumentException when it holds half a surrogate pair
     */
    static ByteBuffer utf8(String what, String text) {
        try {
            return StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException(what + " holds the text " + Text.quote(text) + " with half a surrogate pair", e);
        }
    }

    /** A string; {@code what} names it where it cannot be UTF-8. */
    HeaderBytes string(String what, String text) {
        ByteBuffer encoded = utf8(what, text);
        i64(encoded.remaining());
        out.write(encoded.array(), encoded.arrayOffset(), encoded.remaining());
        return this;
    }

    /** A value's type and the value. */
    HeaderBytes typed(String key, ValueType type, Object value) {
        return i32(type.id()).value(key, type, value, 0);
    }

    private HeaderBytes value(String key, ValueType type, Object value, int depth) {
        switch (type) {
            case BOOL -> {
                if (!(value instanceof Boolean truth)) {
                    throw unfit(key, type, value, "a Boolean");
                }
                out.write(truth ? 1 : 0);
            }
            case STR -> {
                if (!(value instanceof String text)) {
                    throw unfit(key, type, value, "a String");
                }
                string(key, text);
            }
            case ARRAY -> {
                if (!(value instanceof ValueType.Array array) || array.elementType() == null || depth == HeaderReader.MAX_DEPTH) {
                    throw unfit(key, type, value, "a ValueType.Array, up to " + HeaderReader.MAX_DEPTH + " deep");
                }
                i32(array.elementType().id()).i64(array.values().size());
                for (Object element : array.values()) {
                    value(key, array.elementType(), element, depth + 1);
                }
            }
            case F32 -> i32(Float.floatToRawIntBits(number(key, type, value).floatValue()));
            case F64 -> i64(Double.doubleToRawLongBits(number(key, type, value).doubleValue()));
            default -> number(integer(key, type, value), type.size());
        }
        return this;
    }

    private static Number number(String key, ValueType type, Object value) {
        if (!(value instanceof Number number)) {
            throw unfit(key, type, value, "a Number");
        }
        return number;
    }

    private static long integer(String key, ValueType type, Object value) {
        if (type == ValueType.U64 && value instanceof BigInteger big && big.signum() >= 0 && big.bitLength() <= Long.SIZE) {
            return big.longValue();
        }
        boolean whole = value instanceof Byte || value instanceof Short || value instanceof Integer || value instanceof Long;
        long integer = whole ? ((Number) value).longValue() : 0;
        if (!whole || integer < type.least() || integer > type.greatest()) {
            throw unfit(key, type, value, type == ValueType.U64
                    ? "a non-negative Integer, Long or BigInteger of 64 bits"
                    : "an Integer or Long from " + type.least() + " to " + type.greatest());
        }
        return integer;
    }

    private static IllegalArgumentException unfit(String key, ValueType type, Object value, String accepted) {
        String found = switch (value) {
            case null -> "null";
            case List<?> list -> "a list of " + list.size();
            default -> Text.quote(value.toString()) + " (" + value.getClass().getSimpleName() + ")";
        };
        return new IllegalArgumentException(
                "metadata key " + Text.quote(key) + ": " + type + " takes " + accepted + ", not " + found);
    }
}
