package dev.skim.gguf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.skim.tensor.ElementType;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sound files, put together from the specification, read as the specification says. */
class GgufFileTest {
    @TempDir
    Path folder;

    private static RawGguf everyType(int version) {
        return RawGguf.header(version, 2, 16)
                .key("u8", 0).bytes(0xFF)
                .key("i8", 1).bytes(0xFF)
                .key("u16", 2).bytes(0xFE, 0xFF)
                .key("i16", 3).bytes(0xFE, 0xFF)
                .key("u32", 4).u32(-2)
                .key("i32", 5).u32(-2)
                .key("f32", 6).u32(Float.floatToIntBits(0.1f))
                .key("yes", 7).bytes(1)
                .key("str", 8).str("caf\u00e9 \ud83d\ude00")
                .key("u64", 10).u64(-1)
                .key("i64", 11).u64(-1)
                .key("f64", 12).u64(Double.doubleToLongBits(0.1))
                .key("words", 9).u32(8).u64(3).str("a").str("").str("\u20ac")
                .key("ints", 9).u32(5).u64(2).u32(7).u32(-7)
                .key("nested", 9).u32(9).u64(2).u32(0).u64(3).bytes(1, 2, 200).u32(8).u64(1).str("x")
                .key("general.alignment", 4).u32(64)
                .tensor("a", 0, 64, 2, 3)
                .tensor("b", 2, 0, 32)
                .data(64, 64 + 24);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void readsEveryType(int version) throws IOException {
        Path file = everyType(version).in(folder);
        try (GgufFile gguf = GgufFile.open(file)) {
            assertEquals(version, gguf.version());
            assertEquals(Files.size(file), gguf.size());
            assertEquals(file, gguf.path());
            Metadata metadata = gguf.metadata();
            assertEquals(
                    List.of("u8", "i8", "u16", "i16", "u32", "i32", "f32", "yes", "str", "u64", "i64", "f64", "words", "ints", "nested",
                            "general.alignment"),
                    List.copyOf(metadata.keys()));
            assertEquals(Optional.of(255L), metadata.value("u8"));
            assertEquals(Optional.of(-1L), metadata.value("i8"));
            assertEquals(Optional.of(65534L), metadata.value("u16"));
            assertEquals(Optional.of(-2L), metadata.value("i16"));
            assertEquals(Optional.of(4294967294L), metadata.value("u32"));
            assertEquals(Optional.of(-2L), metadata.value("i32"));
            assertEquals(Optional.of((double) 0.1f), metadata.value("f32"));
            assertEquals(Optional.of(true), metadata.value("yes"));
            assertEquals(Optional.of("caf\u00e9 \ud83d\ude00"), metadata.value("str"));
            assertEquals(Optional.of(BigInteger.TWO.pow(64).subtract(BigInteger.ONE)), metadata.value("u64"));
            assertEquals(Optional.of(-1L), metadata.value("i64"));
            assertEquals(Optional.of(0.1), metadata.value("f64"));
            assertEquals(Optional.of(List.of("a", "", "\u20ac")), metadata.value("words"));
            assertEquals(Optional.of(List.of(7L, -7L)), metadata.value("ints"));
            assertEquals(Optional.of(List.of(List.of(1L, 2L, 200L), List.of("x"))), metadata.value("nested"));
            assertEquals(Optional.empty(), metadata.value("absent"));
        }
    }

    @Test
    void namesTypes() throws IOException {
        Metadata metadata = GgufFile.open(everyType(3).in(folder)).metadata();
        for (String key : List.of("u8", "i8", "u16", "i16", "u32", "i32", "f32", "str", "u64", "i64", "f64")) {
            assertEquals(key, metadata.typeName(key));
        }
        assertEquals("bool", metadata.typeName("yes"));
        assertEquals("array[str]", metadata.typeName("words"));
        assertEquals("array[i32]", metadata.typeName("ints"));
        assertEquals("array[array]", metadata.typeName("nested"));
        assertThrows(GgufException.class, () -> metadata.typeName("absent"));
    }

    @Test
    void gettersTakeWhatFitsAndNameWhatDoesNot() throws IOException {
        Metadata metadata = GgufFile.open(everyType(3).in(folder)).metadata();
        assertEquals(255, metadata.integer("u8", 0));
        assertEquals(-1, metadata.integer("i64", 0));
        assertEquals(9, metadata.integer("absent", 9));
        assertEquals(0x1p64, metadata.number("u64", 0));
        assertEquals(-2, metadata.number("i16", 0));
        assertEquals(0.1f, (float) metadata.number("f32", 0));
        assertEquals(0.5, metadata.number("absent", 0.5));
        assertTrue(metadata.bool("yes", false));
        assertTrue(metadata.bool("absent", true));
        assertEquals(Optional.empty(), metadata.string("absent"));
        assertEquals(Optional.of(List.of("a", "", "\u20ac")), metadata.strings("words"));
        assertArrayEquals(new int[] {7, -7}, metadata.integers("ints").orElseThrow());
        assertArrayEquals(new float[] {7, -7}, metadata.floats("ints").orElseThrow());
        List<String> visited = new ArrayList<>();
        metadata.forEachString("words", (i, bytes, from, to) ->
                visited.add(i + new String(bytes, from, to - from, StandardCharsets.UTF_8)));
        assertEquals(List.of("0a", "1", "2\u20ac"), visited);
        metadata.forEachString("absent", (i, bytes, from, to) -> visited.clear());
        assertEquals(3, visited.size());
        assertThrows(UnsupportedOperationException.class, () -> metadata.strings("words").orElseThrow().set(0, "b"));
        assertThrows(UnsupportedOperationException.class, () -> metadata.keys().clear());
        assertThrows(IndexOutOfBoundsException.class, () -> metadata.strings("words").orElseThrow().get(3));

        assertWrong("'u32' is of type u32, a string is accepted", () -> metadata.string("u32"));
        assertWrong("'f32' is of type f32, an integer is accepted", () -> metadata.integer("f32", 0));
        assertWrong("'u64' is 18446744073709551615, accepted are integers up to 9223372036854775807", () -> metadata.integer("u64", 0));
        assertWrong("'str' is of type str, a number is accepted", () -> metadata.number("str", 0));
        assertWrong("'u8' is of type u8, a boolean is accepted", () -> metadata.bool("u8", false));
        assertWrong("'ints' is of type array[i32], an array of strings is accepted", () -> metadata.strings("ints"));
        assertWrong(
                "'ints' is of type array[i32], an array of strings is accepted",
                () -> metadata.forEachString("ints", (i, bytes, from, to) -> {}));
        assertWrong("'words' is of type array[str], an array of integers is accepted", () -> metadata.integers("words"));
        assertWrong("'f32' is of type f32, an array of numbers is accepted", () -> metadata.floats("f32"));
    }

    @Test
    void integersBeyondAnIntAreNamed() throws IOException {
        Metadata metadata = GgufFile.open(RawGguf.header(3, 0, 2)
                        .key("u", 9).u32(4).u64(2).u32(1).u32(-1)
                        .key("w", 9).u32(10).u64(1).u64(-1)
                        .in(folder))
                .metadata();
        assertWrong("'u' holds 4294967295 at index 1, accepted are 32-bit integers", () -> metadata.integers("u"));
        assertWrong("'w' holds 18446744073709551615 at index 0", () -> metadata.integers("w"));
    }

    @Test
    void mapsTensorsWhereTheyLie() throws IOException {
        GgufFile gguf = GgufFile.open(everyType(3).in(folder));
        assertEquals(List.of("a", "b"), gguf.tensors().stream().map(TensorInfo::name).toList());
        TensorInfo a = gguf.tensor("a").orElseThrow();
        assertEquals(ElementType.F32, a.type());
        assertEquals(List.of(2L, 3L), a.shape());
        assertEquals(2, a.columns());
        assertEquals(3, a.rows());
        assertEquals(24, a.bytes());
        assertEquals(0, a.part());
        TensorInfo b = gguf.tensor("b").orElseThrow();
        assertEquals(18, b.bytes());
        assertEquals(64, a.offset() - b.offset());
        assertEquals(gguf.size() - 88, b.offset());
        assertEquals(Optional.empty(), gguf.tensor("c"));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = gguf.map(a, arena);
            gguf.close();
            assertEquals(24, bytes.byteSize());
            assertTrue(bytes.isReadOnly());
            assertEquals(0, bytes.address() % 8);
            for (int i = 0; i < 24; i++) {
                assertEquals(64 + i, bytes.get(ValueLayout.JAVA_BYTE, i));
            }
            assertThrows(IllegalStateException.class, () -> gguf.map(a, arena));
        }
    }

