package dev.skim.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What holds for every type and any bytes, and how near quantised rows stay. */
class BlocksTest {
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final float UNTOUCHED = -12345.678f;

    /** Half a step of f16 relative to a normal value, and absolute below that. */
    private static final double HALF_ULP = 0x1p-11;

    private static final double HALF_LEAST = 0x1p-25;

    @Property(tries = 500)
    void expandsAnyBytesFromTheirPlaceToTheirPlace(
            @ForAll ElementType type,
            @ForAll @IntRange(max = 4) int blocks,
            @ForAll @IntRange(max = 9) int offset,
            @ForAll @IntRange(max = 9) int targetOffset,
            @ForAll Random random) {
        int count = blocks * type.blockSize();
        byte[] bytes = new byte[(int) type.bytes(count)];
        random.nextBytes(bytes);
        float[] expected = new float[count];
        for (int block = 0; block < blocks; block++) {
            // One block alone, in a segment of its own: nothing beyond it can be read.
            byte[] alone = Arrays.copyOfRange(bytes, block * type.blockBytes(), (block + 1) * type.blockBytes());
            float[] elements = new float[type.blockSize()];
            Blocks.expand(type, MemorySegment.ofArray(alone), 0, elements, 0, elements.length);
            System.arraycopy(elements, 0, expected, block * type.blockSize(), elements.length);
        }

        float[] target = new float[targetOffset + count + 3];
        Arrays.fill(target, UNTOUCHED);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment source = arena.allocate(offset + bytes.length);
            MemorySegment.copy(bytes, 0, source, ValueLayout.JAVA_BYTE, offset, bytes.length);
            Blocks.expand(type, source, offset, target, targetOffset, count);
        }

