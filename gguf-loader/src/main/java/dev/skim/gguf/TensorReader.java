package dev.skim.gguf;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Objects;

/**
 * Reads pieces of one tensor's bytes into arrays; safe for many threads at once.
 *
 * <p>Unlike a mapping it leaves nothing of the file in the process's resident set. A thread that is interrupted while it
 * reads closes the reader for all, as a {@link FileChannel} does.
 */
public final class TensorReader implements AutoCloseable {
    /** Bytes of one read. Java keeps a native buffer of this size for each thread; this one stays in a second-level cache. */
    private static final int PIECE = 128 << 10;

    private final Path file;
    private final FileChannel channel;
    private final TensorInfo tensor;

    TensorReader(Path file, FileChannel channel, TensorInfo tensor) {
        this.file = file;
        this.channel = channel;
        this.tensor = tensor;
    }

    /**
     * Reads bytes {@code offset} to {@code offset + length - 1} of the tensor to {@code target[at ..]}.
     *
     * @throws IndexOutOfBoundsException when they do not lie in the tensor or in the array
     * @throws GgufException when the file cannot be read or has become shorter
     */
    public void read(long offset, byte[] target, int at, int length) {
        Objects.checkFromIndexSize(offset, (long) length, tensor.bytes());
        Objects.checkFromIndexSize(at, length, target.length);
        try {
            for (int done = 0; done < length; ) {
                ByteBuffer piece = ByteBuffer.wrap(target, at + done, Math.min(PIECE, length - done));
                int n = channel.read(piece, tensor.offset() + offset + done);
                if (n < 0) {
                    throw new GgufException(file + ": the file ends within tensor " + Text.quote(tensor.name())
                            + ", it has changed since it was opened");
                }
                done += n;
            }
        } catch (IOException e) {
            throw Part.unreadable(file, e);
        }
    }

    /** Closes the file. */
    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw Part.unreadable(file, e);
        }
    }
}
