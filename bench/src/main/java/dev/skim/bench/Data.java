package dev.skim.bench;

import dev.skim.llm.bench.RandomBlocks;
import dev.skim.tensor.Blocks;
import dev.skim.tensor.ElementType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;

/** Random operands: the same in every run. */
final class Data {
    private Data() {}

    /** Numbers even over [-1, 1). */
    static float[] floats(int count, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] floats = new float[count];
        for (int i = 0; i < count; i++) {
            floats[i] = (float) random.nextDouble(-1, 1);
        }
        return floats;
    }

    /** Weights of deviation 1 / sqrt(columns). */
    static MemorySegment weights(ElementType type, int rows, int columns, Arena arena) {
        MemorySegment weights = arena.allocate(type.bytes((long) rows * columns));
        if (RandomBlocks.knows(type)) {
            RandomBlocks.fill(type, weights, 1 / Math.sqrt(columns), new SplittableRandom(1));
            return weights;
        }
        float[] row = floats(columns, 2);
        float scale = (float) Math.sqrt(3.0 / columns);
        for (int c = 0; c < columns; c++) {
            row[c] *= scale;
        }
        for (int r = 0; r < rows; r++) {
            Blocks.quantise(type, row, 0, columns, weights, r * type.bytes(columns));
        }
        return weights;
    }
}