        for (int i = 0; i < target.length; i++) {
            boolean inside = i >= targetOffset && i < targetOffset + count;
            // Not the raw bits: which NaN comes of a broken scale is the processor's choice.
            assertEquals(
                    Float.floatToIntBits(inside ? expected[i - targetOffset] : UNTOUCHED),
                    Float.floatToIntBits(target[i]));
        }
    }

    @Property(tries = 200)
    void quantisesARowFromItsPlaceToItsPlace(
            @ForAll("quantisable") ElementType type,
            @ForAll("rows") float[] row,
            @ForAll @IntRange(max = 9) int sourceOffset,
            @ForAll @IntRange(max = 9) int offset) {
        byte[] alone = new byte[(int) type.bytes(row.length)];
        Blocks.quantise(type, row, 0, row.length, MemorySegment.ofArray(alone), 0);

        float[] source = new float[sourceOffset + row.length + 2];
        Arrays.fill(source, 1e9f);
        System.arraycopy(row, 0, source, sourceOffset, row.length);
        byte[] target = new byte[offset + alone.length + 3];
        Arrays.fill(target, (byte) 0x5A);
        Blocks.quantise(type, source, sourceOffset, row.length, MemorySegment.ofArray(target), offset);

        byte[] expected = new byte[target.length];
        Arrays.fill(expected, (byte) 0x5A);
        System.arraycopy(alone, 0, expected, offset, alone.length);
        assertArrayEquals(expected, target);
    }

    @Provide
    Arbitrary<ElementType> quantisable() {
        return Arbitraries.of(ElementType.class).filter(Blocks::canQuantise);
    }

    /** Rows of one to four blocks, of any size from tiny to near the end of f16. */
    @Provide
    Arbitrary<float[]> rows() {
        Arbitrary<Integer> exponents = Arbitraries.integers().between(-40, 14);
        Arbitrary<Integer> blocks = Arbitraries.integers().between(1, 4);
        return exponents.flatMap(exponent -> blocks.flatMap(count -> Arbitraries.floats()
                .between(-1, 1)
                .map(x -> Math.scalb(x, exponent))
                .array(float[].class)
                .ofSize(32 * count)));
    }

    @Property(tries = 300)
    void q8StaysWithinHalfAStep(@ForAll("rows") float[] row) {
        float[] back = backAndForth(ElementType.Q8_0, row);
        for (int block = 0; block < row.length; block += 32) {
            double step = largest(row, block) / 127;
            // The codes come of the exact scale, the values of the one that f16 holds.
            double bound = step * (0.5 + 1e-4 + 127 * HALF_ULP) + 127 * HALF_LEAST;
            for (int i = block; i < block + 32; i++) {
                assertTrue(Math.abs(row[i] - back[i]) <= bound, row[i] + " became " + back[i]);
            }
        }
    }

    @Property(tries = 300)
    void symmetricFitsAreNoWorseThanPlainRounding(@ForAll("rows") float[] row) {
        assertSymmetric(ElementType.Q4_0, 8, row);
        assertSymmetric(ElementType.Q5_0, 16, row);
    }

    private static void assertSymmetric(ElementType type, int levels, float[] row) {
        float[] back = backAndForth(type, row);
        for (int block = 0; block < row.length; block += 32) {
            double extreme = 0;
            for (int i = block; i < block + 32; i++) {
                extreme = Math.abs(row[i]) > Math.abs(extreme) ? row[i] : extreme;
            }
            double step = -extreme / levels;
            float[] plain = new float[row.length];
            for (int i = block; i < block + 32 && step != 0; i++) {
                plain[i] = (float) (step * Math.clamp(Math.round(row[i] / step), -levels, levels - 1));
            }
            double half = 2 * Math.abs(extreme) * HALF_ULP + levels * HALF_LEAST;
            assertNoWorse(type, row, back, plain, block, Math.abs(extreme), half);
        }
    }

    @Property(tries = 300)
    void affineFitsAreNoWorseThanPlainRounding(@ForAll("rows") float[] row) {
        assertAffine(ElementType.Q4_1, 15, row);
        assertAffine(ElementType.Q5_1, 31, row);
    }

    private static void assertAffine(ElementType type, int top, float[] row) {
        float[] back = backAndForth(type, row);
        for (int block = 0; block < row.length; block += 32) {
            double minimum = 0;
            double maximum = Double.NEGATIVE_INFINITY;
            for (int i = block; i < block + 32; i++) {
                minimum = Math.min(minimum, row[i]);
                maximum = Math.max(maximum, row[i]);
            }
            double step = (maximum - minimum) / top;
            float[] plain = new float[row.length];
            for (int i = block; i < block + 32; i++) {
                plain[i] = (float) (step == 0 ? minimum : minimum + step * Math.round((row[i] - minimum) / step));
            }
            double range = Math.max(maximum, 0) - minimum;
            double half = 4 * range * HALF_ULP + (top + 1) * HALF_LEAST;
            assertNoWorse(type, row, back, plain, block, range, half);
        }
    }

    /** The weighted error of {@code back}, allowed f16 scales and sums in f32, is at most that of {@code plain}. */
    private static void assertNoWorse(
            ElementType type, float[] row, float[] back, float[] plain, int block, double range, double half) {
        double meanSquare = 0;
        for (float x : row) {
            meanSquare += (double) x * x / row.length;
        }
        double fitted = 0;
        double rounded = 0;
        double weights = 0;
        for (int i = block; i < block + 32; i++) {
            double weight = Math.sqrt(meanSquare + (double) row[i] * row[i]);
            weights += weight;
            fitted += weight * Math.pow((double) row[i] - back[i], 2);
            rounded += weight * Math.pow((double) row[i] - plain[i], 2);
        }
        if (weights == 0) {
            return;
        }
        double bound = Math.sqrt(rounded / weights + 1e-5 * range * range) + half;
        double actual = Math.sqrt(fitted / weights);
        assertTrue(actual <= bound, type + ": error " + actual + " where plain rounding and f16 allow " + bound);
    }

    private static double largest(float[] row, int block) {
        double largest = 0;
        for (int i = block; i < block + 32; i++) {
            largest = Math.max(largest, Math.abs(row[i]));
        }
        return largest;
    }

    private static float[] backAndForth(ElementType type, float[] row) {
        MemorySegment blocks = MemorySegment.ofArray(new byte[(int) type.bytes(row.length)]);
        Blocks.quantise(type, row, 0, row.length, blocks, 0);
        float[] back = new float[row.length];
        Blocks.expand(type, blocks, 0, back, 0, back.length);
        return back;
    }

    @Test
    void everyHalfExpandsAsTheJdkSaysAndComesBack() {
        short[] halves = every16Bits();
        float[] expanded = expand(ElementType.F16, halves);
        for (int i = 0; i < halves.length; i++) {
            assertEquals(Float.float16ToFloat(halves[i]), expanded[i]);
        }
        assertComesBack(ElementType.F16, halves, expanded);
    }

    @Test
    void everyBf16IsTheUpperHalfOfItsFloatAndComesBack() {
        short[] halves = every16Bits();
        float[] expanded = expand(ElementType.BF16, halves);
        for (int i = 0; i < halves.length; i++) {
            assertEquals(Float.intBitsToFloat(halves[i] << 16), expanded[i]);
        }
        assertComesBack(ElementType.BF16, halves, expanded);
    }

    private static short[] every16Bits() {
        short[] all = new short[1 << 16];
        for (int i = 0; i < all.length; i++) {
            all[i] = (short) i;
        }
        return all;
    }

    private static float[] expand(ElementType type, short[] halves) {
        MemorySegment segment = MemorySegment.ofArray(new byte[2 * halves.length]);
        MemorySegment.copy(halves, 0, segment, SHORT, 0, halves.length);
        float[] expanded = new float[halves.length];
        Blocks.expand(type, segment, 0, expanded, 0, expanded.length);
        return expanded;
    }

    private static void assertComesBack(ElementType type, short[] halves, float[] expanded) {
        MemorySegment segment = MemorySegment.ofArray(new byte[2 * halves.length]);
        Blocks.quantise(type, expanded, 0, expanded.length, segment, 0);
        float[] again = new float[expanded.length];
        Blocks.expand(type, segment, 0, again, 0, again.length);
        for (int i = 0; i < halves.length; i++) {
            if (Float.isNaN(expanded[i])) {
                assertTrue(Float.isNaN(again[i]));
            } else {
                assertEquals(halves[i], segment.get(SHORT, 2L * i));
            }
        }
    }

    @Property
    void bf16RoundsToTheNearestAndTiesToEven(@ForAll float value) {
        float[] back = backAndForth(ElementType.BF16, new float[] {value});
        int bits = Float.floatToRawIntBits(value);
        double below = Float.intBitsToFloat(bits & 0xFFFF0000);
        // The next of larger magnitude; beyond the largest stands the infinity, at 2^128 to rounding.
        double above = Float.intBitsToFloat((bits & 0xFFFF0000) + 0x10000);
        above = Double.isInfinite(above) ? Math.copySign(0x1p128, above) : above;
        double toBelow = Math.abs(value - below);
        double toAbove = Math.abs(value - above);
        boolean even = (bits & 0x10000) == 0;
        double nearest = toBelow < toAbove || toBelow == toAbove && even ? below : above;
        assertEquals((float) nearest, back[0]);
    }

    @ParameterizedTest
    @EnumSource(names = {"Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0"})
    void refusesRowsThatTheTypeCannotHold(ElementType type) {
        for (float broken : new float[] {Float.NaN, Float.POSITIVE_INFINITY, -1e30f, -3e8f}) {
            float[] row = new float[64];
            row[40] = broken;
            assertThrows(IllegalArgumentException.class, () -> backAndForth(type, row), () -> "held " + broken);
        }
    }

    @ParameterizedTest
    @EnumSource
    void knowsWhichTypesCanBeMade(ElementType type) {
        float[] row = new float[256];
        if (Blocks.canQuantise(type)) {
            assertArrayEquals(row, backAndForth(type, row), 0);
        } else {
            IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> backAndForth(type, row));
            assertTrue(e.getMessage().contains(type.name()), e.getMessage());
        }
        assertEquals(
                type.blockSize() == 1 || type.name().matches("Q[458]_[01]"), Blocks.canQuantise(type));
    }

    @ParameterizedTest
    @ValueSource(ints = {-32, 31, 33, 96, Integer.MAX_VALUE - 31})
    void refusesCountsOfNoWholeBlocksOrBeyondTheArrays(int count) {
        MemorySegment blocks = MemorySegment.ofArray(new byte[36]);
        float[] elements = new float[64];
        assertThrows(
                IllegalArgumentException.class,
                () -> Blocks.expand(ElementType.Q4_0, blocks, 0, elements, 0, count));
        assertThrows(
                IllegalArgumentException.class,
                () -> Blocks.quantise(ElementType.Q4_0, elements, 0, count, blocks, 0));
    }

    @Test
    void refusesPlacesOutsideTheSegmentOrTheArray() {
        MemorySegment blocks = MemorySegment.ofArray(new byte[36]);
        float[] elements = new float[64];
        for (long offset : new long[] {-1, 1, 36, Long.MAX_VALUE, Long.MIN_VALUE}) {
            assertThrows(
                    IllegalArgumentException.class,
                    () -> Blocks.expand(ElementType.Q4_0, blocks, offset, elements, 0, 64));
            assertThrows(
                    IllegalArgumentException.class,
                    () -> Blocks.quantise(ElementType.Q4_0, elements, 0, 64, blocks, offset));
        }
        for (int offset : new int[] {-1, 1, 64, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
            assertThrows(
                    IllegalArgumentException.class,
                    () -> Blocks.expand(ElementType.Q4_0, blocks, 0, elements, offset, 64));
            assertThrows(
                    IllegalArgumentException.class,
                    () -> Blocks.quantise(ElementType.Q4_0, elements, offset, 64, blocks, 0));
        }
        assertFalse(Arrays.equals(new float[64], expandOnes(elements)), "the whole of both is accepted");
    }

    private static float[] expandOnes(float[] elements) {
        byte[] ones = new byte[36];
        Arrays.fill(ones, (byte) 1);
        Blocks.expand(ElementType.Q4_0, MemorySegment.ofArray(ones), 0, elements, 0, 64);
        return elements;
    }
}
