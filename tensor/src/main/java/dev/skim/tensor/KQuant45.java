package dev.skim.tensor;

import static jdk.incubator.vector.VectorOperators.I2F;

import jdk.incubator.vector.FloatVector;

/**
 * Q4_K and Q5_K: blocks of 256 columns with two half-precision factors, one for the eight groups' 6-bit scales and one
 * for their 6-bit minima; {@code w = d * scale * q - dmin * min}.
 *
 * <p>In the panel the 6-bit numbers stand as bytes: 148 bytes a row's block for the file's 144, and no bit shuffling.
 */
final class KQuant45 extends QuantLayout {
    private static final int MINIMA = 64;
    private static final int GROUP_SCALES = 128;
    private static final int GROUP_MINIMA = GROUP_SCALES + 8 * ROWS;

    KQuant45(int bits) {
        super(256, 32, bits, 20);
    }

    @Override
    int fileBytes() {
        return bits == 4 ? 144 : 176;
    }

    @Override
    void unpack(byte[] source, int offset, byte[] panel, int at, int lane, byte[] q) {
        panel[at + 2 * lane] = source[offset];
        panel[at + 2 * lane + 1] = source[offset + 1];
        panel[at + MINIMA + 2 * lane] = source[offset + 2];
        panel[at + MINIMA + 2 * lane + 1] = source[offset + 3];
        int packed = offset + 4;
        for (int g = 0; g < 8; g++) {
            int scale;
            int minimum;
            if (g < 4) {
                scale = source[packed + g] & 63;
                minimum = source[packed + g + 4] & 63;
            } else {
                scale = source[packed + g + 4] & 15 | (source[packed + g - 4] & 0xc0) >> 2;
                minimum = source[packed + g + 4] >> 4 & 15 | (source[packed + g] & 0xc0) >> 2;
            }
            panel[at + GROUP_SCALES + g * ROWS + lane] = (byte) scale;
            panel[at + GROUP_MINIMA + g * ROWS + lane] = (byte) minimum;
        }
        int high = offset + 16;
        int low = bits == 4 ? high : high + 32;
        for (int pair = 0; pair < 4; pair++) {
            for (int c = 0; c < 32; c++) {
                int two = source[low + pair * 32 + c];
                int fifths = bits == 4 ? 0 : source[high + c] >> 2 * pair;
                q[pair * 64 + c] = (byte) (two & 15 | (fifths & 1) << 4);
                q[pair * 64 + 32 + c] = (byte) (two >> 4 & 15 | (fifths & 2) << 3);
            }
        }
    }

    @Override
    void scales(byte[] panel, int at, int blocks, float[] s, int so) {
        for (int b = 0; b < blocks; b++) {
            int base = at + b * blockBytes;
            for (int strip = 0; strip < ROWS; strip += Simd.STRIP) {
                for (int half = 0; half < 2; half++) {
                    int r = strip + half * Simd.LANES;
                    FloatVector d = Simd.halves(panel, base + 2 * r);
                    FloatVector dmin = Simd.halves(panel, base + MINIMA + 2 * r).neg();
                    for (int g = 0; g < 8; g++) {
                        int to = so + (b * 8 + g) * 64 + r;
                        ((FloatVector) Simd.unsignedBytes(panel, base + GROUP_SCALES + g * ROWS + strip, half)
                                        .convertShape(I2F, Simd.F, 0))
                                .mul(d)
                                .intoArray(s, to);
                        ((FloatVector) Simd.unsignedBytes(panel, base + GROUP_MINIMA + g * ROWS + strip, half)
                                        .convertShape(I2F, Simd.F, 0))
                                .mul(dmin)
                                .intoArray(s, to + 32);
                    }
                }
            }
        }
    }
}
