package dev.skim.nn;

import dev.skim.tensor.Blocks;
import dev.skim.tensor.ElementType;
import dev.skim.tensor.PackedMatrix;
import dev.skim.tensor.Workers;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Random;

/** The definitions in double precision that the layers are held to, and random layers. */
final class Plain {
    private Plain() {}

    static float[] random(Random random, int size) {
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    /** A layer of f32 weights. */
    static Linear linear(String name, float[] weights, int columns, float[] bias, Workers workers) {
        return new Linear(List.of(name), List.of(pack(weights, columns, workers)), bias);
    }

    static PackedMatrix pack(float[] weights, int columns, Workers workers) {
        try (Arena arena = Arena.ofShared()) {
            MemorySegment data = arena.allocate(4L * weights.length, 64);
            MemorySegment.copy(weights, 0, data, ValueLayout.JAVA_FLOAT, 0, weights.length);
            return PackedMatrix.pack(ElementType.F32, data, weights.length / columns, columns, workers);
        }
    }

    /** What a cache holds of rows: heads of {@code headSize} numbers, in blocks of 32 of which the last may be shorter. */
    static float[] held(KvType type, float[] rows, int headSize) {
        float[] held = rows.clone();
        if (type == KvType.F32) {
            return held;
        }
        ElementType element = type == KvType.F16 ? ElementType.F16 : ElementType.Q8_0;
        MemorySegment bytes = MemorySegment.ofArray(new byte[64]);
        for (int head = 0; head < rows.length; head += headSize) {
            for (int d = 0; d < headSize; d += 32) {
                int n = Math.min(32, headSize - d);
                float[] block = new float[32];
                System.arraycopy(rows, head + d, block, 0, n);
                Blocks.quantise(element, block, 0, 32, bytes, 0);
                Blocks.expand(element, bytes, 0, block, 0, 32);
                System.arraycopy(block, 0, held, head + d, n);
            }
        }
        return held;
    }

    /** {@code W x + b} for one token. */
    static double[] multiply(float[] weights, double[] x, float[] bias) {
        double[] out = new double[weights.length / x.length];
        for (int r = 0; r < out.length; r++) {
            out[r] = bias == null ? 0 : bias[r];
            for (int c = 0; c < x.length; c++) {
                out[r] += (double) weights[r * x.length + c] * x[c];
            }
        }
        return out;
    }

    static double[] doubles(float[] source, int offset, int count) {
        double[] out = new double[count];
        for (int i = 0; i < count; i++) {
            out[i] = source[offset + i];
        }
        return out;
    }

    /**
     * Attention of one query head at {@code position} over rows of keys and values ({@code [position][headSize]} from an
     * offset on, with a stride).
     */
    static double[] attention(
            double[] query,
            float[] keys,
            float[] values,
            int offset,
            int stride,
            int position,
            double scale,
            double softCap,
            int window) {
        int first = window == 0 ? 0 : Math.max(0, position - window + 1);
        double[] scores = new double[position + 1];
        double max = Double.NEGATIVE_INFINITY;
        for (int p = first; p <= position; p++) {
            for (int i = 0; i < query.length; i++) {
                scores[p] += query[i] * keys[offset + p * stride + i];
            }
            scores[p] *= scale;
            if (softCap != 0) {
                scores[p] = softCap * Math.tanh(scores[p] / softCap);
            }
            max = Math.max(max, scores[p]);
        }
        double sum = 0;
        double[] out = new double[query.length];
        for (int p = first; p <= position; p++) {
            double weight = Math.exp(scores[p] - max);
            sum += weight;
            for (int i = 0; i < query.length; i++) {
                out[i] += weight * values[offset + p * stride + i];
            }
        }
        for (int i = 0; i < query.length; i++) {
            out[i] /= sum;
        }
        return out;
    }
}
