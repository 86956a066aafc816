package dev.skim.gguf;

import dev.skim.tensor.ElementType;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * One GGUF file, its header read and checked: every tensor lies inside the file and none overlaps another.
 *
 * <p>The file is opened anew for each mapping and each reader. A channel that is kept open would be closed for all threads when one of them
 * is interrupted, and a model of many parts would hold many; so instead each checks that the file is still the same.
 */
record Part(Path file, Stamp stamp, int version, Metadata metadata, List<TensorInfo> tensors) {
    /** Name length, a name of one byte, dimensions, one extent, type, offset. */
    private static final int LEAST_TENSOR = 8 + 1 + 4 + 8 + 4 + 8;

    /** Forty times what the largest published models have. */
    private static final int MAX_TENSORS = 1 << 20;

    private static final int MAX_NAME = 65_535;

    /** Tells a file from what later stands in its place. */
    record Stamp(long size, Object modified, Object key) {
        static Stamp of(BasicFileAttributes attributes) {
            return new Stamp(attributes.size(), attributes.lastModifiedTime(), attributes.fileKey());
        }
    }

    /** Reads and checks the header of the file that is {@code index} in its split model. */
    static Part read(Path file, int index) {
        try {
            BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
            if (!attributes.isRegularFile()) {
                // Not opened: opening a pipe would wait for its other end.
                throw new GgufException(
                        file + ": this is " + (attributes.isDirectory() ? "a folder" : "not a regular file")
                                + ", a GGUF file is accepted");
            }
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
                return read(file, Stamp.of(attributes), new HeaderReader(file, channel, attributes.size()), index);
            }
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    static GgufException unreadable(Path file, IOException e) {
        String reason = switch (e) {
            case NoSuchFileException _ -> "there is no such file";
            case AccessDeniedException _ -> "the file may not be read";
            // Also in the threads that were reading from the same channel, which say nothing of the interrupt.
            case ClosedChannelException _ -> "the reading was interrupted";
            default -> "the file cannot be read (" + e.getMessage() + ")";
        };
        return new GgufException(file + ": " + reason, e);
    }

    private static Part read(Path file, Stamp stamp, HeaderReader in, int index) {
        int version = readVersion(file, in);
        in.enter("the header", null);
        long tensorCount = in.i64();
        long entryCount = in.i64();
        Metadata metadata = Metadata.read(file, in, entryCount);
        long alignment = metadata.integer(Layout.ALIGNMENT, Layout.DEFAULT_ALIGNMENT);
        if (!Layout.isAlignment(alignment)) {
            in.enter("metadata key", Layout.ALIGNMENT);
            throw in.fault("is " + alignment + ", accepted are powers of two from 8 to " + (1L << 31));
        }
        in.enter("the header", null);
        if (tensorCount < 0 || tensorCount > in.left() / LEAST_TENSOR || tensorCount > MAX_TENSORS) {
            throw in.fault("claims " + Long.toUnsignedString(tensorCount) + " tensors, but the " + in.left()
                    + " bytes that the file has left describe at most " + Math.min(in.left() / LEAST_TENSOR, MAX_TENSORS)
                    + " that are accepted");
        }
        List<TensorInfo> tensors = readTensors(in, (int) tensorCount, alignment, stamp.size, index);
        return new Part(file, stamp, version, metadata, tensors);
    }

    private static int readVersion(Path file, HeaderReader in) {
        if (in.left() < Integer.BYTES) {
            throw new GgufException(file + ": the file has only " + in.left() + " bytes, a GGUF file is accepted");
        }
        int magic = in.i32();
        if (magic != Layout.MAGIC) {
            throw new GgufException(
                    file + ": this is not a GGUF file: it begins with " + magicName(magic) + ", accepted is 'GGUF'");
        }
        int version = in.i32();
        if (version != 0 && (version & 0xFFFF) == 0) {
            throw new GgufException(file + ": this is a big-endian GGUF file, accepted are little-endian ones");
        }
        if (version != 2 && version != 3) {
            throw new GgufException(
                    file + ": this is version " + Integer.toUnsignedString(version) + " of GGUF, accepted are versions 2 and 3");
        }
        return version;
    }

    private static String magicName(int magic) {
        StringBuilder text = new StringBuilder();
        for (int shift = 0; shift < 32; shift += 8) {
            int octet = magic >>> shift & 0xFF;
            if (octet < ' ' || octet > '~') {
                return String.format("the bytes 0x%08x", Integer.reverseBytes(magic));
            }
            text.append((char) octet);
        }
        return switch (text.toString()) {
            case "FUGG" -> "'FUGG' (a big-endian file)";
            case "tjgg", "lmgg", "fmgg", "algg" -> "'" + text + "' (the older GGML format)";
            case "vers" -> "'vers' (perhaps a Git LFS pointer in place of the model)";
            default -> "'" + text + "'";
        };
    }

    private static List<TensorInfo> readTensors(HeaderReader in, int count, long alignment, long fileSize, int index) {
        List<TensorInfo> relative = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (int i = 0; i < count; i++) {
            in.enter("tensor " + (i + 1) + " of " + count, null);
            int nameStart = in.position();
            String name = in.string();
            int nameLength = in.position() - nameStart - Long.BYTES;
            if (nameLength == 0 || nameLength > MAX_NAME) {
                throw in.fault("has a name of " + nameLength + " bytes, accepted are 1 to " + MAX_NAME);
            }
            in.enter("tensor", name);
            if (!names.add(name)) {
                throw in.fault("appears twice");
            }
            relative.add(readTensor(in, name, alignment, index));
        }
        long dataStart = Layout.align(in.position(), alignment);
        List<TensorInfo> tensors = new ArrayList<>(count);
        for (TensorInfo tensor : relative) {
            in.enter("tensor", tensor.name());
            long room = fileSize - dataStart;
            if (tensor.offset() > room || tensor.bytes() > room - tensor.offset()) {
                throw in.fault("takes " + tensor.bytes() + " bytes at offset " + tensor.offset()
                        + " of the tensor data, but the file has only " + Math.max(room, 0) + " bytes of it (an incomplete download?)");
            }
            tensors.add(new TensorInfo(
                    tensor.name(), tensor.type(), tensor.shape(), index, dataStart + tensor.offset(), tensor.bytes()));
        }
        checkApart(in, tensors);
        return List.copyOf(tensors);
    }

    /** A tensor whose offset still counts from the start of the tensor data. */
    private static TensorInfo readTensor(HeaderReader in, String name, long alignment, int index) {
        int dimensions = in.i32();
        if (dimensions < 1 || dimensions > Layout.MAX_DIMENSIONS) {
            throw in.fault("has " + Integer.toUnsignedString(dimensions) + " dimensions, accepted are 1 to "
                    + Layout.MAX_DIMENSIONS);
        }
        Long[] shape = new Long[dimensions];
        for (int d = 0; d < dimensions; d++) {
            shape[d] = in.i64();
        }
        int id = in.i32();
        ElementType type = ElementType.ofId(id).orElse(null);
        if (type == null) {
            throw in.fault("has the element type " + Integer.toUnsignedString(id) + foreignType(id) + ", accepted are "
                    + acceptedTypes());
        }
        String fault = Layout.shapeFault(type, Arrays.asList(shape));
        if (fault != null) {
            throw in.fault(fault);
        }
        List<Long> extents = List.of(shape);
        long offset = in.i64();
        if (offset < 0 || offset % alignment != 0) {
            throw in.fault("lies at offset " + Long.toUnsignedString(offset) + ", accepted are multiples of the alignment "
                    + alignment);
        }
        return new TensorInfo(name, type, extents, index, offset, Layout.bytes(type, extents));
    }

    private static void checkApart(HeaderReader in, List<TensorInfo> tensors) {
        List<TensorInfo> sorted = new ArrayList<>(tensors);
        sorted.sort(Comparator.comparingLong(TensorInfo::offset));
        for (int i = 1; i < sorted.size(); i++) {
            TensorInfo before = sorted.get(i - 1);
            TensorInfo tensor = sorted.get(i);
            if (before.offset() + before.bytes() > tensor.offset()) {
                in.enter("tensor", tensor.name());
                throw in.fault("overlaps tensor " + Text.quote(before.name()) + ", accepted are tensors that lie apart");
            }
        }
    }

    /** The name of a type that GGUF knows, or knew, and Skim does not read. */
    private static String foreignType(int id) {
        String name = switch (id) {
            case 4 -> "Q4_2";
            case 5 -> "Q4_3";
            case 9 -> "Q8_1";
            case 15 -> "Q8_K";
            case 24 -> "I8";
            case 25 -> "I16";
            case 26 -> "I32";
            case 27 -> "I64";
            case 28 -> "F64";
            case 31 -> "Q4_0_4_4";
            case 32 -> "Q4_0_4_8";
            case 33 -> "Q4_0_8_8";
            case 36 -> "IQ4_NL_4_4";
            case 37 -> "IQ4_NL_4_8";
            case 38 -> "IQ4_NL_8_8";
            case 40 -> "NVFP4";
            case 41 -> "Q1_0";
            default -> null;
        };
        return name == null ? "" : " (" + name + ")";
    }

    private static String acceptedTypes() {
        StringBuilder text = new StringBuilder();
        for (ElementType type : ElementType.values()) {
            text.append(text.isEmpty() ? "" : ", ").append(type);
        }
        return text.toString();
    }

    /** The same part with other metadata: all parts of a model share those of the first. */
    Part with(Metadata shared) {
        return new Part(file, stamp, version, shared, tensors);
    }

    /** Maps a tensor of this part. */
    MemorySegment map(TensorInfo tensor, Arena arena) {
        try (FileChannel channel = open(tensor)) {
            return channel.map(FileChannel.MapMode.READ_ONLY, tensor.offset(), tensor.bytes(), arena);
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    /** Opens the file to read a tensor of this part. */
    TensorReader reader(TensorInfo tensor) {
        try {
            return new TensorReader(file, open(tensor), tensor);
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    private FileChannel open(TensorInfo tensor) throws IOException {
        FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
        try {
            if (!Stamp.of(Files.readAttributes(file, BasicFileAttributes.class)).equals(stamp) || channel.size() != stamp.size) {
                throw new GgufException(file + ": the file has changed since it was opened, tensor " + Text.quote(tensor.name())
                        + " can only be read from the file that was opened");
            }
            return channel;
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }
}
