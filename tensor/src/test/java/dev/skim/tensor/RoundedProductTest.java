package dev.skim.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Products with rounded activations against their definition: round as {@link RoundedActivations} and
 * {@link WholeActivations} say, multiply in double.
 */
class RoundedProductTest {
    private static final int GROUP = 32;

    record Case(ElementType type, int rows, int columns, int tokens, int threads, long seed) {}

    @Provide
    Arbitrary<Case> cases() {
        return Combinators.combine(
                        Arbitraries.of(ElementType.Q4_0, ElementType.Q4_1, ElementType.Q4_K, ElementType.Q5_0,
                                ElementType.Q5_1, ElementType.Q5_K, ElementType.Q2_K, ElementType.TQ1_0, ElementType.TQ2_0, ElementType.Q3_K, ElementType.Q6_K,
                                ElementType.IQ3_S, ElementType.IQ3_XXS, ElementType.IQ4_XS),
                        Arbitraries.frequencyOf(
                                Tuple.of(6, Arbitraries.integers().between(1, 200)),
                                // So many that a batch is multiplied with several panels in one go.
                                Tuple.of(1, Arbitraries.integers().between(500, 560))),
                        Arbitraries.integers().between(1, 20),
                        Arbitraries.integers().between(1, 70),
                        Arbitraries.integers().between(1, 3),
                        Arbitraries.longs())
                .as((type, rows, blocks, tokens, threads, seed) -> new Case(
                        type, rows, type.blockSize() * (type.blockSize() == 32 ? blocks : 1 + blocks / 6), tokens, threads,
                        seed));
    }

    /** Ordinary values; among them groups of zeros, of equal sizes (which take the sums to their limit), and outliers. */
    private static float[] activations(int tokens, int columns, Random random) {
        float[] x = new float[tokens * columns];
        for (int from = 0; from < x.length; from += GROUP) {
            int kind = random.nextInt(12);
            for (int i = from; i < from + GROUP && kind > 0; i++) {
                x[i] = kind == 1 ? (random.nextBoolean() ? 3 : -3) : (float) random.nextGaussian();
                if (kind == 2 && random.nextInt(8) == 0) {
                    x[i] *= 1000;
                }
            }
        }
        return x;
    }

    private static double[] rounded(ElementType type, float[] x) {
        return switch (type) {
            case Q2_K, TQ1_0, TQ2_0 -> rounded(x, 128, 16, 10_914, 10_922);
            case Q3_K -> rounded(x, 128, 16, 4086, 4095);
            case Q6_K -> rounded(x, 64, 16, 1014, 1023);
            case IQ3_XXS, IQ4_XS -> rounded(x, 64, 4, 256, 258);
            case Q5_0, Q5_1, Q5_K -> rounded(x, GROUP, GROUP, 2030, 2047);
            default -> rounded(x, GROUP, GROUP, 4078, 4095);
        };
    }

    /** Rounds blocks with a scale each, by the largest sum of sizes of their groups. */
    private static double[] rounded(float[] x, int block, int group, float total, int limit) {
        double[] rounded = new double[x.length];
        for (int from = 0; from < x.length; from += block) {
            float size = 0;
            for (int g = from; g < from + block; g += group) {
                float[] sums = new float[4];
                for (int i = g; i < g + group; i++) {
                    sums[i % 4] += Math.abs(x[i]);
                }
                size = Math.max(size, (sums[0] + sums[1]) + (sums[2] + sums[3]));
            }
            for (int g = from; g < from + block && size > 0; g += group) {
                double codes = 0;
                for (int i = g; i < g + group; i++) {
                    double code = Math.rint(x[i] * (total / size));
                    codes += Math.abs(code);
                    rounded[i] = (double) (size / total) * code;
                }
                assertTrue(codes <= limit, "the sum of code products fits into 16 bits");
            }
        }
        return rounded;
    }

    @Property(tries = 60)
    void productIsTheDefinition(@ForAll("cases") Case c) {
        Random random = new Random(c.seed);
        MemorySegment data = PackedMatrixTest.weights(c.type, c.rows, c.columns, random);
        check(c, data, activations(c.tokens, c.columns, random));
    }

