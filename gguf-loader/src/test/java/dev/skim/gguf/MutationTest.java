package dev.skim.gguf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.skim.tensor.ElementType;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Damaged files either open, and then every tensor's first and last byte and all metadata can be read, or end in one
 * sentence; in bounded time and memory. {@code -Dskim.mutations=N} says how many, {@code -Dskim.mutations.seed=S} from
 * which seed on; a failure names the seed that does it again.
 */
class MutationTest {
    private static final int COUNT = Integer.getInteger("skim.mutations", 5000);
    private static final long FIRST_SEED = Long.getLong("skim.mutations.seed", 0);

    /** A file of some kilobytes opens in less than one millisecond; the machine may pause. */
    private static final long MAX_NANOS = 5_000_000_000L;

    /** Fixed costs (paths, channel, messages), and what a byte of the file may cost: an entry of 14 bytes makes some small objects. */
    private static final long MAX_ALLOCATED = 64 << 10;
    private static final long MAX_ALLOCATED_PER_BYTE = 40;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private int opened;
    private int refused;

    @TempDir
    Path folder;

    /** The header of a small llama with every kind of metadata. */
    private static GgufWriter llama(long seed) {
        Random random = new Random(seed);
        List<String> tokens = new ArrayList<>();
        float[] scores = new float[48];
        int[] types = new int[48];
        for (int i = 0; i < 48; i++) {
            tokens.add(i < 3 ? "<" + i + ">" : i == 3 ? "\u2581caf\u00e9" : i == 4 ? "\ud83d\ude00" : "t" + Long.toString(random.nextInt(1000), 36));
            scores[i] = -i;
            types[i] = i < 3 ? 3 : 1;
        }
        GgufWriter writer = GgufWriter.create()
                .string("general.architecture", "llama")
                .u32("llama.block_count", 2)
                .put("llama.context_length", ValueType.U64, 256L)
                .put("llama.attention.head_count", ValueType.U16, 4)
                .put("llama.attention.head_count_kv", ValueType.I32, 2)
                .f32("llama.attention.layer_norm_rms_epsilon", 1e-5f)
                .put("llama.rope.freq_base", ValueType.F64, 10_000.0)
                .bool("tokenizer.ggml.add_bos_token", true)
                .put("a.i8", ValueType.I8, -1)
                .put("a.u8", ValueType.U8, 200)
                .put("a.i16", ValueType.I16, -300)
                .put("a.i64", ValueType.I64, Long.MIN_VALUE)
                .put("a.flags", ValueType.ARRAY, new ValueType.Array(ValueType.BOOL, List.of(true, false, true)))
                .put("a.nested", ValueType.ARRAY, new ValueType.Array(ValueType.ARRAY, List.of(
                        new ValueType.Array(ValueType.STR, List.of("x", "yz")),
                        new ValueType.Array(ValueType.ARRAY, List.of(new ValueType.Array(ValueType.I16, List.of(1, 2)))))))
                .strings("tokenizer.ggml.tokens", tokens)
                .floats("tokenizer.ggml.scores", scores)
                .integers("tokenizer.ggml.token_type", types);
        if (random.nextBoolean()) {
            writer.alignment(8L << random.nextInt(4));
        }
        ElementType[] kinds = {ElementType.Q4_0, ElementType.Q8_0, ElementType.F16, ElementType.BF16, ElementType.Q4_1};
        tensor(writer, random, "token_embd.weight", kinds, 32, 48);
        for (int block = 0; block < 2; block++) {
            tensor(writer, random, "blk." + block + ".attn_norm.weight", new ElementType[] {ElementType.F32}, 32);
            tensor(writer, random, "blk." + block + ".attn_q.weight", kinds, 32, 32);
            tensor(writer, random, "blk." + block + ".ffn_gate_exps.weight", kinds, 32, 8, 2);
        }
        tensor(writer, random, "output_norm.weight", new ElementType[] {ElementType.F32}, 32, 1, 1, 1);
        return writer;
    }

    private static void tensor(GgufWriter writer, Random random, String name, ElementType[] kinds, long... extents) {
        ElementType type = kinds[random.nextInt(kinds.length)];
        List<Long> shape = java.util.Arrays.stream(extents).boxed().toList();
        byte[] bytes = new byte[(int) Layout.bytes(type, shape)];
        random.nextBytes(bytes);
        writer.addTensor(name, type, shape, TensorSource.of(MemorySegment.ofArray(bytes)));
    }

    /** Classes are loaded and tables made before allocation is counted. */
    @BeforeEach
    void warmUp() throws IOException {
        Path file = folder.resolve("warm.gguf");
        llama(0).write(file);
        for (int seed = 0; seed < 200; seed++) {
            Path damaged = folder.resolve("warm-damaged.gguf");
            open(damaged, List.of(Files.write(damaged, new Mutator(-1 - seed).mutate(Files.readAllBytes(file), 1500))));
        }
        opened = 0;
        refused = 0;
    }

