package dev.skim.gguf;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** A file in the making: written under another name, buffered and counted, and put in its place when it is complete. */
final class FileOutput implements AutoCloseable {
    private final Path file;
    private final Path unfinished;
    private final FileChannel channel;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 20);
    private long written;

    private FileOutput(Path file, Path unfinished, FileChannel channel) {
        this.file = file;
        this.unfinished = unfinished;
        this.channel = channel;
    }

    static FileOutput create(Path file) throws IOException {
        Path unfinished = file.resolveSibling(file.getFileName() + ".unfinished");
        return new FileOutput(file, unfinished, FileChannel.open(
                unfinished, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE));
    }

    void write(byte[] bytes) throws IOException {
        write(ByteBuffer.wrap(bytes));
    }

    private int write(ByteBuffer bytes) throws IOException {
        int count = bytes.remaining();
        while (bytes.hasRemaining()) {
            int piece = Math.min(bytes.remaining(), buffer.remaining());
            buffer.put(bytes.slice(bytes.position(), piece));
            bytes.position(bytes.position() + piece);
            if (!buffer.hasRemaining()) {
                flush();
            }
        }
        written += count;
        return count;
    }

    private void flush() throws IOException {
        buffer.flip();
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
        buffer.clear();
    }

    void pad(long alignment) throws IOException {
        byte[] zeros = new byte[1 << 12];
        for (long left = Layout.align(written, alignment) - written; left > 0; left -= zeros.length) {
            write(ByteBuffer.wrap(zeros, 0, (int) Math.min(left, zeros.length)));
        }
    }

    /** Writes a tensor's data and holds its source to the number of bytes that the header has promised. */
    void write(GgufWriter.Tensor tensor) throws IOException {
        long end = Math.addExact(written, tensor.bytes());
        tensor.source().writeTo(new WritableByteChannel() {
            @Override
            public int write(ByteBuffer bytes) throws IOException {
                if (bytes.remaining() > end - written) {
                    throw wrongSize(tensor, "more");
                }
                return FileOutput.this.write(bytes);
            }

            @Override
            public boolean isOpen() {
                return true;
            }

            @Override
            public void close() {
                // The file is not the source's to close.
            }
        });
        if (written < end) {
            throw wrongSize(tensor, "fewer");
        }
    }

    private static IllegalArgumentException wrongSize(GgufWriter.Tensor tensor, String which) {
        return new IllegalArgumentException("the source of tensor " + Text.quote(tensor.name()) + " gives " + which
                + " bytes than the " + tensor.bytes() + " that " + tensor.type() + " " + Layout.describe(tensor.shape()) + " takes");
    }

    /** Ends the file and gives it its name. */
    void complete() throws IOException {
        flush();
        channel.close();
        Files.move(unfinished, file, StandardCopyOption.REPLACE_EXISTING);
    }

    @Override
    public void close() throws IOException {
        channel.close();
        Files.deleteIfExists(unfinished);
    }
}