    /**
     * Sums as large as they can be: codes all smallest or all largest, and activations of one sign that are nearly all rounded
     * up from a half. Where a group's sizes are as many as its codes are to add up to, these are x itself: among the sizes are
     * the kernels' own, and larger ones, so that a kernel that lets more through than 16 bits can sum overflows.
     */
    @ParameterizedTest
    @EnumSource(names = {"Q4_0", "Q4_1", "Q4_K", "Q5_0", "Q5_1", "Q5_K", "Q2_K", "TQ1_0", "TQ2_0", "Q3_K", "Q6_K", "IQ4_XS"})
    void productAtTheEnds(ElementType type) {
        Random random = new Random(13);
        int group = switch (type) {
            case Q2_K, TQ1_0, TQ2_0, Q3_K, Q6_K -> 16;
            case IQ4_XS -> 4;
            default -> GROUP;
        };
        int least = switch (type) {
            case Q2_K, TQ1_0, TQ2_0 -> 10_880;
            case Q6_K -> 1000;
            case Q5_0, Q5_1, Q5_K -> 2016;
            case IQ4_XS -> 240;
            default -> 4064;
        };
        Case c = new Case(type, 36, Math.max(64, type.blockSize()), 98, 2, 0);
        MemorySegment data = PackedMatrixTest.weights(type, c.rows, c.columns, random);
        int rowBytes = Math.toIntExact(type.bytes(c.columns));
        int codes = switch (type) {
            case Q4_0, Q5_0 -> 2;
            case Q4_1, Q5_1 -> 4;
            case Q2_K, Q4_K, Q5_K -> 16;
            case IQ4_XS -> 8;
            default -> 0;
        };
        int end = switch (type) {
            case Q2_K -> 80;
            case TQ1_0 -> 52;
            case TQ2_0 -> 64;
            case Q3_K -> 96;
            case Q6_K -> 192;
            default -> type.blockBytes();
        };
        for (int row = 0; row < c.rows; row++) {
            for (int block = row * rowBytes; block < (row + 1) * rowBytes; block += type.blockBytes()) {
                data.asSlice(block + codes, end - codes).fill((byte) (row % 2 == 0 ? 0 : -1));
                if (type == ElementType.Q6_K) {
                    data.asSlice(block + end, 16).fill((byte) (row % 4 < 2 ? -128 : 127));
                } else if (type == ElementType.IQ4_XS) {
                    // Scales of -32 and 31.
                    data.asSlice(block + 2, 6).fill((byte) (row % 4 < 2 ? 0 : -1));
                } else if (type == ElementType.Q2_K) {
                    // Scales of 0 and 15, with minima of 15.
                    data.asSlice(block, 16).fill((byte) (row % 4 < 2 ? 0xf0 : -1));
                } else if (type == ElementType.Q3_K) {
                    // Scales of -32 and 31.
                    data.asSlice(block + end, 12).fill((byte) (row % 4 < 2 ? 0 : -1));
                }
            }
        }
        float[] x = new float[c.tokens * c.columns];
        for (int from = 0; from < x.length; from += group) {
            int token = from / c.columns;
            halves(x, from, group, least + token / 2, token % 2 == 0 ? 1 : -1, random);
        }
        check(c, data, x);
    }

    /** Random odd numbers and a half each, but for two whole ones where the total is odd. */
    private static void halves(float[] x, int from, int n, int total, int sign, Random random) {
        float rest = total;
        for (int i = 0; i < n; i++) {
            x[from + i] = i < 2 && total % 2 == 1 ? 1 : 1.5f;
            rest -= x[from + i];
        }
        for (; rest > 0; rest -= 2) {
            x[from + random.nextInt(n)] += 2;
        }
        for (int i = 0; i < n; i++) {
            x[from + i] *= sign;
        }
    }

    private static void check(Case c, MemorySegment data, float[] x) {
        float[] plain = new float[c.rows * c.columns];
        Blocks.expand(c.type, data, 0, plain, 0, plain.length);
        float largest = 0;
        for (float weight : plain) {
            largest = Math.max(largest, Math.abs(weight));
        }
        double[] rounded = rounded(c.type, x);
        float[] out = new float[c.tokens * c.rows];
        float[] twice = new float[c.tokens * c.rows];
        float[] single = new float[c.rows];
        try (Workers workers = new Workers(c.threads)) {
            PackedMatrix matrix = PackedMatrix.pack(c.type, data, c.rows, c.columns, workers);
            Activations batch = new Activations(false);
            batch.set(x, 0, c.columns, c.tokens, c.columns);
            matrix.multiply(batch, out, 0, c.rows, false, workers);
            matrix.multiply(batch, twice, 0, c.rows, false, workers);
            matrix.multiply(batch, twice, 0, c.rows, true, workers);
            Activations lone = new Activations(false);
            for (int t = 0; t < c.tokens; t++) {
                lone.set(x, t * c.columns, c.columns, 1, c.columns);
                matrix.multiply(lone, single, 0, c.rows, false, workers);
                double size = 0;
                for (int k = 0; k < c.columns; k++) {
                    size += largest * Math.abs(rounded[t * c.columns + k]);
                }
                // Two additions a group to a chain of at most this size, codes and minima apart at most twice the weights.
                double bound = (2 * c.columns / GROUP + 8) * 0x1p-23 * 3 * size + 1e-30;
                for (int r = 0; r < c.rows; r++) {
                    double exact = 0;
                    for (int k = 0; k < c.columns; k++) {
                        exact += plain[r * c.columns + k] * rounded[t * c.columns + k];
                    }
                    int at = t * c.rows + r;
                    assertEquals(exact, out[at], bound, "row " + r + " token " + t);
                    assertEquals(2 * exact, twice[at], 3 * bound, "added, row " + r + " token " + t);
                    assertEquals(
                            Float.floatToRawIntBits(out[at]), Float.floatToRawIntBits(single[r]),
                            "a token alone and in a batch, row " + r + " token " + t);
                }
            }
        }
    }

    /** Only some types round; with the others it makes no difference. */
    @ParameterizedTest
    @EnumSource
    void othersAreExact(ElementType type) {
        Random random = new Random(3);
        int rows = 70;
        int columns = 2 * Math.max(GROUP, type.blockSize());
        int tokens = 9;
        MemorySegment data = PackedMatrixTest.weights(type, rows, columns, random);
        float[] x = activations(tokens, columns, random);
        float[][] outs = new float[2][tokens * rows];
        try (Workers workers = new Workers(2)) {
            PackedMatrix matrix = PackedMatrix.pack(type, data, rows, columns, workers);
            for (int i = 0; i < 2; i++) {
                Activations batch = new Activations(i == 0);
                batch.set(x, 0, columns, tokens, columns);
                matrix.multiply(batch, outs[i], 0, rows, false, workers);
            }
        }
        if (Kernels.rounds(type)) {
            double difference = 0;
            double size = 0;
            for (int i = 0; i < outs[0].length; i++) {
                difference += Math.pow(outs[0][i] - outs[1][i], 2);
                size += Math.pow(outs[0][i], 2);
            }
            assertEquals(0, Math.sqrt(difference / size), 0.02);
            assertTrue(difference > 0, "it rounds");
        } else {
            assertArrayEquals(outs[0], outs[1]);
        }
    }
}
