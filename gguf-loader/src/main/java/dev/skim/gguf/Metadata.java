package dev.skim.gguf;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.AbstractList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.RandomAccess;
import java.util.Set;

/**
 * The key-value metadata of a GGUF file. Getters throw {@link GgufException} with the key, the type found and the type
 * wanted where the value has another type; the integer getters accept every GGUF integer type, the floating ones every
 * number. Lists are immutable views that decode an element when it is asked for. Immutable.
 *
 * <p>Held as the file's own bytes, checked once when the file was opened, with the place of each value: a vocabulary of
 * 128k tokens takes no more room than it does in the file.
 */
public final class Metadata {
    /** Key length, a key of one byte, type, the smallest value. */
    private static final int LEAST_ENTRY = 8 + 1 + 4 + 1;

    private static final int MAX_ENTRIES = 1 << 16;

    private final Path file;
    private final byte[] bytes;
    private final Map<String, Entry> entries;

    /** Where a value lies: from {@code start} (after its type) to {@code end}. */
    private record Entry(ValueType type, int start, int end) {}

    private Metadata(Path file, byte[] bytes, Map<String, Entry> entries) {
        this.file = file;
        this.bytes = bytes;
        this.entries = entries;
    }

    /** Reads and checks {@code count} entries. */
    static Metadata read(Path file, HeaderReader in, long count) {
        if (count < 0 || count > in.left() / LEAST_ENTRY || count > MAX_ENTRIES) {
            throw in.fault("claims " + Long.toUnsignedString(count) + " metadata entries, but the " + in.left()
                    + " bytes that the file has left hold at most " + Math.min(in.left() / LEAST_ENTRY, MAX_ENTRIES) + " that are accepted");
        }
        Map<String, Entry> entries = new LinkedHashMap<>();
        for (long i = 0; i < count; i++) {
            in.enter("metadata entry " + (i + 1) + " of " + count, null);
            int keyStart = in.position();
            String key = in.string();
            int keyLength = in.position() - keyStart - Long.BYTES;
            if (keyLength == 0 || keyLength > Layout.MAX_KEY) {
                throw in.fault("has a key of " + keyLength + " bytes, accepted are 1 to " + Layout.MAX_KEY);
            }
            in.enter("metadata key", key);
            ValueType type = in.valueType("value type");
            int start = in.position();
            in.skipValue(type, 0);
            if (entries.put(key, new Entry(type, start, in.position())) != null) {
                throw in.fault("appears twice");
            }
        }
        return new Metadata(file, in.read(), Collections.unmodifiableMap(entries));
    }

    /** The keys in the file's order. */
    public Set<String> keys() {
        return entries.keySet();
    }

    /** The value as Java has it: Long (unsigned 64-bit above 2^63 as BigInteger), Double, Boolean, String, or a List of them. */
    public Optional<Object> value(String key) {
        Entry entry = entries.get(key);
        return entry == null ? Optional.empty() : Optional.of(valueAt(entry.type, entry.start));
    }

    /**
     * The GGUF type's name of a key's value, such as {@code u32} or {@code array[str]}.
     *
     * @throws GgufException where the key is absent
     */
    public String typeName(String key) {
        Entry entry = entries.get(key);
        if (entry == null) {
            throw new GgufException(file + ": metadata key " + Text.quote(key) + " is missing");
        }
        return typeName(entry);
    }

    private String typeName(Entry entry) {
        return entry.type == ValueType.ARRAY ? "array[" + elementType(entry.start) + "]" : entry.type.toString();
    }

    /** A string, or empty where the key is absent. */
    public Optional<String> string(String key) {
        Entry entry = entries.get(key);
        if (entry == null) {
            return Optional.empty();
        }
        if (entry.type != ValueType.STR) {
            throw wrongType(key, entry, "a string");
        }
        return Optional.of(stringAt(entry.start));
    }

    /** An integer, or the fallback where the key is absent. */
    public long integer(String key, long fallback) {
        Entry entry = entries.get(key);
        if (entry == null) {
            return fallback;
        }
        if (!entry.type.isInteger()) {
            throw wrongType(key, entry, "an integer");
        }
        long value = integerAt(entry.type, entry.start);
        if (entry.type == ValueType.U64 && value < 0) {
            throw new GgufException(file + ": metadata key " + Text.quote(key) + " is " + Long.toUnsignedString(value)
                    + ", accepted are integers up to " + Long.MAX_VALUE);
        }
        return value;
    }

