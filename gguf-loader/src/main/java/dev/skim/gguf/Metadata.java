package dev.skim.gguf;

import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The key-value metadata of a GGUF file. Getters throw {@link GgufException} with the key, the type found and the type
 * wanted where the value has another type; the integer getters accept every GGUF integer type, the floating ones every
 * number.
 */
public final class Metadata {
    Metadata() {}

    /** The keys in the file's order. */
    public Set<String> keys() {
        throw new UnsupportedOperationException();
    }

    /** The value as Java has it: Long (unsigned 64-bit above 2^63 as BigInteger), Double, Boolean, String, or a List of them. */
    public Optional<Object> value(String key) {
        throw new UnsupportedOperationException();
    }

    /** The GGUF type's name of a key's value, such as {@code u32} or {@code array[str]}. */
    public String typeName(String key) {
        throw new UnsupportedOperationException();
    }

    /** A string, or empty where the key is absent. */
    public Optional<String> string(String key) {
        throw new UnsupportedOperationException();
    }

    /** An integer, or the fallback where the key is absent. */
    public long integer(String key, long fallback) {
        throw new UnsupportedOperationException();
    }

    /** A number, or the fallback where the key is absent. */
    public double number(String key, double fallback) {
        throw new UnsupportedOperationException();
    }

    /** A boolean, or the fallback where the key is absent. */
    public boolean bool(String key, boolean fallback) {
        throw new UnsupportedOperationException();
    }

    /** Strings, or empty where the key is absent. */
    public Optional<List<String>> strings(String key) {
        throw new UnsupportedOperationException();
    }

    /** 32-bit integers, or empty where the key is absent. Values beyond an int are an error. */
    public Optional<int[]> integers(String key) {
        throw new UnsupportedOperationException();
    }

    /** Floating-point numbers, or empty where the key is absent. */
    public Optional<float[]> floats(String key) {
        throw new UnsupportedOperationException();
    }
}
