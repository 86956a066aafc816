package dev.skim.tensor;

import jdk.incubator.vector.FloatVector;

/**
 * Q6_K: blocks of 256 columns with one half-precision factor and sixteen signed 8-bit scales;
 * {@code w = d * scale * (q - 32)}.
 */
final class KQuant6 extends QuantLayout {
    private static final int GROUP_SCALES = 64;

    KQuant6() {
        super(256, 16, 6, 18);
    }

    @Override
    int fileBytes() {
        return 210;
    }

    @Override
    void unpack(byte[] source, int offset, byte[] panel, int at, int lane, byte[] q) {
        int high = offset + 128;
        int scale = offset + 192;
        panel[at + 2 * lane] = source[offset + 208];
        panel[at + 2 * lane + 1] = source[offset + 209];
        for (int g = 0; g < 16; g++) {
            panel[at + GROUP_SCALES + g * ROWS + lane] = source[scale + g];
        }
        for (int h = 0; h < 2; h++) {
            for (int c = 0; c < 32; c++) {
                int first = source[offset + h * 64 + c];
                int second = source[offset + h * 64 + 32 + c];
                int top = source[high + h * 32 + c];
                int to = h * 128 + c;
                q[to] = (byte) (first & 15 | (top & 3) << 4);
                q[to + 32] = (byte) (second & 15 | (top >> 2 & 3) << 4);
                q[to + 64] = (byte) (first >> 4 & 15 | (top >> 4 & 3) << 4);
                q[to + 96] = (byte) (second >> 4 & 15 | (top >> 6 & 3) << 4);
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
                    for (int g = 0; g < 16; g++) {
                        int to = so + (b * 16 + g) * 64 + r;
                        FloatVector scale =
                                Simd.signedBytes(panel, base + GROUP_SCALES + g * ROWS + strip, half).mul(d);
                        scale.intoArray(s, to);
                        scale.mul(-32).intoArray(s, to + 32);
                    }
                }
            }
        }
    }
}
