package dev.skim.gguf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each way of being unsound ends in one sentence that names the file, the thing, what was found and what is accepted. */
class HostileFileTest {
    private static final long HUGE = Long.MAX_VALUE;

    @TempDir
    Path folder;

    private void refuses(RawGguf raw, String... parts) throws IOException {
        refuses(raw.in(folder), parts);
    }

    private static void refuses(Path file, String... parts) {
        GgufException e = assertThrows(GgufException.class, () -> GgufFile.open(file));
        assertTrue(e.getMessage().startsWith(file + ": "), e.getMessage());
        assertFalse(e.getMessage().contains("\n"), e.getMessage());
        for (String part : parts) {
            assertTrue(e.getMessage().contains(part), e.getMessage());
        }
    }

    @Test
    void filesThatAreNoFiles() throws IOException {
        refuses(folder.resolve("absent.gguf"), "there is no such file");
        refuses(folder, "this is a folder");
        refuses(new RawGguf(), "has only 0 bytes");
        refuses(new RawGguf().bytes('G', 'G'), "has only 2 bytes");
    }

    @Test
    void filesOfOtherKinds() throws IOException {
        refuses(new RawGguf().bytes('P', 'K', 3, 4), "begins with the bytes 0x504b0304", "accepted is 'GGUF'");
        refuses(new RawGguf().bytes('t', 'j', 'g', 'g'), "older GGML format");
        refuses(new RawGguf().bytes('v', 'e', 'r', 's', 'i'), "Git LFS pointer");
        refuses(RawGguf.header(1, 0, 0), "version 1 of GGUF, accepted are versions 2 and 3");
        refuses(RawGguf.header(4, 0, 0), "version 4 of GGUF");
        refuses(RawGguf.header(0, 0, 0), "version 0 of GGUF");
        refuses(RawGguf.header(0x03000000, 0, 0), "big-endian", "accepted are little-endian");
        refuses(new RawGguf().bytes('F', 'U', 'G', 'G'), "a big-endian file");
    }

    @Test
    void truncationAtEveryByte() throws IOException {
        byte[] whole = RawGguf.header(3, 1, 2)
                .key("k", 9).u32(8).u64(2).str("one").str("two")
                .key("n", 4).u32(1)
                .tensor("t", 0, 0, 2)
                .data(32, 8)
                .toBytes();
        GgufFile.open(Files.write(folder.resolve("whole.gguf"), whole)).close();
        for (int length = 0; length < whole.length; length++) {
            refuses(Files.write(folder.resolve("cut.gguf"), java.util.Arrays.copyOf(whole, length)));
        }
    }

    @Test
    void countsThatAreAbsurd() throws IOException {
        refuses(RawGguf.header(3, 0, HUGE), "claims 9223372036854775807 metadata entries");
        refuses(RawGguf.header(3, 0, -1), "claims 18446744073709551615 metadata entries");
        refuses(RawGguf.header(3, -1, 0), "claims 18446744073709551615 tensors");
        refuses(RawGguf.header(3, 1L << 62, 0).data(32, 64), "claims 4611686018427387904 tensors");
        refuses(RawGguf.header(3, 0, 1).key("k", 9).u32(10).u64(1L << 61), "'k' claims 2305843009213693952 elements of at least 8 bytes");
        refuses(RawGguf.header(3, 0, 1).key("k", 9).u32(0).u64(HUGE), "'k' claims 9223372036854775807 elements of at least 1 byte,");
        refuses(RawGguf.header(3, 0, 1).key("k", 9).u32(8).u64(1L << 60), "'k' claims");
        refuses(RawGguf.header(3, 0, 1).key("k", 9).u32(9).u64(1L << 60), "'k' claims");
    }

