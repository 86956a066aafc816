package dev.skim.gguf;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** A GGUF file put together byte by byte from the specification, independent of the writer, sound or not. */
final class RawGguf {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    static RawGguf header(int version, long tensors, long entries) {
        return new RawGguf().bytes('G', 'G', 'U', 'F').u32(version).u64(tensors).u64(entries);
    }

    RawGguf bytes(int... bytes) {
        for (int octet : bytes) {
            out.write(octet);
        }
        return this;
    }

    RawGguf u32(int value) {
        out.writeBytes(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array());
        return this;
    }

    RawGguf u64(long value) {
        out.writeBytes(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array());
        return this;
    }

    RawGguf str(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        u64(bytes.length);
        out.writeBytes(bytes);
        return this;
    }

    /** A key and the id of its value's type; the value is to follow. */
    RawGguf key(String key, int type) {
        return str(key).u32(type);
    }

    RawGguf tensor(String name, int type, long offset, long... shape) {
        str(name).u32(shape.length);
        for (long extent : shape) {
            u64(extent);
        }
        return u32(type).u64(offset);
    }

    /** Pads to a multiple of {@code alignment} and adds tensor data of ascending bytes. */
    RawGguf data(int alignment, int count) {
        while (out.size() % alignment != 0) {
            out.write(0);
        }
        for (int i = 0; i < count; i++) {
            out.write(i);
        }
        return this;
    }

    byte[] toBytes() {
        return out.toByteArray();
    }

    Path in(Path folder) throws IOException {
        return in(folder, "m.gguf");
    }

    Path in(Path folder, String name) throws IOException {
        return Files.write(folder.resolve(name), toBytes());
    }
}