    /** A number, or the fallback where the key is absent. */
    public double number(String key, double fallback) {
        Entry entry = entries.get(key);
        if (entry == null) {
            return fallback;
        }
        if (!entry.type.isNumber()) {
            throw wrongType(key, entry, "a number");
        }
        return numberAt(entry.type, entry.start);
    }

    /** A boolean, or the fallback where the key is absent. */
    public boolean bool(String key, boolean fallback) {
        Entry entry = entries.get(key);
        if (entry == null) {
            return fallback;
        }
        if (entry.type != ValueType.BOOL) {
            throw wrongType(key, entry, "a boolean");
        }
        return bytes[entry.start] != 0;
    }

    /** Strings, or empty where the key is absent. */
    public Optional<List<String>> strings(String key) {
        Entry entry = entries.get(key);
        if (entry == null) {
            return Optional.empty();
        }
        if (entry.type != ValueType.ARRAY || elementType(entry.start) != ValueType.STR) {
            throw wrongType(key, entry, "an array of strings");
        }
        @SuppressWarnings("unchecked") // a view of strings
        List<String> strings = (List<String>) (List<?>) new ArrayView(entry.start);
        return Optional.of(strings);
    }

    /** Takes one string of an array as the UTF-8 bytes that lie in the file. */
    @FunctionalInterface
    public interface StringVisitor {
        /** The string at {@code index} is {@code bytes} from {@code from} to before {@code to}; they are not to be changed. */
        void visit(int index, byte[] bytes, int from, int to);
    }

    /**
     * Hands the strings of an array out as their bytes, in order: for vocabularies, where making a String of each would be
     * half of the work. Nothing where the key is absent.
     */
    public void forEachString(String key, StringVisitor visitor) {
        Entry entry = entries.get(key);
        if (entry == null) {
            return;
        }
        if (entry.type != ValueType.ARRAY || elementType(entry.start) != ValueType.STR) {
            throw wrongType(key, entry, "an array of strings");
        }
        int count = elementCount(entry.start);
        int at = firstElement(entry.start);
        for (int i = 0; i < count; i++) {
            int end = endOf(ValueType.STR, at);
            visitor.visit(i, bytes, at + Long.BYTES, end);
            at = end;
        }
    }

    /** 32-bit integers, or empty where the key is absent. Values beyond an int are an error. */
    public Optional<int[]> integers(String key) {
        Entry entry = entries.get(key);
        if (entry == null) {
            return Optional.empty();
        }
        if (entry.type != ValueType.ARRAY || !elementType(entry.start).isInteger()) {
            throw wrongType(key, entry, "an array of integers");
        }
        ValueType type = elementType(entry.start);
        int[] integers = new int[elementCount(entry.start)];
        for (int i = 0, at = firstElement(entry.start); i < integers.length; i++, at += type.size()) {
            long value = integerAt(type, at);
            if (value != (int) value || type == ValueType.U64 && value < 0) {
                throw new GgufException(file + ": metadata key " + Text.quote(key) + " holds "
                        + (type == ValueType.U64 ? Long.toUnsignedString(value) : Long.toString(value)) + " at index " + i
                        + ", accepted are 32-bit integers");
            }
            integers[i] = (int) value;
        }
        return Optional.of(integers);
    }

    /** Floating-point numbers, or empty where the key is absent. */
    public Optional<float[]> floats(String key) {
        Entry entry = entries.get(key);
        if (entry == null) {
            return Optional.empty();
        }
        if (entry.type != ValueType.ARRAY || !elementType(entry.start).isNumber()) {
            throw wrongType(key, entry, "an array of numbers");
        }
        ValueType type = elementType(entry.start);
        float[] floats = new float[elementCount(entry.start)];
        for (int i = 0, at = firstElement(entry.start); i < floats.length; i++, at += type.size()) {
            // Not through a double where it is a float: the bits of a NaN stay as they are.
            floats[i] = type == ValueType.F32
                    ? Float.intBitsToFloat(LittleEndian.i32(bytes, at))
                    : (float) numberAt(type, at);
        }
        return Optional.of(floats);
    }

