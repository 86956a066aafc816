package dev.skim.tensor;

import jdk.incubator.vector.FloatVector;

/**
 * Q4_0, Q4_1, Q5_0, Q5_1 and Q8_0: blocks of 32 columns with a half-precision scale and, for the types that end in 1, a
 * half-precision minimum; the others subtract a constant from the code.
 */
final class Legacy extends QuantLayout {
    private final ElementType type;
    private final int zero;
    private final boolean minimum;

    /** {@code zero} is what a code must be to mean 0, for types without a minimum. */
    Legacy(ElementType type, int bits, int zero) {
        super(32, 32, bits, hasMinimum(type) ? 4 : 2);
        this.type = type;
        this.zero = zero;
        this.minimum = hasMinimum(type);
    }

    private static boolean hasMinimum(ElementType type) {
        return type == ElementType.Q4_1 || type == ElementType.Q5_1;
    }

    @Override
    boolean hasMinima() {
        return minimum;
    }

    @Override
    int fileBytes() {
        return type.blockBytes();
    }

    @Override
    void unpack(byte[] source, int offset, byte[] panel, int at, int lane, byte[] q) {
        int from = offset;
        for (int field = 0; field < (minimum ? 2 : 1); field++) {
            panel[at + field * 64 + lane * 2] = source[from];
            panel[at + field * 64 + lane * 2 + 1] = source[from + 1];
            from += 2;
        }
        if (bits == 8) {
            System.arraycopy(source, from, q, 0, 32);
            return;
        }
        int fifth = 0;
        if (bits == 5) {
            fifth = source[from] & 0xff
                    | (source[from + 1] & 0xff) << 8
                    | (source[from + 2] & 0xff) << 16
                    | source[from + 3] << 24;
            from += 4;
        }
        for (int c = 0; c < 16; c++) {
            int two = source[from + c];
            q[c] = (byte) (two & 15 | (fifth >>> c & 1) << 4);
            q[c + 16] = (byte) (two >> 4 & 15 | (fifth >>> c + 16 & 1) << 4);
        }
    }

    @Override
    void scales(byte[] panel, int at, int blocks, float[] s, int so) {
        for (int b = 0; b < blocks; b++) {
            int base = at + b * blockBytes;
            for (int r = 0; r < ROWS; r += Simd.LANES) {
                FloatVector d = Simd.halves(panel, base + 2 * r);
                d.intoArray(s, so + b * 64 + r);
                if (minimum) {
                    Simd.halves(panel, base + 64 + 2 * r).intoArray(s, so + b * 64 + 32 + r);
                } else if (bits != 8) {
                    d.mul(-zero).intoArray(s, so + b * 64 + 32 + r);
                }
            }
        }
    }
}
