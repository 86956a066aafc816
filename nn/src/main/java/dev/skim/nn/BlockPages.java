package dev.skim.nn;

import dev.skim.tensor.CodedPanel;

/**
 * Pages in Q8_0: every 32 dimensions of a head's key and of its value are a block, the last one of a head perhaps fewer.
 * A panel's codes come first, then its scales: those of 32 keys side by side, block after block, or one for each row.
 */
final class BlockPages extends BytePages {
    private static final int SCALE = 2;

    BlockPages(int layers, int kvHeads, int headSize) {
        super(
                layers,
                kvHeads,
                headSize,
                LANES * (headSize + (headSize + LANES - 1) / LANES * SCALE),
                ROWS * (LANES + SCALE));
    }

    private int keyScales(int block) {
        return LANES * (headSize + block * SCALE);
    }

    @Override
    void putKey(byte[] page, int base, int lane, float[] source, int at) {
        for (int d = 0; d < headSize; d += LANES) {
            CodedPanel.putBlock(
                    source, at + d, Math.min(LANES, headSize - d), page, base + d * LANES + lane, LANES,
                    base + keyScales(d / LANES) + lane * SCALE);
        }
    }

    @Override
    void putRow(byte[] page, int base, int row, float[] source, int at, int n) {
        CodedPanel.putBlock(source, at, n, page, base + row * LANES, 1, base + ROWS * LANES + row * SCALE);
    }

    @Override
    void expandKeys(byte[] page, int base, float[] target, int to) {
        for (int d = 0; d < headSize; d += LANES) {
            CodedPanel.expandByLane(
                    page, base + d * LANES, Math.min(LANES, headSize - d), page, base + keyScales(d / LANES),
                    target, to + d * LANES);
        }
    }

    @Override
    void expandValues(byte[] page, int base, int rows, float[] target, int to) {
        CodedPanel.expandByRow(page, base, rows, page, base + ROWS * LANES, target, to);
    }
}
