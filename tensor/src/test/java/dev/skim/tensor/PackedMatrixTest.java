package dev.skim.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Products of packed matrices against their plain definition in double, for every type. */
class PackedMatrixTest {
    /** Where {@code exact} is false, products may take differences; types that round activations are RoundedProductTest's. */
    record Case(ElementType type, boolean exact, int rows, int columns, int tokens, int threads, long seed) {
        Activations activations() {
            return new Activations(exact || PanelLayout.of(type).rounding() != Rounding.DIFFERENCES);
        }
    }

    @Provide
    Arbitrary<Case> cases() {
        return Combinators.combine(
                        // Half of the cases are of the type that has two kinds of products.
                        Arbitraries.oneOf(Arbitraries.of(ElementType.class), Arbitraries.just(ElementType.Q8_0)),
                        Arbitraries.of(true, false),
                        Arbitraries.integers().between(1, 100),
                        Arbitraries.integers().between(1, 3),
                        Arbitraries.integers().between(1, 40),
                        Arbitraries.integers().between(1, 3),
                        Arbitraries.longs())
                .as((type, exact, rows, blocks, tokens, threads, seed) -> new Case(
                        type, exact, rows, type.blockSize() == 1 ? blocks * 37 : blocks * type.blockSize(), tokens, threads, seed));
    }

