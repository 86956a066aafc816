package dev.skim.nn;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** How a cache holds its keys and values. */
public enum KvType {
    /** As they were computed. */
    F32,
    /** Rounded to half precision: half the memory. */
    F16,
    /** Signed bytes with an f16 scale for every 32 dimensions of a head: 34 bytes for 128. */
    Q8_0;

    /** As options spell it, such as {@code q8_0}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * The type of this name, in any case.
     *
     * @throws IllegalArgumentException with a sentence that names the types there are
     */
    public static KvType of(String name) {
        for (KvType type : values()) {
            if (type.name().equalsIgnoreCase(name)) {
                return type;
            }
        }
        throw new IllegalArgumentException("The type of the KV cache must be one of "
                + Arrays.stream(values()).map(KvType::toString).collect(Collectors.joining(", ")) + ", not " + name + ".");
    }
}
