package dev.skim.gguf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.skim.tensor.ElementType;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** Whatever is written is read again as it was: one file, a split one, and one copied from another. */
class RoundTripTest {
    private static Path folder;

    record Value(ValueType type, Object value) {}

    record Content(Map<String, Value> metadata, List<TensorInfo> tensors, int alignment) {}

    @BeforeContainer
    static void makeFolder() throws IOException {
        folder = Files.createTempDirectory("skim-gguf");
    }

    @AfterContainer
    static void removeFolder() throws IOException {
        clear();
        Files.delete(folder);
    }

    private static void clear() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
    }

    @Property(tries = 300)
    void writtenFilesReadBack(@ForAll("contents") Content content) throws IOException {
        Path file = folder.resolve("m.gguf");
        writer(content).write(file);
        check(content, file, 1);
        assertTrue(content.tensors.isEmpty() || Files.size(file) % content.alignment == 0);
    }

    @Property(tries = 150)
    void splitFilesReadBack(@ForAll("contents") Content content, @ForAll @IntRange(min = 1, max = 3000) int maxBytes) throws IOException {
        clear();
        List<Path> files = writer(content).writeSplit(folder.resolve("split"), maxBytes);
        try (Stream<Path> listed = Files.list(folder)) {
            assertEquals(files, listed.sorted().toList());
        }
        check(content, files.get(0), files.size());
        try (GgufFile gguf = GgufFile.open(files.get(0)); Arena arena = Arena.ofConfined()) {
            for (int part = 0; part < files.size(); part++) {
                long bytes = 0;
                int count = 0;
                for (TensorInfo tensor : gguf.tensors()) {
                    if (tensor.part() == part) {
                        bytes += Layout.align(tensor.bytes(), content.alignment);
                        count++;
                    }
                }
                assertTrue(count <= 1 || bytes <= maxBytes, bytes + " bytes of " + count + " tensors in a part");
                assertTrue(count >= 1 || files.size() == 1);
            }
            // Merged again, it is the file that was never split.
            GgufWriter merged = GgufWriter.create().copy(gguf.metadata());
            for (TensorInfo tensor : gguf.tensors()) {
                merged.addTensor(tensor.name(), tensor.type(), tensor.shape(), TensorSource.of(gguf.map(tensor, arena)));
            }
            merged.write(folder.resolve("merged.gguf"));
            writer(content).write(folder.resolve("whole.gguf"));
            assertEquals(-1, Files.mismatch(folder.resolve("merged.gguf"), folder.resolve("whole.gguf")));
        }
    }

    @Property(tries = 100)
    void stringsReadBack(@ForAll List<String> strings) throws IOException {
        List<String> whole = strings.stream().map(RoundTripTest::wellFormed).toList();
        Path file = folder.resolve("s.gguf");
        GgufWriter.create().strings("words", whole).write(file);
        try (GgufFile gguf = GgufFile.open(file)) {
            assertEquals(whole, gguf.metadata().strings("words").orElseThrow());
        }
    }

    private static GgufWriter writer(Content content) {
        GgufWriter writer = GgufWriter.create();
        content.metadata.forEach((key, value) -> writer.put(key, value.type, value.value));
        if (content.alignment != 32) {
            writer.alignment(content.alignment);
        }
        for (TensorInfo tensor : content.tensors) {
            writer.addTensor(tensor.name(), tensor.type(), tensor.shape(), TensorSource.of(MemorySegment.ofArray(bytesOf(tensor))));
        }
        return writer;
    }

    private static byte[] bytesOf(TensorInfo tensor) {
        byte[] bytes = new byte[(int) tensor.bytes()];
        new Random(tensor.name().hashCode()).nextBytes(bytes);
        return bytes;
    }

    private static void check(Content content, Path file, int parts) {
        try (GgufFile gguf = GgufFile.open(file); Arena arena = Arena.ofConfined()) {
            Metadata metadata = gguf.metadata();
            List<String> keys = new ArrayList<>(metadata.keys());
            keys.removeIf(key -> key.startsWith("split.") || key.equals("general.alignment"));
            assertEquals(List.copyOf(content.metadata.keySet()), keys);
            content.metadata.forEach((key, value) -> {
                assertEquals(asRead(value), metadata.value(key).orElseThrow());
                String type = value.value instanceof ValueType.Array array ? "array[" + array.elementType() + "]" : value.type.toString();
                assertEquals(type, metadata.typeName(key));
            });
            assertEquals(content.tensors.size(), gguf.tensors().size());
            for (int i = 0; i < content.tensors.size(); i++) {
                TensorInfo written = content.tensors.get(i);
                TensorInfo read = gguf.tensors().get(i);
                assertEquals(written.name(), read.name());
                assertEquals(written.type(), read.type());
                assertEquals(written.shape(), read.shape());
                assertEquals(written.bytes(), read.bytes());
                assertEquals(0, read.offset() % content.alignment);
                assertTrue(read.part() < parts);
                assertEquals(read, gguf.tensor(written.name()).orElseThrow());
                assertArrayEquals(bytesOf(written), gguf.map(read, arena).toArray(ValueLayout.JAVA_BYTE));
            }
        }
    }

    /** The value as {@link Metadata#value} promises it. */
    private static Object asRead(Value value) {
        return switch (value.type) {
            case F32, F64 -> ((Number) value.value).doubleValue();
            case BOOL, STR -> value.value;
            case ARRAY -> {
                ValueType.Array array = (ValueType.Array) value.value;
                yield array.values().stream().map(element -> asRead(new Value(array.elementType(), element))).toList();
            }
            default -> value.value instanceof BigInteger big && big.bitLength() > 63 ? big : (Object) ((Number) value.value).longValue();
        };
    }

    private static String wellFormed(String text) {
        return text.codePoints().filter(c -> c < 0xD800 || c > 0xDFFF)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append).toString();
    }

    @Provide
    Arbitrary<Content> contents() {
        return Combinators.combine(metadata(), tensors(), Arbitraries.of(8, 16, 32, 64, 512, 4096)).as(Content::new);
    }

    private static Arbitrary<Map<String, Value>> metadata() {
        Arbitrary<String> keys = Arbitraries.strings().withChars("abcdefgh._0").withChars('\u00e9', '\u6f22').ofMinLength(1).ofMaxLength(24)
                .filter(key -> !key.startsWith("split."));
        return Arbitraries.maps(keys, values(0)).ofMaxSize(12).map(LinkedHashMap::new);
    }

    private static Arbitrary<Value> values(int depth) {
        return Arbitraries.of(ValueType.values())
                .flatMap(type -> plain(type, depth).map(value -> new Value(type, value)));
    }

    private static Arbitrary<?> plain(ValueType type, int depth) {
        return switch (type) {
            case BOOL -> Arbitraries.of(true, false);
            case STR -> Arbitraries.strings().ofMaxLength(40).map(RoundTripTest::wellFormed);
            case F32 -> Arbitraries.floats();
            case F64 -> Arbitraries.doubles();
            case U64 -> Arbitraries.oneOf(Arbitraries.longs().greaterOrEqual(0), Arbitraries.bigIntegers().between(BigInteger.ZERO,
                    BigInteger.TWO.pow(64).subtract(BigInteger.ONE)));
            case ARRAY -> Arbitraries.of(ValueType.values())
                    .filter(element -> element != ValueType.ARRAY || depth < 3)
                    .flatMap(element -> plain(element, depth + 1).list().ofMaxSize(depth == 0 ? 20 : 3)
                            .map(elements -> new ValueType.Array(element, elements)));
            default -> Arbitraries.longs().between(type.least(), type.greatest());
        };
    }

    private static Arbitrary<List<TensorInfo>> tensors() {
        Arbitrary<String> names = Arbitraries.strings().withChars("abcdefgh._0").ofMinLength(1).ofMaxLength(63);
        Arbitrary<List<Long>> shapes = Arbitraries.longs().between(1, 3).list().ofMinSize(1).ofMaxSize(4);
        return Combinators.combine(names, Arbitraries.of(ElementType.values()), shapes)
                .as((name, type, shape) -> {
                    List<Long> extents = new ArrayList<>(shape);
                    extents.set(0, shape.get(0) * type.blockSize());
                    return new TensorInfo(name, type, extents, 0, 0, Layout.bytes(type, extents));
                })
                .list().ofMaxSize(8).uniqueElements(TensorInfo::name);
    }
}
