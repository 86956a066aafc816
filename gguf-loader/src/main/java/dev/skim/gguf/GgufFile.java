package dev.skim.gguf;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An open GGUF file (version 2 or 3, little-endian), or all the files of a split one. Immutable; safe for many threads.
 *
 * <p>The format: <a href="https://github.com/ggml-org/ggml/blob/master/docs/gguf.md">the GGUF specification</a>. Opening
 * reads and checks the headers alone; tensors are mapped or read one by one, so that a caller who lets go of each keeps the
 * resident set small.
 */
public final class GgufFile implements AutoCloseable {
    private final Path path;
    private final List<Part> parts;
    private final Map<String, TensorInfo> byName;
    private final List<TensorInfo> tensors;
    private volatile boolean closed;

    private GgufFile(Path path, List<Part> parts, Map<String, TensorInfo> byName) {
        this.path = path;
        this.parts = parts;
        this.byName = byName;
        this.tensors = List.copyOf(byName.values());
    }

    /**
     * Opens and checks a file; for {@code NAME-00001-of-0000N.gguf} all its parts.
     *
     * @throws GgufException in one sentence, where the file is missing, truncated, hostile or of an unknown kind
     */
    public static GgufFile open(Path path) {
        Part first = Part.read(path, 0);
        List<Part> parts = new ArrayList<>(List.of(first));
        int count = partCount(first);
        for (int part = 1; part < count; part++) {
            parts.add(readPart(SplitName.of(path), part).with(first.metadata()));
        }
        Map<String, TensorInfo> byName = new LinkedHashMap<>();
        for (Part part : parts) {
            for (TensorInfo tensor : part.tensors()) {
                if (byName.put(tensor.name(), tensor) != null) {
                    throw new GgufException(
                            part.file() + ": tensor " + Text.quote(tensor.name()) + " appears in an earlier part too");
                }
            }
        }
        long claimed = first.metadata().integer(Layout.SPLIT_TENSORS, count > 1 ? -1 : byName.size());
        if (claimed != byName.size()) {
            throw new GgufException(path + ": metadata key '" + Layout.SPLIT_TENSORS + "' "
                    + (claimed == -1 ? "is missing" : "is " + claimed) + ", but the " + parts.size()
                    + (parts.size() == 1 ? " part holds " : " parts hold ") + byName.size() + " tensors");
        }
        return new GgufFile(path, parts, byName);
    }

    /** How many parts the model has whose first part this is; checks that it is the first and is named so. */
    private static int partCount(Part first) {
        Path path = first.file();
        SplitName name = SplitName.of(path);
        // 0 or 1 stand in a file that was merged from parts, or split into one.
        long count = first.metadata().integer(Layout.SPLIT_COUNT, 0);
        long number = first.metadata().integer(Layout.SPLIT_NO, 0);
        if (count < 0 || count > 0xFFFF || number < 0 || number >= Math.max(count, 1)) {
            throw new GgufException(path + ": metadata keys '" + Layout.SPLIT_NO + "' and '" + Layout.SPLIT_COUNT + "' say part "
                    + number + " (from 0) of " + count + ", accepted are parts 0 to count - 1 of up to 65535");
        }
        if (number != 0) {
            boolean named = name != null && name.count() == count;
            throw new GgufException(path + ": this is part " + (number + 1) + " of " + count
                    + " of a split model, accepted is its first part" + (named ? ", " + name.file(0).getFileName() : ""));
        }
        int named = name == null ? 1 : name.count();
        if (named != Math.max(count, 1) || name != null && name.part() != 0) {
            throw new GgufException(path + ": the file holds part 1 of " + Math.max(count, 1) + " and is named "
                    + (name == null ? "like a whole model" : "like part " + (name.part() + 1) + " of " + named)
                    + ", accepted is a name that "
                    + (count > 1 ? "ends in " + Layout.splitName("", 0, (int) count) : "is not that of a part"));
        }
        return (int) Math.max(count, 1);
    }

    private static Part readPart(SplitName name, int index) {
        Part part = Part.read(name.file(index), index);
        long count = part.metadata().integer(Layout.SPLIT_COUNT, 0);
        long number = part.metadata().integer(Layout.SPLIT_NO, -1);
        if (count != name.count() || number != index) {
            boolean whole = !part.metadata().keys().containsAll(List.of(Layout.SPLIT_NO, Layout.SPLIT_COUNT));
            throw new GgufException(part.file() + ": metadata keys '" + Layout.SPLIT_NO + "' and '" + Layout.SPLIT_COUNT + "' "
                    + (whole ? "are missing" : "say part " + number + " (from 0) of " + count)
                    + ", accepted here is part " + index + " (from 0) of " + name.count());
        }
        return part;
    }

    /** The path that was opened. */
    public Path path() {
        return path;
    }

    /** 2 or 3; of a split model, its first part's. */
    public int version() {
        return parts.get(0).version();
    }

    /** Bytes of all the files. */
    public long size() {
        long size = 0;
        for (Part part : parts) {
            size += part.stamp().size();
        }
        return size;
    }

    /** The metadata; of a split model, that of its first part. */
    public Metadata metadata() {
        return parts.get(0).metadata();
    }

    /** The tensors in the file's order; of a split model, part after part. */
    public List<TensorInfo> tensors() {
        return tensors;
    }

    /** The tensor with this name. */
    public Optional<TensorInfo> tensor(String name) {
        return Optional.ofNullable(byName.get(name));
    }

    /**
     * Maps one tensor's bytes, read-only; the mapping goes away with the arena. It begins at a multiple of 8.
     *
     * @throws GgufException where the file cannot be mapped, or is no longer the one that was opened
     * @throws IllegalArgumentException where the tensor is not of this file
     * @throws IllegalStateException where this file is closed
     */
    public MemorySegment map(TensorInfo tensor, Arena arena) {
        return part(tensor).map(tensor, arena);
    }

    /**
     * Opens one tensor's bytes to read them piece by piece.
     *
     * @throws GgufException where the file cannot be opened, or is no longer the one that was opened
     * @throws IllegalArgumentException where the tensor is not of this file
     * @throws IllegalStateException where this file is closed
     */
    public TensorReader reader(TensorInfo tensor) {
        return part(tensor).reader(tensor);
    }

    private Part part(TensorInfo tensor) {
        if (closed) {
            throw new IllegalStateException(path + " is closed");
        }
        if (!tensor.equals(byName.get(tensor.name()))) {
            throw new IllegalArgumentException(path + " has no such tensor: " + tensor);
        }
        return parts.get(tensor.part());
    }

    /** Closes the file. Mapped tensors and readers stay valid until their arena, or they themselves, are closed. */
    @Override
    public void close() {
        closed = true;
    }
}