    @Test
    void damagedFiles() throws IOException {
        List<byte[]> bases = new ArrayList<>();
        List<Integer> headers = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            Path file = folder.resolve("base.gguf");
            llama(i).write(file);
            bases.add(Files.readAllBytes(file));
            headers.add(llama(i).header().length);
            if (i % 4 == 3) {
                bases.get(i)[4] = 2; // version
            }
            open(file, List.of(Files.write(file, bases.get(i))));
        }
        assertEquals(8, opened, "the undamaged files open");
        Path file = folder.resolve("damaged.gguf");
        for (int i = 0; i < COUNT; i++) {
            long seed = FIRST_SEED + i;
            int base = (int) Math.floorMod(seed, 8L);
            check(seed, List.of(file), file, new Mutator(seed).mutate(bases.get(base), headers.get(base)));
        }
        checkBoth();
    }

    @Test
    void damagedPartsOfSplitModels() throws IOException {
        List<Path> files = llama(1).writeSplit(folder.resolve("split"), 1000);
        assertTrue(files.size() > 2);
        List<byte[]> bases = new ArrayList<>();
        for (Path file : files) {
            bases.add(Files.readAllBytes(file));
        }
        for (int i = 0; i < COUNT / 5; i++) {
            long seed = FIRST_SEED + i;
            int part = (int) Math.floorMod(seed, (long) files.size());
            check(seed, files, files.get(part), new Mutator(seed).mutate(bases.get(part), part == 0 ? 1500 : 300));
            overwrite(files.get(part), bases.get(part));
        }
        checkBoth();
    }

    /** Neither may be so rare that the test shows nothing. */
    private void checkBoth() {
        assertTrue(opened > 0.05 * (opened + refused), opened + " of " + (opened + refused) + " damaged files opened");
        assertTrue(refused > 0.3 * (opened + refused), refused + " of " + (opened + refused) + " damaged files were refused");
    }

    /** In place: some file systems write a file that was cut to nothing to the disk at once. */
    private static void overwrite(Path file, byte[] bytes) throws IOException {
        try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
            out.write(bytes);
            out.setLength(bytes.length);
        }
    }

    private void check(long seed, List<Path> files, Path damaged, byte[] bytes) throws IOException {
        overwrite(damaged, bytes);
        long size = 0;
        for (Path file : files) {
            size += Files.size(file);
        }
        long allowed = files.size() * MAX_ALLOCATED + size * MAX_ALLOCATED_PER_BYTE;
        long start = System.nanoTime();
        long allocatedBefore = threads.getCurrentThreadAllocatedBytes();
        try {
            open(files.get(0), files);
        } catch (Throwable e) {
            throw new AssertionError("-Dskim.mutations.seed=" + seed + " -Dskim.mutations=1: " + e, e);
        }
        long allocated = threads.getCurrentThreadAllocatedBytes() - allocatedBefore;
        long nanos = System.nanoTime() - start;
        assertTrue(allocated < allowed, () -> "-Dskim.mutations.seed=" + seed + " allocates " + allocated + " bytes, " + allowed + " are allowed");
        assertTrue(nanos < MAX_NANOS, () -> "-Dskim.mutations.seed=" + seed + " takes " + nanos / 1_000_000 + " ms");
    }

    private void open(Path file, List<Path> files) {
        String message;
        try (GgufFile gguf = GgufFile.open(file); Arena arena = Arena.ofConfined()) {
            readAll(gguf, arena);
            opened++;
            return;
        } catch (GgufException e) {
            message = e.getMessage();
        }
        refused++;
        assertTrue(files.stream().anyMatch(named -> message.startsWith(named + ": ")), message);
        assertTrue(message.length() < 600 && message.codePoints().noneMatch(Character::isISOControl), message);
    }

    private static void readAll(GgufFile gguf, Arena arena) {
        for (TensorInfo tensor : gguf.tensors()) {
            MemorySegment bytes = gguf.map(tensor, arena);
            assertEquals(tensor.bytes(), bytes.byteSize());
            assertEquals(tensor.type().bytes(tensor.elements()), tensor.bytes());
            bytes.get(ValueLayout.JAVA_BYTE, 0);
            bytes.get(ValueLayout.JAVA_BYTE, tensor.bytes() - 1);
        }
        Metadata metadata = gguf.metadata();
        for (String key : metadata.keys()) {
            metadata.typeName(key);
            walk(metadata.value(key).orElseThrow());
        }
    }

    private static void walk(Object value) {
        if (value instanceof List<?> list) {
            list.forEach(MutationTest::walk);
        }
    }
}
