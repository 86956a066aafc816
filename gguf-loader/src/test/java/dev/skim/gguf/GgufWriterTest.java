package dev.skim.gguf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.skim.tensor.ElementType;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class GgufWriterTest {
    @TempDir
    Path folder;

    @Test
    void writesTheBytesThatTheSpecificationAsksFor() throws IOException {
        Path file = folder.resolve("m.gguf");
        GgufWriter.create()
                .string("s", "\u20ac")
                .u32("n", 0xFFFF_FFFFL)
                .bool("b", true)
                .f32("f", 1)
                .strings("words", List.of("a", ""))
                .integers("ints", 1, -1)
                .floats("floats", 2)
                .put("deep", ValueType.ARRAY, new ValueType.Array(ValueType.ARRAY, List.of(new ValueType.Array(ValueType.U8, List.of(255)))))
                .alignment(16)
                .addTensor("t", List.of(1L, 2L), new float[] {1, 2})
                .addTensor("q", ElementType.Q8_0, List.of(32L), out -> out.write(ByteBuffer.allocate(34)))
                .write(file);
        RawGguf raw = RawGguf.header(3, 2, 9)
                .key("s", 8).u64(3).bytes(0xE2, 0x82, 0xAC)
                .key("n", 4).u32(-1)
                .key("b", 7).bytes(1)
                .key("f", 6).bytes(0, 0, 0x80, 0x3F)
                .key("words", 9).u32(8).u64(2).str("a").str("")
                .key("ints", 9).u32(5).u64(2).u32(1).u32(-1)
                .key("floats", 9).u32(6).u64(1).bytes(0, 0, 0, 0x40)
                .key("deep", 9).u32(9).u64(1).u32(0).u64(1).bytes(255)
                .key("general.alignment", 4).u32(16)
                .tensor("t", 0, 0, 1, 2)
                .tensor("q", 8, 16, 32)
                .data(16, 0);
        raw.bytes(0, 0, 0x80, 0x3F, 0, 0, 0, 0x40).data(16, 0).bytes(new int[34]).data(16, 0);
        assertArrayEquals(raw.toBytes(), Files.readAllBytes(file));
    }

    @Test
    void laterValuesReplaceEarlierOnesInTheirPlace() throws IOException {
        Path file = folder.resolve("m.gguf");
        GgufWriter.create().u32("a", 1).u32("b", 2).alignment(64).string("a", "x").remove("general.alignment").addTensor("t", List.of(1L), new float[1]).write(file);
        try (GgufFile gguf = GgufFile.open(file)) {
            assertEquals(List.of("a", "b"), List.copyOf(gguf.metadata().keys()));
            assertEquals("x", gguf.metadata().string("a").orElseThrow());
            long headerEnd = 24 + (8 + 1 + 4 + 8 + 1) + (8 + 1 + 4 + 4) + (8 + 1 + 4 + 8 + 4 + 8);
            assertEquals((headerEnd + 31) / 32 * 32, gguf.tensors().get(0).offset());
        }
    }

    @Test
    void refusesValuesThatDoNotFit() {
        GgufWriter writer = GgufWriter.create();
        refuses("metadata key 'k': u8 takes an Integer or Long from 0 to 255, not '256' (Integer)", () -> writer.put("k", ValueType.U8, 256));
        refuses("from 0 to 4294967295, not '-1' (Long)", () -> writer.u32("k", -1));
        refuses("i16 takes", () -> writer.put("k", ValueType.I16, 40_000));
        refuses("u64 takes a non-negative", () -> writer.put("k", ValueType.U64, -1L));
        refuses("i32 takes an Integer or Long from -2147483648 to 2147483647, not '1.5' (Double)", () -> writer.put("k", ValueType.I32, 1.5));
        refuses("str takes a String, not null", () -> writer.string("k", null));
        refuses("bool takes a Boolean, not '1' (Integer)", () -> writer.put("k", ValueType.BOOL, 1));
        refuses("array takes a ValueType.Array, up to 4 deep, not a list of 1", () -> writer.put("k", ValueType.ARRAY, List.of(1)));
        ValueType.Array nested = new ValueType.Array(ValueType.U8, List.of());
        for (int i = 0; i < 4; i++) {
            nested = new ValueType.Array(ValueType.ARRAY, List.of(nested));
        }
        ValueType.Array tooDeep = nested;
        refuses("up to 4 deep", () -> writer.put("k", ValueType.ARRAY, tooDeep));
        refuses("'\\u{d800}' with half a surrogate pair", () -> writer.string("k", "\ud800"));
        refuses("metadata key holds the text 'k\\u{dc00}' with half a surrogate pair", () -> writer.u32("k\udc00", 1));
        refuses("has 0 bytes, accepted are 1 to 65535", () -> writer.u32("", 1));
        refuses("accepted are the u32 powers of two from 8", () -> writer.alignment(24));
        refuses("accepted are the u32 powers of two from 8", () -> writer.put("general.alignment", ValueType.U64, 32L));
    }

    @Test
    void refusesTensorsThatDoNotFit() {
        GgufWriter writer = GgufWriter.create().addTensor("t", List.of(1L), new float[1]);
        refuses("tensor 't' is added twice", () -> writer.addTensor("t", List.of(1L), new float[1]));
        refuses("tensor 'u' has 0 dimensions", () -> writer.addTensor("u", List.of(), new float[1]));
        refuses("tensor 'u' has rows of 31 elements, accepted for Q4_0 are multiples of 32",
                () -> writer.addTensor("u", ElementType.Q4_0, List.of(31L), out -> {}));
        refuses("tensor name holds the text '\\u{d800}' with half a surrogate pair",
                () -> writer.addTensor("\ud800", List.of(1L), new float[1]));
        refuses("a name of 64 bytes, accepted are 1 to 63", () -> writer.addTensor("u".repeat(64), List.of(1L), new float[1]));
    }

    @Test
    void holdsSourcesToTheirSizeAndLeavesNothingBehind() throws IOException {
        Path file = Files.writeString(folder.resolve("m.gguf"), "what was there");
        refuses("the source of tensor 't' gives more bytes than the 8 that F32 2 takes",
                () -> GgufWriter.create().addTensor("t", List.of(2L), new float[3]).write(file));
        refuses("the source of tensor 't' gives fewer bytes than the 8 that F32 2 takes",
                () -> GgufWriter.create().addTensor("t", List.of(2L), new float[1]).write(file));
        GgufWriter failing = GgufWriter.create().addTensor("t", ElementType.F32, List.of(2L), out -> {
            throw new IOException("disk gone");
        });
        assertEquals("disk gone", assertThrows(IOException.class, () -> failing.write(file)).getMessage());
        assertEquals("what was there", Files.readString(file));
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(List.of(file), files.toList());
        }
    }

    @Test
    void streamsTensorsInPiecesOfAnySize() throws IOException {
        // 5 MiB through the 1 MiB buffer, in pieces that divide neither it nor each other.
        int count = 5 << 18;
        Iterable<float[]> pieces = () -> Stream.iterate(0, at -> at < count, at -> at + 40_009)
                .map(at -> {
                    float[] piece = new float[Math.min(40_009, count - at)];
                    for (int i = 0; i < piece.length; i++) {
                        piece[i] = at + i;
                    }
                    return piece;
                })
                .iterator();
        Path file = folder.resolve("m.gguf");
        GgufWriter.create().addTensor("t", ElementType.F32, List.of((long) count), TensorSource.of(pieces)).write(file);
        try (GgufFile gguf = GgufFile.open(file); Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = gguf.map(gguf.tensors().get(0), arena);
            for (int i = 0; i < count; i++) {
                if (bytes.getAtIndex(ValueLayout.JAVA_FLOAT, i) != i) {
                    assertEquals(i, bytes.getAtIndex(ValueLayout.JAVA_FLOAT, i));
                }
            }
        }
        assertFalse(Files.exists(folder.resolve("m.gguf.unfinished")));
    }

    private static void refuses(String part, Executable action) {
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class, action);
        assertTrue(e.getMessage().contains(part), e.getMessage());
    }
}