    @Test
    void mapsOnlyItsOwnTensors() throws IOException {
        try (GgufFile gguf = GgufFile.open(everyType(3).in(folder)); Arena arena = Arena.ofConfined()) {
            TensorInfo foreign = new TensorInfo("a", ElementType.F32, List.of(1L << 40), 0, 0, 1L << 42);
            assertThrows(IllegalArgumentException.class, () -> gguf.map(foreign, arena));
        }
    }

    @Test
    void aFileThatChangedIsNotMapped() throws IOException {
        Path file = everyType(3).in(folder);
        try (GgufFile gguf = GgufFile.open(file); Arena arena = Arena.ofConfined()) {
            TensorInfo tensor = gguf.tensors().get(0);
            Files.move(everyType(2).in(folder, "other"), file, StandardCopyOption.REPLACE_EXISTING);
            GgufException e = assertThrows(GgufException.class, () -> gguf.map(tensor, arena));
            assertTrue(e.getMessage().contains("has changed since it was opened"), e.getMessage());
            try (RandomAccessFile shorter = new RandomAccessFile(file.toFile(), "rw")) {
                shorter.setLength(10);
            }
            assertThrows(GgufException.class, () -> gguf.map(tensor, arena));
        }
    }

    @Test
    void aReaderGivesWhatAMappingGives() throws IOException {
        Path file = everyType(3).in(folder);
        try (GgufFile gguf = GgufFile.open(file); Arena arena = Arena.ofConfined()) {
            for (TensorInfo tensor : gguf.tensors()) {
                byte[] whole = gguf.map(tensor, arena).toArray(ValueLayout.JAVA_BYTE);
                int size = whole.length;
                try (TensorReader reader = gguf.reader(tensor)) {
                    byte[] read = new byte[size + 2];
                    reader.read(0, read, 1, size);
                    assertArrayEquals(whole, Arrays.copyOfRange(read, 1, size + 1));
                    reader.read(size / 2, read, 0, size - size / 2);
                    assertArrayEquals(
                            Arrays.copyOfRange(whole, size / 2, size), Arrays.copyOf(read, size - size / 2));
                    reader.read(size, read, 0, 0);
                    assertThrows(IndexOutOfBoundsException.class, () -> reader.read(1, read, 0, size));
                    assertThrows(IndexOutOfBoundsException.class, () -> reader.read(-1, read, 0, 1));
                    assertThrows(IndexOutOfBoundsException.class, () -> reader.read(0, read, 3, size));
                }
            }
        }
    }