    @Test
    void stringsThatAreUnsound() throws IOException {
        refuses(RawGguf.header(3, 0, 1).u64(HUGE).data(1, 20), "metadata entry 1 of 1 holds a string of 9223372036854775807 bytes");
        refuses(RawGguf.header(3, 0, 1).u64(-1).data(1, 20), "a string of 18446744073709551615 bytes");
        refuses(RawGguf.header(3, 0, 1).key("k", 8).u64(1L << 32), "'k' holds a string of 4294967296 bytes, but the file has only 0 bytes left");
        refuses(RawGguf.header(3, 0, 1).key("", 8).str(""), "metadata entry 1 of 1 has a key of 0 bytes, accepted are 1 to 65535");
        refuses(RawGguf.header(3, 0, 1).key("k".repeat(65_536), 8).str(""), "a key of 65536 bytes");
        refuses(RawGguf.header(3, 0, 1).key("k".repeat(65_535), 7).bytes(2), "metadata key '" + "k".repeat(80) + "...' holds");
        int[][] malformed = {
            {0x80}, {0xC0, 0x80}, {0xC1, 0xBF}, {0xE0, 0x9F, 0x80}, {0xED, 0xA0, 0x80}, {0xF0, 0x8F, 0x80, 0x80}, {0xF4, 0x90, 0x80, 0x80},
            {0xF5, 0x80, 0x80, 0x80}, {0xFF}, {0xC3}, {0xE2, 0x82}, {0xF0, 0x9F, 0x98}, {'a', 0xE2, 0x28, 0xA1},
        };
        for (int[] bytes : malformed) {
            refuses(RawGguf.header(3, 0, 1).key("k", 8).u64(bytes.length).bytes(bytes).data(1, 8), "'k' holds a string that is not UTF-8");
        }
    }

    @Test
    void valuesThatAreUnsound() throws IOException {
        refuses(RawGguf.header(3, 0, 1).key("k", 13).u64(0), "'k' has the unknown value type 13, accepted are 0 (u8) to 12 (f64)");
        refuses(RawGguf.header(3, 0, 1).key("k", -1).u64(0), "the unknown value type 4294967295");
        refuses(RawGguf.header(3, 0, 1).key("k", 9).u32(13).u64(0), "'k' has the unknown array element type 13");
        refuses(RawGguf.header(3, 0, 1).key("k", 7).bytes(2), "'k' holds the boolean 2, accepted are 0 and 1");
        refuses(RawGguf.header(3, 0, 1).key("k", 9).u32(7).u64(2).bytes(1, 7), "'k' holds the boolean 7");
        refuses(RawGguf.header(3, 0, 2).key("k", 0).bytes(1).key("k", 8).str("x"), "metadata key 'k' appears twice");
        refuses(RawGguf.header(3, 0, 1).key("evil\nkey\u202e", 7).bytes(2), "'evil\\u{a}key\\u{202e}'");
    }

    @Test
    void arraysThatNestTooDeep() throws IOException {
        RawGguf four = RawGguf.header(3, 0, 1).key("k", 9);
        RawGguf endless = RawGguf.header(3, 0, 1).key("k", 9);
        for (int i = 0; i < 3; i++) {
            four.u32(9).u64(1);
        }
        assertEquals(1, GgufFile.open(four.u32(0).u64(1).bytes(5).in(folder)).metadata().keys().size());
        for (int i = 0; i < 100_000; i++) {
            endless.u32(9).u64(1);
        }
        refuses(endless.u32(0).u64(0), "'k' nests arrays more than 4 deep");
    }

    @Test
    void alignmentsThatAreUnsound() throws IOException {
        for (int alignment : new int[] {0, 1, 4, 24, 33, -1}) {
            refuses(RawGguf.header(3, 0, 1).key("general.alignment", 4).u32(alignment), "'general.alignment' is " + Integer.toUnsignedString(alignment),
                    "powers of two from 8");
        }
        refuses(RawGguf.header(3, 0, 1).key("general.alignment", 8).str("32"), "'general.alignment' is of type str");
        refuses(RawGguf.header(3, 1, 1).key("general.alignment", 4).u32(1 << 31).tensor("t", 0, 0, 2).data(32, 64), "'t' takes 8 bytes at offset 0",
                "has only 0 bytes");
    }

