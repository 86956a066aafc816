package dev.skim.gguf;

import dev.skim.tensor.ElementType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes GGUF version 3 files: metadata, then tensors in the order in which they were added. Tensor data are asked of their
 * {@link TensorSource}s while the file is written, and never held.
 *
 * <p>Mistakes in keys, values, names and shapes are {@link IllegalArgumentException}s at once. A file appears under its name
 * only when it is complete. Not for many threads at once.
 */
public final class GgufWriter {
    /** llama.cpp takes names of up to 63 bytes. */
    private static final int MAX_TENSOR_NAME = 63;

    private final Map<String, byte[]> metadata = new LinkedHashMap<>();
    private final Map<String, Tensor> tensors = new LinkedHashMap<>();
    private long alignment = Layout.DEFAULT_ALIGNMENT;

    record Tensor(String name, ElementType type, List<Long> shape, long bytes, TensorSource source) {}

    private GgufWriter() {}

    /** A writer of a file that has nothing in it yet. */
    public static GgufWriter create() {
        return new GgufWriter();
    }

    /**
     * Sets a metadata value; one that the key had before is replaced in its place.
     *
     * @param value Integer or Long for integers in the type's range (also BigInteger for u64), any Number for floats,
     *     Boolean, String, or {@link ValueType.Array}
     */
    public GgufWriter put(String key, ValueType type, Object value) {
        checkKey(key);
        byte[] encoded = encoded(key, type, value);
        if (key.equals(Layout.ALIGNMENT)) {
            if (type != ValueType.U32 || !Layout.isAlignment(((Number) value).longValue())) {
                throw new IllegalArgumentException("metadata key '" + key + "' is the " + type + " " + value
                        + ", accepted are the u32 powers of two from 8 to " + (1L << 31));
            }
            alignment = ((Number) value).longValue();
        }
        metadata.put(key, encoded);
        return this;
    }

    private static byte[] encoded(String key, ValueType type, Object value) {
        return new HeaderBytes().typed(key, type, value).bytes();
    }

    private static void checkKey(String key) {
        int length = HeaderBytes.utf8("metadata key", key).remaining();
        if (length < 1 || length > Layout.MAX_KEY) {
            throw new IllegalArgumentException(
                    "metadata key " + Text.quote(key) + " has " + length + " bytes, accepted are 1 to " + Layout.MAX_KEY);
        }
    }

    /** Sets a string. */
    public GgufWriter string(String key, String value) {
        return put(key, ValueType.STR, value);
    }

    /** Sets an unsigned 32-bit integer, the usual type of counts and ids. */
    public GgufWriter u32(String key, long value) {
        return put(key, ValueType.U32, value);
    }

    /** Sets a 32-bit float. */
    public GgufWriter f32(String key, float value) {
        return put(key, ValueType.F32, value);
    }

    /** Sets a boolean. */
    public GgufWriter bool(String key, boolean value) {
        return put(key, ValueType.BOOL, value);
    }

    /** Sets an array of strings. */
    public GgufWriter strings(String key, List<String> values) {
        return put(key, ValueType.ARRAY, new ValueType.Array(ValueType.STR, values));
    }

    /** Sets an array of signed 32-bit integers. */
    public GgufWriter integers(String key, int... values) {
        return put(key, ValueType.ARRAY, new ValueType.Array(ValueType.I32, Arrays.stream(values).boxed().toList()));
    }

    /** Sets an array of 32-bit floats. */
    public GgufWriter floats(String key, float... values) {
        List<Float> boxed = new ArrayList<>(values.length);
        for (float value : values) {
            boxed.add(value);
        }
        return put(key, ValueType.ARRAY, new ValueType.Array(ValueType.F32, boxed));
    }

    /** Sets {@code general.alignment}: tensors begin at multiples of it. Without it they begin at multiples of 32. */
    public GgufWriter alignment(long bytes) {
        return put(Layout.ALIGNMENT, ValueType.U32, bytes);
    }

    /** Copies all metadata of another file but for the keys that say how it was split. */
    public GgufWriter copy(Metadata other) {
        for (String key : other.keys()) {
            if (key.equals(Layout.ALIGNMENT)) {
                alignment(other.integer(key, alignment));
            } else if (!isSplitKey(key)) {
                metadata.put(key, other.encoded(key));
            }
        }
        return this;
    }

    private static boolean isSplitKey(String key) {
        return key.equals(Layout.SPLIT_NO) || key.equals(Layout.SPLIT_COUNT) || key.equals(Layout.SPLIT_TENSORS);
    }

    /** Takes a key away; one that is absent is no mistake. */
    public GgufWriter remove(String key) {
        metadata.remove(key);
        if (key.equals(Layout.ALIGNMENT)) {
            alignment = Layout.DEFAULT_ALIGNMENT;
        }
        return this;
    }