    /** A value with its type as the file has it: the type's id, then the value. For {@link GgufWriter}. */
    byte[] encoded(String key) {
        Entry entry = entries.get(key);
        return Arrays.copyOfRange(bytes, entry.start - Integer.BYTES, entry.end);
    }

    private GgufException wrongType(String key, Entry entry, String wanted) {
        return new GgufException(
                file + ": metadata key " + Text.quote(key) + " is of type " + typeName(entry) + ", " + wanted + " is accepted");
    }

    private Object valueAt(ValueType type, int at) {
        return switch (type) {
            case BOOL -> bytes[at] != 0;
            case STR -> stringAt(at);
            case ARRAY -> new ArrayView(at);
            case F32, F64 -> numberAt(type, at);
            case U64 -> {
                long value = LittleEndian.i64(bytes, at);
                yield value >= 0 ? (Object) value : new BigInteger(Long.toUnsignedString(value));
            }
            default -> integerAt(type, at);
        };
    }

    private long integerAt(ValueType type, int at) {
        return switch (type) {
            case U8 -> bytes[at] & 0xFF;
            case I8 -> bytes[at];
            case U16 -> LittleEndian.i16(bytes, at) & 0xFFFF;
            case I16 -> LittleEndian.i16(bytes, at);
            case U32 -> LittleEndian.i32(bytes, at) & 0xFFFF_FFFFL;
            case I32 -> LittleEndian.i32(bytes, at);
            case U64, I64 -> LittleEndian.i64(bytes, at);
            default -> throw new AssertionError(type);
        };
    }

    private double numberAt(ValueType type, int at) {
        return switch (type) {
            case F32 -> Float.intBitsToFloat(LittleEndian.i32(bytes, at));
            case F64 -> Double.longBitsToDouble(LittleEndian.i64(bytes, at));
            case U64 -> {
                long value = LittleEndian.i64(bytes, at);
                yield value >= 0 ? value : new BigInteger(Long.toUnsignedString(value)).doubleValue();
            }
            default -> integerAt(type, at);
        };
    }

    private String stringAt(int at) {
        return new String(bytes, at + Long.BYTES, (int) LittleEndian.i64(bytes, at), StandardCharsets.UTF_8);
    }

    private ValueType elementType(int array) {
        return ValueType.ofId(LittleEndian.i32(bytes, array));
    }

    private int elementCount(int array) {
        return (int) LittleEndian.i64(bytes, array + Integer.BYTES);
    }

    private static int firstElement(int array) {
        return array + Integer.BYTES + Long.BYTES;
    }

    /** The position after a value that was checked before. */
    private int endOf(ValueType type, int at) {
        return switch (type) {
            case STR -> at + Long.BYTES + (int) LittleEndian.i64(bytes, at);
            case ARRAY -> {
                ValueType element = elementType(at);
                int count = elementCount(at);
                int end = firstElement(at);
                if (element.size() > 0) {
                    yield end + count * element.size();
                }
                for (int i = 0; i < count; i++) {
                    end = endOf(element, end);
                }
                yield end;
            }
            default -> at + type.size();
        };
    }

    /** A list over an array's bytes; where elements differ in size, their places are found once. */
    private final class ArrayView extends AbstractList<Object> implements RandomAccess {
        private final ValueType type;
        private final int first;
        private final int count;
        private final int[] places;

        ArrayView(int array) {
            this.type = elementType(array);
            this.first = firstElement(array);
            this.count = elementCount(array);
            this.places = type.size() > 0 ? null : new int[count];
            if (places != null) {
                int at = first;
                for (int i = 0; i < count; i++) {
                    places[i] = at;
                    at = endOf(type, at);
                }
            }
        }

        @Override
        public Object get(int index) {
            if (index < 0 || index >= count) {
                throw new IndexOutOfBoundsException("index " + index + " of " + count + " elements");
            }
            return valueAt(type, places == null ? first + index * type.size() : places[index]);
        }

        @Override
        public int size() {
            return count;
        }
    }
}
