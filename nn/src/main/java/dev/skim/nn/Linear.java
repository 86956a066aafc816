package dev.skim.nn;

import dev.skim.tensor.Activations;
import dev.skim.tensor.PackedMatrix;
import dev.skim.tensor.Products;
import dev.skim.tensor.VectorMath;
import dev.skim.tensor.Workers;
import java.util.List;

/**
 * {@code y = W x + b}, where {@code W} is one weight matrix or several that read the same input, one below the other
 * (keys and values; gate and up). Immutable.
 */
public final class Linear {
    private final List<String> names;
    private final PackedMatrix[] parts;
    private final float[] bias;
    private final int rows;

    /**
     * Makes the layer.
     *
     * @param names the GGUF names of its tensors without {@code .weight} and {@code .bias}, top to bottom
     * @param parts the stacked matrix, top to bottom, in one or more pieces (a piece has one element type)
     * @param bias one element a row, or null for none
     * @throws IllegalArgumentException when there is no piece, their columns differ, or the bias is not one element a row
     */
    public Linear(List<String> names, List<PackedMatrix> parts, float[] bias) {
        this.names = List.copyOf(names);
        this.parts = parts.toArray(PackedMatrix[]::new);
        this.bias = bias;
        int sum = 0;
        for (PackedMatrix part : this.parts) {
            if (part.columns() != this.parts[0].columns()) {
                throw new IllegalArgumentException("stacked matrices have the same number of columns, not "
                        + this.parts[0].columns() + " and " + part.columns());
            }
            sum += part.rows();
        }
        if (sum == 0 || bias != null && bias.length != sum) {
            throw new IllegalArgumentException("a linear layer of " + sum + " rows cannot have "
                    + (bias == null ? "no matrix" : bias.length + " biases"));
        }
        rows = sum;
    }

    /** The GGUF names of its tensors, without {@code .weight} and {@code .bias}, top to bottom. */
    public List<String> names() {
        return names;
    }

    /** Elements of the output. */
    public int rows() {
        return rows;
    }

    /** Elements of the input. */
    public int columns() {
        return parts[0].columns();
    }

    /** Multiply-adds for one token. */
    public long multiplyAdds() {
        return (long) rows * columns();
    }

    /**
     * Expands one row of the weights to f32: an embedding, where the layer is a table of them.
     *
     * @param out takes as many elements as there are columns, from {@code offset} on
     * @throws IndexOutOfBoundsException when there is no such row, or {@code out} is too short
     */
    public void row(int row, float[] out, int offset) {
        int first = 0;
        for (PackedMatrix part : parts) {
            if (row < first + part.rows()) {
                part.row(row - first, out, offset);
                return;
            }
            first += part.rows();
        }
        throw new IndexOutOfBoundsException("row " + row + " of " + rows);
    }

    /**
     * Applies the layer: token t's output is written from {@code out[outOffset + t * outStride]} on.
     *
     * @throws IllegalArgumentException when the activations have another number of columns
     */
    public void apply(
            Activations x, Products products, float[] out, int outOffset, int outStride, Workers workers) {
        addTo(products, out, outOffset, outStride);
        products.run(x, workers);
        finish(x.tokens(), out, outOffset, outStride);
    }

    /** Puts the layer's products on a list, to be run with those of other layers; {@link #finish} comes after. */
    void addTo(Products products, float[] out, int outOffset, int outStride) {
        int at = outOffset;
        for (PackedMatrix part : parts) {
            products.add(part, out, at, outStride, false);
            at += part.rows();
        }
    }

    /** Adds the bias, where there is one. */
    void finish(int tokens, float[] out, int outOffset, int outStride) {
        if (bias != null) {
            for (int t = 0; t < tokens; t++) {
                VectorMath.add(out, outOffset + t * outStride, bias, 0, rows);
            }
        }
    }
}