    @Test
    void shapesThatAreUnsound() throws IOException {
        refuses(tensor(0, 0), "tensor 't' has 0 dimensions, accepted are 1 to 4");
        refuses(tensor(0, 0, 1, 1, 1, 1, 1), "'t' has 5 dimensions");
        refuses(RawGguf.header(3, 1, 0).str("t").u32(-1).data(1, 64), "'t' has 4294967295 dimensions");
        refuses(tensor(0, 0, 2, 0), "'t' has the shape 2 x 0, accepted are extents of 1 and more");
        refuses(tensor(0, 0, -1), "'t' has the shape 18446744073709551615");
        refuses(tensor(0, 0, 1L << 32, 1L << 32), "'t' has the shape 4294967296 x 4294967296, accepted are sizes that fit 63 bits");
        refuses(tensor(0, 0, 1L << 62), "sizes that fit 63 bits");
        refuses(tensor(0, 0, 1L << 31, 1L << 31, 4, 1), "sizes that fit 63 bits");
        refuses(tensor(2, 0, 33), "'t' has rows of 33 elements, accepted for Q4_0 are multiples of 32");
        refuses(tensor(12, 0, 32, 8), "'t' has rows of 32 elements, accepted for Q4_K are multiples of 256");
    }

    @Test
    void typesThatAreUnknown() throws IOException {
        for (Map.Entry<Integer, String> type : Map.of(4, "4 (Q4_2)", 9, "9 (Q8_1)", 28, "28 (F64)", 36, "36 (IQ4_NL_4_4)", 40, "40 (NVFP4)", 99, "99,",
                        -1, "4294967295,")
                .entrySet()) {
            refuses(tensor(type.getKey(), 0, 32), "'t' has the element type " + type.getValue(), "accepted are F32, F16, Q4_0", "MXFP4");
        }
    }

    @Test
    void tensorsThatLieWrong() throws IOException {
        refuses(tensor(0, 8, 2), "'t' lies at offset 8, accepted are multiples of the alignment 32");
        refuses(tensor(0, -32, 2), "'t' lies at offset 18446744073709551584");
        refuses(tensor(0, 1L << 62, 2), "'t' takes 8 bytes at offset 4611686018427387904 of the tensor data, but the file has only 64");
        refuses(tensor(0, 0, 17), "'t' takes 68 bytes at offset 0");
        refuses(tensor(0, 0, 1L << 60), "'t' takes 4611686018427387904 bytes");
        refuses(RawGguf.header(3, 2, 0).tensor("t", 0, 32, 2).tensor("u", 0, 0, 9).data(32, 64), "tensor 't' overlaps tensor 'u'");
        refuses(RawGguf.header(3, 2, 0).tensor("t", 0, 0, 2).tensor("u", 0, 0, 2).data(32, 64), "tensor 'u' overlaps tensor 't'");
        refuses(RawGguf.header(3, 2, 0).tensor("t", 0, 0, 2).tensor("t", 0, 32, 2).data(32, 64), "tensor 't' appears twice");
        refuses(RawGguf.header(3, 1, 0).tensor("", 0, 0, 2).data(32, 64), "tensor 1 of 1 has a name of 0 bytes");
        refuses(RawGguf.header(3, 2, 0).tensor("t", 0, 0, 2).data(32, 64), "tensor 2 of 2");
    }

    @Test
    void aHugeSparseFileDoesNotFillTheHeap() throws IOException {
        Path file = RawGguf.header(3, 0, 1).key("k", 9).u32(0).u64(1L << 36).in(folder);
        try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
            out.setLength(1L << 37);
        }
        refuses(file, "'k' is too large: a header of up to 64 MiB is accepted");
        Files.delete(file);
    }

    /** The buffers that it grows through, each twice as large as the one before, and one copy of what is kept. */
    @Test
    void theLargestHeaderIsCopiedOnce() throws IOException {
        int limit = HeaderReader.MAX_HEADER;
        int count = limit - 100;
        Path file = RawGguf.header(3, 0, 1).key("k", 9).u32(0).u64(count).in(folder);
        try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
            out.setLength(limit - 1);
        }
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        try (GgufFile gguf = GgufFile.open(file)) {
            long allocated = threads.getCurrentThreadAllocatedBytes() - before;
            assertTrue(allocated < 3L * limit + (1 << 20), "allocates " + allocated + " bytes");
            assertEquals(count, ((List<?>) gguf.metadata().value("k").orElseThrow()).size());
        } finally {
            Files.delete(file);
        }
    }

    private static RawGguf tensor(int type, long offset, long... shape) {
        return RawGguf.header(3, 1, 0).tensor("t", type, offset, shape).data(32, 64);
    }
}
