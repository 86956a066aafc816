package dev.skim.gguf;

/**
 * Little-endian numbers in a byte array whose bounds were checked. Plain shifts: C2 makes one load of them, and a cold JVM
 * needs none of the machinery behind byte-array view handles.
 */
final class LittleEndian {
    private LittleEndian() {}

    static int i16(byte[] bytes, int at) {
        return (bytes[at] & 0xFF) | bytes[at + 1] << 8;
    }

    static int i32(byte[] bytes, int at) {
        return (bytes[at] & 0xFF) | (bytes[at + 1] & 0xFF) << 8 | (bytes[at + 2] & 0xFF) << 16 | bytes[at + 3] << 24;
    }

    static long i64(byte[] bytes, int at) {
        return (i32(bytes, at) & 0xFFFF_FFFFL) | (long) i32(bytes, at + 4) << 32;
    }
}
