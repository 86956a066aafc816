package dev.skim.nn;

import dev.skim.tensor.Activations;
import dev.skim.tensor.Products;

/** The buffers of one session's layers: grow to the largest batch and are used again by every layer. For one thread. */
public final class Workspace {
    /** Tokens that a thread takes at a time in the steps between the products. */
    public static final int GRAIN = 8;

    final Activations activations;
    final Products products = new Products();
    float[] query = new float[0];
    float[] keyValue = new float[0];
    float[] attended = new float[0];
    float[] gathered = new float[0];
    float[] hidden = new float[0];

    /** Makes an empty one for products in f32. */
    public Workspace() {
        this(true);
    }

    /**
     * Makes an empty one.
     *
     * @param exact as for {@link Activations#Activations(boolean)}
     */
    public Workspace(boolean exact) {
        activations = new Activations(exact);
    }

    /** The input of the product that comes next. */
    public Activations activations() {
        return activations;
    }

    /** The list of products that are computed together. */
    public Products products() {
        return products;
    }

    /**
     * The buffer, or a new one where it is too small for {@code tokens} rows of {@code width} elements.
     *
     * @throws ArithmeticException when there are more elements than an array can have
     */
    public static float[] fit(float[] buffer, int tokens, int width) {
        int size = Math.multiplyExact(tokens, width);
        return buffer.length >= size ? buffer : new float[size];
    }
}
