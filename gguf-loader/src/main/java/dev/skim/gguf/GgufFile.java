package dev.skim.gguf;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * An open GGUF file (version 2 or 3, little-endian), or all the files of a split one. Immutable; safe for many threads.
 */
public final class GgufFile implements AutoCloseable {
    private GgufFile() {}

    /**
     * Opens and checks a file; for {@code NAME-00001-of-0000N.gguf} all its parts.
     *
     * @throws GgufException in one sentence, where the file is missing, truncated, hostile or of an unknown kind
     */
    public static GgufFile open(Path path) {
        throw new UnsupportedOperationException();
    }

    /** The path that was opened. */
    public Path path() {
        throw new UnsupportedOperationException();
    }

    /** 2 or 3. */
    public int version() {
        throw new UnsupportedOperationException();
    }

    /** Bytes of all the files. */
    public long size() {
        throw new UnsupportedOperationException();
    }

    /** The metadata. */
    public Metadata metadata() {
        throw new UnsupportedOperationException();
    }

    /** The tensors in the file's order. */
    public List<TensorInfo> tensors() {
        throw new UnsupportedOperationException();
    }

    /** The tensor with this name. */
    public Optional<TensorInfo> tensor(String name) {
        throw new UnsupportedOperationException();
    }

    /** Maps one tensor's bytes, read-only; the mapping goes away with the arena. */
    public MemorySegment map(TensorInfo tensor, Arena arena) {
        throw new UnsupportedOperationException();
    }

    /** Closes the file. Mapped tensors stay valid until their arena is closed. */
    @Override
    public void close() {
        throw new UnsupportedOperationException();
    }
}