    @Test
    void aFileThatGetsShorterIsNotReadBeyondItsEnd() throws IOException {
        Path file = everyType(3).in(folder);
        try (GgufFile gguf = GgufFile.open(file)) {
            TensorInfo tensor = gguf.tensors().get(0);
            try (TensorReader reader = gguf.reader(tensor);
                    RandomAccessFile shorter = new RandomAccessFile(file.toFile(), "rw")) {
                shorter.setLength(tensor.offset() + 1);
                byte[] read = new byte[(int) tensor.bytes()];
                GgufException e = assertThrows(GgufException.class, () -> reader.read(0, read, 0, read.length));
                assertTrue(e.getMessage().contains("the file ends within tensor"), e.getMessage());
            }
            assertThrows(GgufException.class, () -> gguf.reader(tensor));
        }
    }

    /** In a thread of its own, whose failures are this one's. */
    private static void refusesWhenInterrupted(Executable action) throws Exception {
        FutureTask<GgufException> task = new FutureTask<>(() -> {
            Thread.currentThread().interrupt();
            return assertThrows(GgufException.class, action);
        });
        new Thread(task).start();
        task.get();
    }

    @Test
    void anInterruptOfOneThreadLeavesTheFileOpenForOthers() throws Exception {
        try (GgufFile gguf = GgufFile.open(everyType(3).in(folder)); Arena arena = Arena.ofShared()) {
            TensorInfo tensor = gguf.tensors().get(0);
            refusesWhenInterrupted(() -> gguf.map(tensor, arena));
            assertEquals(24, gguf.map(tensor, arena).byteSize());
        }
    }

    /** An interrupt closes a reader for all threads that share it: each says why. */
    @Test
    void whoReadsBesideAnInterruptedThreadSaysSo() throws Exception {
        try (GgufFile gguf = GgufFile.open(everyType(3).in(folder));
                TensorReader reader = gguf.reader(gguf.tensors().get(0))) {
            byte[] read = new byte[4];
            refusesWhenInterrupted(() -> reader.read(0, read, 0, read.length));
            GgufException e = assertThrows(GgufException.class, () -> reader.read(0, read, 0, read.length));
            assertTrue(e.getMessage().endsWith("interrupted"), e.getMessage());
        }
    }

    @Test
    void offsetsGoBeyondFourGigabytes() throws IOException {
        // A sparse file: nothing but its ends is on the disk.
        GgufWriter writer = GgufWriter.create()
                .addTensor("large", ElementType.F32, List.of(1L << 16, 1L << 15), out -> {})
                .addTensor("last", List.of(2L), new float[2]);
        byte[] header = writer.header();
        long dataStart = Layout.align(header.length, 32);
        long size = dataStart + (1L << 33) + 8;
        Path file = folder.resolve("sparse.gguf");
        try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
            out.write(header);
            out.setLength(size);
            out.seek(size - 1);
            out.write(42);
        }
        try (GgufFile gguf = GgufFile.open(file); Arena arena = Arena.ofConfined()) {
            assertEquals(size, gguf.size());
            MemorySegment large = gguf.map(gguf.tensor("large").orElseThrow(), arena);
            assertEquals(1L << 33, large.byteSize());
            assertEquals(0, large.get(ValueLayout.JAVA_BYTE, large.byteSize() - 1));
            assertEquals(dataStart + (1L << 33), gguf.tensor("last").orElseThrow().offset());
            assertEquals(42, gguf.map(gguf.tensor("last").orElseThrow(), arena).get(ValueLayout.JAVA_BYTE, 7));
        } finally {
            Files.delete(file);
        }
    }

    private static void assertWrong(String part, Runnable getter) {
        GgufException e = assertThrows(GgufException.class, getter::run);
        assertTrue(e.getMessage().contains("m.gguf: metadata key " + part), e.getMessage());
    }
}