    /** Random blocks; half-precision fields get a middling exponent, so that every weight is finite and of ordinary size. */
    static MemorySegment weights(ElementType type, int rows, int columns, Random random) {
        byte[] data = new byte[Math.toIntExact(type.bytes((long) rows * columns))];
        random.nextBytes(data);
        MemorySegment segment = MemorySegment.ofArray(data);
        if (type.blockSize() == 1) {
            for (int i = 0; i < rows * columns; i++) {
                float[] one = {(float) random.nextGaussian()};
                if (type == ElementType.F32) {
                    segment.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * i, one[0]);
                } else {
                    Blocks.quantise(type, one, 0, 1, segment, 2L * i);
                }
            }
            return segment;
        }
        // Codes of -128 take a way of their own.
        boolean usual = random.nextInt(4) > 0;
        for (int block = 0; block < data.length; block += type.blockBytes()) {
            for (int field : halves(type)) {
                int high = block + field + 1;
                data[high] = (byte) (data[high] & 0x83 | 0x2c);
            }
            if (type == ElementType.Q8_0 && usual) {
                for (int i = block + 2; i < block + 34; i++) {
                    data[i] = (byte) Math.max(-127, data[i]);
                }
            }
            if (type == ElementType.IQ1_M) {
                // The factor's four nibbles are the top ones of the four 16-bit scales; the last holds the exponent.
                data[block + 55] = (byte) (data[block + 55] & 0x0f | 0x20);
            }
            if (type == ElementType.MXFP4) {
                data[block] = (byte) (120 + random.nextInt(10));
            }
        }
        return segment;
    }

    private static int[] halves(ElementType type) {
        return switch (type) {
            case Q4_1, Q5_1, Q4_K, Q5_K -> new int[] {0, 2};
            case Q2_K -> new int[] {80, 82};
            case Q3_K -> new int[] {108};
            case Q6_K -> new int[] {208};
            case TQ1_0 -> new int[] {52};
            case TQ2_0 -> new int[] {64};
            case IQ1_M, MXFP4 -> new int[0];
            default -> new int[] {0};
        };
    }

    @Property(tries = 150)
    void productIsTheDefinition(@ForAll("cases") Case c) {
        Random random = new Random(c.seed);
        MemorySegment data = weights(c.type, c.rows, c.columns, random);
        float[] plain = new float[c.rows * c.columns];
        Blocks.expand(c.type, data, 0, plain, 0, plain.length);
        float[] x = new float[c.tokens * (c.columns + 3)];
        for (int i = 0; i < x.length; i++) {
            x[i] = (float) random.nextGaussian();
        }
        int stride = c.rows + 5;
        float[] before = new float[2 + c.tokens * stride];
        for (int i = 0; i < before.length; i++) {
            before[i] = (float) random.nextGaussian();
        }
        try (Workers workers = new Workers(c.threads)) {
            PackedMatrix matrix = PackedMatrix.pack(c.type, data, c.rows, c.columns, workers);
            Activations batch = c.activations();
            batch.set(x, 0, c.columns + 3, c.tokens, c.columns);
            float[] out = before.clone();
            float[] sum = before.clone();
            matrix.multiply(batch, out, 2, stride, false, workers);
            matrix.multiply(batch, sum, 2, stride, true, workers);

            Activations lone = c.activations();
            float[] single = new float[c.rows];
            float[] row = new float[c.columns];
            for (int t = 0; t < c.tokens; t++) {
                lone.set(x, t * (c.columns + 3), c.columns, 1, c.columns);
                matrix.multiply(lone, single, 0, c.rows, false, workers);
                for (int r = 0; r < c.rows; r++) {
                    double exact = 0;
                    double size = 0;
                    for (int k = 0; k < c.columns; k++) {
                        double term = (double) plain[r * c.columns + k] * x[t * (c.columns + 3) + k];
                        exact += term;
                        size += Math.abs(term);
                    }
                    int at = 2 + t * stride + r;
                    // A chain of n roundings: n half-ulps of the sum of the terms' sizes, and as much for the weights.
                    double bound = (c.columns + 2) * 0x1p-23 * (size + Math.abs(before[at])) + 1e-30;
                    assertEquals(exact, out[at], bound, "row " + r + " token " + t);
                    assertEquals(exact + before[at], sum[at], bound, "added, row " + r + " token " + t);
                    assertEquals(
                            Float.floatToRawIntBits(out[at]), Float.floatToRawIntBits(single[r]),
                            "a token alone and in a batch, row " + r + " token " + t);
                }
            }
            for (int i = 0; i < before.length; i++) {
                int inRow = (i - 2) % stride;
                if (i < 2 || inRow >= c.rows) {
                    assertEquals(before[i], out[i], "written outside the product at " + i);
                }
            }
            for (int r = 0; r < c.rows; r++) {
                matrix.row(r, row, 0);
                for (int k = 0; k < c.columns; k++) {
                    float weight = plain[r * c.columns + k];
                    assertEquals(weight, row[k], Math.ulp(weight) + 4e-6f * Math.abs(weight) + 1e-6f * scaleOf(plain), "weight");
                }
            }
        }
    }

    /** Scale times code plus minimum is rounded once, the definition's two operations twice: the sizes cancel in the sum. */
    private static float scaleOf(float[] plain) {
        float top = 0;
        for (float value : plain) {
            top = Math.max(top, Math.abs(value));
        }
        return top;
    }

    record Bytes(byte[] codes, short[] scales, int rows, boolean exact) {}

    @Provide
    Arbitrary<Bytes> bytes() {
        Arbitrary<Byte> codes = Arbitraries.of((byte) -128, (byte) -127, (byte) -1, (byte) 0, (byte) 1, (byte) 127);
        return Arbitraries.integers().between(1, 33).flatMap(rows -> Combinators.combine(
                        Arbitraries.of(true, false).flatMap(low -> (low ? codes : codes.map(c -> (byte) Math.max(-127, c)))
                                .array(byte[].class).ofSize(rows * 64)),
                        // Of either sign, the smallest subnormal and the largest among them.
                        Arbitraries.of((short) 1, (short) 0x8001, (short) 0x03ff, (short) 0x2c00, (short) 0xac01, (short) 0x7bff)
                                .array(short[].class).ofSize(rows * 2),
                        Arbitraries.of(true, false))
                .as((c, d, exact) -> new Bytes(c, d, rows, exact)));
    }

    /** Q8_0 at its ends: every code that a file may have, and scales that f32 nearly cannot hold. */
    @Property(tries = 200)
    void bytesAtTheirEnds(@ForAll("bytes") Bytes c, @ForAll long seed) {
        ByteBuffer data = ByteBuffer.allocate(c.rows * 68).order(ByteOrder.LITTLE_ENDIAN);
        boolean fits = true;
        for (int b = 0; b < 2 * c.rows; b++) {
            data.putShort(c.scales[b]);
            for (int k = 32 * b; k < 32 * b + 32; k += 4) {
                // The code that decides over the sign of what stands below, from the last of four columns on.
                int below = 0;
                for (int i = k + 3; i >= k; i--) {
                    fits &= c.codes[i] != -128 || below >= 0;
                    below = c.codes[i] != 0 ? c.codes[i] : below;
                }
            }
            data.put(c.codes, 32 * b, 32);
        }
        float[] plain = new float[c.rows * 64];
        Blocks.expand(ElementType.Q8_0, MemorySegment.ofArray(data.array()), 0, plain, 0, plain.length);
        Random random = new Random(seed);
        float[] x = new float[64];
        for (int i = 0; i < x.length; i++) {
            x[i] = (float) (random.nextGaussian() * Math.exp(4 * random.nextGaussian()));
        }
        try (Workers workers = new Workers(1)) {
            PackedMatrix matrix = PackedMatrix.pack(ElementType.Q8_0, MemorySegment.ofArray(data.array()), c.rows, 64, workers);
            assertEquals(fits, matrix.layout() instanceof Legacy8, "the faster layout");
            Activations lone = new Activations(c.exact);
            lone.set(x, 0, 64, 1, 64);
            float[] out = new float[c.rows];
            float[] row = new float[64];
            matrix.multiply(lone, out, 0, c.rows, false, workers);
            for (int r = 0; r < c.rows; r++) {
                matrix.row(r, row, 0);
                assertArrayEquals(Arrays.copyOfRange(plain, r * 64, r * 64 + 64), row, "row " + r);
                double exact = 0;
                double size = 0;
                for (int k = 0; k < 64; k++) {
                    exact += (double) row[k] * x[k];
                    // A rounded weight has what stands below its code too, up to a half of it, and the next ones take that away.
                    double below = c.exact ? 0 : Math.abs(Float.float16ToFloat(c.scales[2 * r + k / 32])) / 2.0;
                    size += (Math.abs(row[k]) + below) * Math.abs(x[k]);
                }
                assertEquals(exact, out[r], 66 * 0x1p-23 * size, "row " + r);
            }
        }
    }

    record Broken(ElementType type, int field, short half, boolean exact, int rows, int blocks, int tokens, long seed) {}

    @Provide
    Arbitrary<Broken> broken() {
        return Combinators.combine(
                        Arbitraries.of(ElementType.class).filter(PackedMatrixTest::hasHalves),
                        Arbitraries.of(0, 1),
                        Arbitraries.of((short) 0x7c00, (short) 0xfc00, (short) 0x7e00, (short) 0x7c01, (short) 0xffff),
                        Arbitraries.of(true, false),
                        Arbitraries.integers().between(1, 100),
                        Arbitraries.integers().between(1, 3),
                        Arbitraries.integers().between(2, 40),
                        Arbitraries.longs())
                .as(Broken::new);
    }

    private static boolean hasHalves(ElementType type) {
        return switch (type) {
            case F32, BF16, MXFP4 -> false;
            default -> true;
        };
    }

    private static void putHalf(MemorySegment data, ElementType type, long block, int field, short half) {
        if (type == ElementType.IQ1_M) {
            for (int i = 0; i < 4; i++) {
                long at = block + 49 + 2 * i;
                data.set(ValueLayout.JAVA_BYTE, at, (byte) (data.get(ValueLayout.JAVA_BYTE, at) & 0x0f | (half >> 4 * i & 0x0f) << 4));
            }
        } else {
            int[] fields = halves(type);
            data.set(ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN), block + fields[field % fields.length], half);
        }
    }

    /** One factor of a broken file that is infinite or NaN: all that it should reach is as the definition has it, and all else too. */
    @Property(tries = 300)
    void factorsThatAreNotFinite(@ForAll("broken") Broken c) {
        Random random = new Random(c.seed);
        int columns = c.blocks * (c.type.blockSize() == 1 ? 37 : c.type.blockSize());
        MemorySegment data = weights(c.type, c.rows, columns, random);
        int blocks = c.rows * columns / c.type.blockSize();
        putHalf(data, c.type, (long) random.nextInt(blocks) * c.type.blockBytes(), c.field, c.half);
        float[] plain = new float[c.rows * columns];
        Blocks.expand(c.type, data, 0, plain, 0, plain.length);
        float[] x = new float[c.tokens * columns];
        for (int i = 0; i < x.length; i++) {
            x[i] = (float) random.nextGaussian();
        }
        try (Workers workers = new Workers(2)) {
            PackedMatrix matrix = PackedMatrix.pack(c.type, data, c.rows, columns, workers);
            float[] row = new float[columns];
            for (int r = 0; r < c.rows; r++) {
                matrix.row(r, row, 0);
                assertArrayEquals(Arrays.copyOfRange(plain, r * columns, (r + 1) * columns), row, "row " + r);
            }
            Activations batch = new Activations(c.exact);
            batch.set(x, 0, columns, c.tokens, columns);
            float[] out = new float[c.tokens * c.rows];
            matrix.multiply(batch, out, 0, c.rows, false, workers);
            Activations lone = new Activations(c.exact);
            float[] single = new float[c.rows];
            for (int t = 0; t < c.tokens; t++) {
                lone.set(x, t * columns, columns, 1, columns);
                matrix.multiply(lone, single, 0, c.rows, false, workers);
                for (int r = 0; r < c.rows; r++) {
                    double exact = 0;
                    double size = 0;
                    for (int k = 0; k < columns; k++) {
                        double term = (double) plain[r * columns + k] * x[t * columns + k];
                        exact += term;
                        size += Math.abs(term);
                    }
                    float product = out[t * c.rows + r];
                    double bound = Double.isFinite(exact) ? (columns + 2) * 0x1p-23 * size + 1e-30 : 0;
                    assertEquals(exact, product, bound, "row " + r + " token " + t);
                    assertEquals(product, single[r], "a token alone and in a batch, row " + r + " token " + t);
                }
            }
        }
    }

    /** The ends of what is finite take no other layout. */
    @ParameterizedTest
    @EnumSource
    void theLargestFactorsAreFinite(ElementType type) {
        if (!hasHalves(type)) {
            return;
        }
        int rows = 33;
        int columns = 2 * type.blockSize();
        MemorySegment data = MemorySegment.ofArray(new byte[Math.toIntExact(type.bytes(rows * columns))]);
        for (int block = 0; block < 2 * rows; block++) {
            for (int field = 0; field < 2; field++) {
                putHalf(data, type, (long) block * type.blockBytes(), field, (short) (block % 2 == 0 ? 0x7bff : 0xfbff));
            }
        }
        try (Workers workers = new Workers(1)) {
            PackedMatrix matrix = PackedMatrix.pack(type, data, rows, columns, workers);
            assertEquals(PanelLayout.of(type).getClass(), matrix.layout().getClass());
        }
    }

    /** Powers of two from 2^-127, which is subnormal, to 2^128, which becomes infinite with some values. */
    @Test
    void everyExponentOfMXFP4() {
        byte[] data = new byte[256 * 17];
        new Random(5).nextBytes(data);
        for (int e = 0; e < 256; e++) {
            data[e * 17] = (byte) e;
        }
        float[] plain = new float[256 * 32];
        float[] row = new float[32];
        Blocks.expand(ElementType.MXFP4, MemorySegment.ofArray(data), 0, plain, 0, plain.length);
        try (Workers workers = new Workers(1)) {
            PackedMatrix matrix = PackedMatrix.pack(ElementType.MXFP4, MemorySegment.ofArray(data), 256, 32, workers);
            for (int e = 0; e < 256; e++) {
                matrix.row(e, row, 0);
                assertArrayEquals(Arrays.copyOfRange(plain, e * 32, e * 32 + 32), row, "exponent " + e);
            }
        }
    }

    @Test
    void threadsGiveTheSameBits() {
        Random random = new Random(7);
        MemorySegment data = weights(ElementType.Q4_K, 320, 512, random);
        float[] x = new float[40 * 512];
        for (int i = 0; i < x.length; i++) {
            x[i] = (float) random.nextGaussian();
        }
        float[][] outs = new float[3][40 * 320];
        for (int threads = 1; threads <= 3; threads++) {
            try (Workers workers = new Workers(threads)) {
                Activations batch = new Activations();
                batch.set(x, 0, 512, 40, 512);
                PackedMatrix.pack(ElementType.Q4_K, data, 320, 512, workers)
                        .multiply(batch, outs[threads - 1], 0, 320, false, workers);
            }
        }
        assertArrayEquals(outs[0], outs[1]);
        assertArrayEquals(outs[0], outs[2]);
    }

    /**
     * A matrix of several arrays, the last of them and its last panel not full, and those of F32 read in several pieces: every
     * weight is where it belongs.
     */
    @ParameterizedTest
    @EnumSource
    void manyArrays(ElementType type) {
        int rows = 4_011;
        int columns = 2 * Math.max(256, type.blockSize());
        MemorySegment data = weights(type, rows, columns, new Random(11));
        float[] plain = new float[columns];
        float[] row = new float[columns];
        float[] x = new float[columns];
        float[] out = new float[rows];
        Arrays.fill(x, 1);
        try (Workers workers = new Workers(2)) {
            PackedMatrix matrix = PackedMatrix.pack(type, data, rows, columns, workers);
            Activations lone = new Activations();
            lone.set(x, 0, columns, 1, columns);
            matrix.multiply(lone, out, 0, rows, false, workers);
            Activations batch = new Activations();
            float[] outs = new float[3 * rows];
            batch.set(x, 0, 0, 3, columns);
            matrix.multiply(batch, outs, 0, rows, false, workers);
            for (int t = 0; t < 3; t++) {
                assertArrayEquals(out, Arrays.copyOfRange(outs, t * rows, (t + 1) * rows), "token " + t + " of a batch");
            }
            for (int r = 0; r < rows; r++) {
                Blocks.expand(type, data, r * type.bytes(columns), plain, 0, columns);
                matrix.row(r, row, 0);
                double sum = 0;
                double size = 0;
                for (int k = 0; k < columns; k++) {
                    sum += plain[k];
                    size += Math.abs(plain[k]);
                }
                for (int k = 0; k < columns; k++) {
                    assertEquals(plain[k], row[k], 1e-5f * (float) size / columns + 4e-6f * Math.abs(plain[k]), "row " + r);
                }
                assertEquals(sum, out[r], columns * 0x1p-22 * size, "row " + r);
            }
        }
    }

    @Test
    void whatTheSourceThrowsReachesTheCaller() {
        try (Workers workers = new Workers(2)) {
            assertThrows(UnsupportedOperationException.class, () -> PackedMatrix.pack(ElementType.Q8_0, (first, count, target) -> {
                if (first > 500) {
                    throw new UnsupportedOperationException();
                }
            }, 2_000, 512, workers));
        }
    }

    /** Whatever the shape and the thread, and to an end: a second-level cache holds it. */
    @Property(tries = 60)
    void readsAheadWithinTheMatrix(
            @ForAll ElementType type, @ForAll @IntRange(min = 1, max = 700) int rows, @ForAll @IntRange(min = 1, max = 40) int blocks) {
        try (Workers workers = new Workers(1)) {
            int columns = blocks * type.blockSize();
            byte[] zeros = new byte[Math.toIntExact(rows * type.bytes(columns))];
            PackedMatrix matrix = PackedMatrix.pack(type, MemorySegment.ofArray(zeros), rows, columns, workers);
            for (int worker = 0; worker < 9; worker++) {
                int step = 0;
                while (matrix.ahead.step(worker, step)) {
                    step++;
                }
                int bytes = 512 * step * 2 * PackedMatrix.PAIRS;
                assertTrue(bytes <= 1 << 18, worker + " reads " + bytes + " bytes");
                assertTrue(worker > 0 || step > 0 || matrix.panels() < 2 * PackedMatrix.PAIRS);
            }
        }
    }

    @Test
    void aFailedRunLeavesNoProductOnTheList() {
        try (Workers workers = new Workers(2)) {
            PackedMatrix matrix = PackedMatrix.pack(ElementType.F32, MemorySegment.ofArray(new byte[400]), 100, 1, workers);
            Activations one = new Activations();
            one.set(new float[1], 0, 1, 1, 1);
            Products products = new Products().add(matrix, new float[99], 0, 100, false);
            assertThrows(IndexOutOfBoundsException.class, () -> products.run(one, workers));
            float[] out = new float[100];
            Arrays.fill(out, 1);
            products.add(matrix, out, 0, 100, false).run(one, workers);
            assertArrayEquals(new float[100], out);
        }
    }

    @Test
    void refusesWhatDoesNotFit() {
        try (Workers workers = new Workers(1)) {
            MemorySegment short1 = MemorySegment.ofArray(new byte[17]);
            assertThrows(
                    IllegalArgumentException.class, () -> PackedMatrix.pack(ElementType.Q4_0, short1, 1, 32, workers));
            assertThrows(
                    IllegalArgumentException.class, () -> PackedMatrix.pack(ElementType.F32, short1, 1, 0, workers));
            PackedMatrix matrix = PackedMatrix.pack(
                    ElementType.F32, MemorySegment.ofArray(new byte[16]), 1, 4, workers);
            assertThrows(IndexOutOfBoundsException.class, () -> matrix.row(1, new float[4], 0));
            assertThrows(IndexOutOfBoundsException.class, () -> matrix.row(-1, new float[4], 0));
            Activations five = new Activations();
            five.set(new float[5], 0, 5, 1, 5);
            assertThrows(
                    IllegalArgumentException.class, () -> matrix.multiply(five, new float[1], 0, 1, false, workers));
        }
    }
}
