package dev.skim.nn;

import dev.skim.tensor.CodedPanel;

/** Pages in f16; numbers beyond its range are held as its largest. */
final class HalfPages extends BytePages {
    HalfPages(int layers, int kvHeads, int headSize) {
        super(layers, kvHeads, headSize, headSize * LANES * 2, ROWS * LANES * 2);
    }

    @Override
    void putKey(byte[] page, int base, int lane, float[] source, int at) {
        for (int d = 0; d < headSize; d++) {
            CodedPanel.putHalf(page, base + 2 * (d * LANES + lane), source[at + d]);
        }
    }

    @Override
    void putRow(byte[] page, int base, int row, float[] source, int at, int n) {
        for (int i = 0; i < n; i++) {
            CodedPanel.putHalf(page, base + 2 * (row * LANES + i), source[at + i]);
        }
    }

    @Override
    void expandKeys(byte[] page, int base, float[] target, int to) {
        CodedPanel.expandHalves(page, base, target, to, headSize * LANES);
    }

    @Override
    void expandValues(byte[] page, int base, int rows, float[] target, int to) {
        CodedPanel.expandHalves(page, base, target, to, rows * LANES);
    }
}
