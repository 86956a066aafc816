package dev.skim.nn;

import java.util.Locale;

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
}