    /**
     * Adds a tensor.
     *
     * @param name up to 63 bytes of UTF-8
     * @param shape 1 to 4 extents in GGUF order: the contiguous one (columns) first; columns a multiple of the type's block
     */
    public GgufWriter addTensor(String name, ElementType type, List<Long> shape, TensorSource source) {
        int length = HeaderBytes.utf8("tensor name", name).remaining();
        if (length < 1 || length > MAX_TENSOR_NAME) {
            throw new IllegalArgumentException(
                    "tensor " + Text.quote(name) + " has a name of " + length + " bytes, accepted are 1 to " + MAX_TENSOR_NAME);
        }
        List<Long> extents = List.copyOf(shape);
        String fault = Layout.shapeFault(type, extents);
        if (fault != null) {
            throw new IllegalArgumentException("tensor " + Text.quote(name) + " " + fault);
        }
        if (tensors.putIfAbsent(name, new Tensor(name, type, extents, Layout.bytes(type, extents), source)) != null) {
            throw new IllegalArgumentException("tensor " + Text.quote(name) + " is added twice");
        }
        return this;
    }

    /** Adds an F32 tensor of these values, the contiguous extent first. The values are not copied. */
    public GgufWriter addTensor(String name, List<Long> shape, float[] values) {
        return addTensor(name, ElementType.F32, shape, TensorSource.of(values));
    }

    /**
     * Writes one file; a file that was there is replaced.
     *
     * @throws IllegalArgumentException where a source gives more or fewer bytes than its tensor takes
     */
    public void write(Path file) throws IOException {
        write(file, metadata, List.copyOf(tensors.values()));
    }

    /**
     * Writes a split model, {@code STEM-00001-of-0000N.gguf} and so on: all metadata in the first part, and as many tensors
     * in each as {@code maxBytes} of tensor data hold, but at least one.
     *
     * @return the files in their order
     */
    public List<Path> writeSplit(Path stem, long maxBytes) throws IOException {
        if (maxBytes < 1) {
            throw new IllegalArgumentException("parts of " + maxBytes + " bytes were asked for, accepted are 1 and more");
        }
        List<List<Tensor>> parts = new ArrayList<>(List.of(new ArrayList<>()));
        long size = 0;
        for (Tensor tensor : tensors.values()) {
            long bytes = Layout.align(tensor.bytes, alignment);
            if (size > 0 && bytes > maxBytes - size) {
                parts.add(new ArrayList<>());
                size = 0;
            }
            parts.getLast().add(tensor);
            size += bytes;
        }
        if (parts.size() > 0xFFFF) {
            throw new IllegalArgumentException(
                    "parts of " + maxBytes + " bytes make " + parts.size() + " files, accepted are up to 65535");
        }
        List<Path> files = new ArrayList<>();
        for (int part = 0; part < parts.size(); part++) {
            Map<String, byte[]> entries = new LinkedHashMap<>();
            if (part == 0) {
                entries.putAll(metadata);
            } else if (metadata.containsKey(Layout.ALIGNMENT)) {
                entries.put(Layout.ALIGNMENT, metadata.get(Layout.ALIGNMENT));
            }
            // Their types are those that llama.cpp's gguf-split gives them.
            entries.put(Layout.SPLIT_NO, encoded(Layout.SPLIT_NO, ValueType.U16, part));
            entries.put(Layout.SPLIT_COUNT, encoded(Layout.SPLIT_COUNT, ValueType.U16, parts.size()));
            entries.put(Layout.SPLIT_TENSORS, encoded(Layout.SPLIT_TENSORS, ValueType.I32, tensors.size()));
            Path file = stem.resolveSibling(Layout.splitName(stem.getFileName().toString(), part, parts.size()));
            write(file, entries, parts.get(part));
            files.add(file);
        }
        return files;
    }

    private void write(Path file, Map<String, byte[]> entries, List<Tensor> content) throws IOException {
        try (FileOutput out = FileOutput.create(file)) {
            out.write(header(entries, content));
            // As llama.cpp does: data begin and end at the alignment, and where there are none nothing is padded.
            for (Tensor tensor : content) {
                out.pad(alignment);
                out.write(tensor);
            }
            if (!content.isEmpty()) {
                out.pad(alignment);
            }
            out.complete();
        }
    }

    private byte[] header(Map<String, byte[]> entries, List<Tensor> content) {
        HeaderBytes header = new HeaderBytes();
        header.i32(Layout.MAGIC).i32(3).i64(content.size()).i64(entries.size());
        entries.forEach((key, value) -> header.string("metadata key", key).raw(value));
        long offset = 0;
        for (Tensor tensor : content) {
            header.string("tensor name", tensor.name).i32(tensor.shape.size());
            tensor.shape.forEach(header::i64);
            header.i32(tensor.type.id()).i64(offset);
            offset = Layout.align(Math.addExact(offset, tensor.bytes), alignment);
        }
        return header.bytes();
    }

    /** The header of the file that {@link #write(Path)} would write, unpadded: for tests of files too large to write. */
    byte[] header() {
        return header(metadata, List.copyOf(tensors.values()));
    }
}
