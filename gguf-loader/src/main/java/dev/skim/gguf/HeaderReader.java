package dev.skim.gguf;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Reads a header from front to back. What it holds grows with the bytes that were really read, never with what the header
 * claims, and every length is checked against the bytes that are left before anything else happens.
 */
final class HeaderReader {
    /**
     * Headers of real models take up to some 20 MiB (a vocabulary of 262k tokens with its merges); the bound keeps a huge
     * sparse file from filling the heap, and lets positions be ints. What was read and a copy of it, or of the half from which it
     * grew, are there at once: at most twice this.
     */
    static final int MAX_HEADER = 64 << 20;

    /** Deep enough for anything that was ever written, and no stack can overflow. */
    static final int MAX_DEPTH = 4;

    private static final int FIRST_READ = 256 << 10;
    // The JDK copies through a direct buffer as large as the read, and keeps it for the thread: read in modest pieces.
    private static final int LARGEST_READ = 1 << 20;

    private final Path file;
    private final FileChannel channel;
    private final long fileSize;
    private byte[] bytes = {};
    private int filled;
    private int position;
    private String kind = "the header";
    private String name;

    HeaderReader(Path file, FileChannel channel, long fileSize) {
        this.file = file;
        this.channel = channel;
        this.fileSize = fileSize;
    }

    /** Says what is being read, for the messages: a kind of thing and, where known, its name. */
    void enter(String kind, String name) {
        this.kind = kind;
        this.name = name;
    }

    int position() {
        return position;
    }

    /** Bytes of the file that are not read yet. */
    long left() {
        return fileSize - position;
    }

    /** The bytes up to the current position. */
    byte[] read() {
        return Arrays.copyOf(bytes, position);
    }

    GgufException fault(String found) {
        return new GgufException(file + ": " + kind + (name == null ? "" : " " + Text.quote(name)) + " " + found);
    }

    int u8() {
        need(1);
        return bytes[position++] & 0xFF;
    }

    int i32() {
        need(Integer.BYTES);
        int value = LittleEndian.i32(bytes, position);
        position += Integer.BYTES;
        return value;
    }

    long i64() {
        need(Long.BYTES);
        long value = LittleEndian.i64(bytes, position);
        position += Long.BYTES;
        return value;
    }

    /** An unsigned count of entries, checked against the bytes that are left at {@code leastSize} bytes each. */
    long count(String entries, int leastSize) {
        long count = i64();
        if (count < 0 || count > left() / leastSize) {
            throw fault("claims " + Long.toUnsignedString(count) + " " + entries + " of at least " + leastSize
                    + (leastSize == 1 ? " byte" : " bytes") + ", but the file has only " + left() + " bytes left");
        }
        return count;
    }

    String string() {
        int start = position;
        int end = skipString();
        return new String(bytes, start + Long.BYTES, end - start - Long.BYTES, StandardCharsets.UTF_8);
    }

    /** Checks and passes a string; returns the position after it. */
    private int skipString() {
        long length = i64();
        if (length < 0 || length > left()) {
            throw fault("holds a string of " + Long.toUnsignedString(length) + " bytes, but the file has only " + left()
                    + " bytes left");
        }
        need(length);
        int end = position + (int) length;
        int malformed = Text.malformedUtf8(bytes, position, end);
        if (malformed >= 0) {
            throw fault("holds a string that is not UTF-8 at byte " + malformed + " of the file (0x"
                    + Integer.toHexString(bytes[malformed] & 0xFF) + ")");
        }
        position = end;
        return end;
    }

    ValueType valueType(String what) {
        int id = i32();
        ValueType type = ValueType.ofId(id);
        if (type == null) {
            throw fault("has the unknown " + what + " " + Integer.toUnsignedString(id) + ", accepted are 0 (u8) to 12 (f64)");
        }
        return type;
    }

    /** Checks and passes a value; {@code depth} is the number of arrays around it. */
    void skipValue(ValueType type, int depth) {
        switch (type) {
            case STR -> skipString();
            case BOOL -> skipBool();
            case ARRAY -> skipArray(depth);
            default -> skip(type.size());
        }
    }

    private void skipArray(int depth) {
        if (depth == MAX_DEPTH) {
            throw fault("nests arrays more than " + MAX_DEPTH + " deep, which is the most that is accepted");
        }
        ValueType type = valueType("array element type");
        long count = count("elements", type.leastSize());
        switch (type) {
            case STR -> {
                for (long i = 0; i < count; i++) {
                    skipString();
                }
            }
            case BOOL, ARRAY -> {
                for (long i = 0; i < count; i++) {
                    skipValue(type, depth + 1);
                }
            }
            default -> skip(count * type.size());
        }
    }

    private void skipBool() {
        int value = u8();
        if (value > 1) {
            throw fault("holds the boolean " + value + ", accepted are 0 and 1");
        }
    }

    private void skip(long count) {
        need(count);
        position += (int) count;
    }

    private void need(long count) {
        if (count > filled - position) {
            fill(count);
        }
    }

    private void fill(long count) {
        if (count > left()) {
            throw fault("ends too early: " + count + (count == 1 ? " byte is" : " bytes are") + " wanted at byte " + position
                    + ", but the file has only " + fileSize);
        }
        if (position + count > MAX_HEADER) {
            throw fault("is too large: a header of up to " + (MAX_HEADER >> 20) + " MiB is accepted");
        }
        int wanted = (int) (position + count);
        if (wanted > bytes.length) {
            long doubled = Math.max(Math.max(2L * bytes.length, FIRST_READ), wanted);
            bytes = Arrays.copyOf(bytes, (int) Math.min(Math.min(doubled, fileSize), MAX_HEADER));
        }
        try {
            while (filled < bytes.length) {
                int piece = Math.min(bytes.length - filled, LARGEST_READ);
                int got = channel.read(ByteBuffer.wrap(bytes, filled, piece), filled);
                if (got < 0) {
                    throw fault("ends too early: the file became shorter than " + fileSize + " bytes while it was read");
                }
                filled += got;
            }
        } catch (IOException e) {
            throw Part.unreadable(file, e);
        }
    }
}
