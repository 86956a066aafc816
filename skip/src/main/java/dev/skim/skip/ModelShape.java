package dev.skim.skip;

/**
 * What a skipping method knows of a model.
 *
 * @param layers decoder layers M; there are 2M sublayers
 * @param width elements of the residual stream
 * @param attentionCost multiply-adds of one attention sublayer for one token, without the part that grows with context
 * @param feedForwardCost multiply-adds of one feed-forward sublayer for one token
 */
public record ModelShape(int layers, int width, long attentionCost, long feedForwardCost) {
    /** Checks that all are positive. */
    public ModelShape {
        if (layers < 1 || width < 1 || attentionCost < 1 || feedForwardCost < 1) {
            throw new IllegalArgumentException("a model has layers, a width and costs of at least 1");
        }
    }

    /** Sublayers: twice the layers. */
    public int sublayers() {
        return 2 * layers;
    }

    /** Whether a sublayer id is that of an attention sublayer. */
    public boolean isAttention(int sublayer) {
        return sublayer < layers;
    }

    /** The layer that a sublayer belongs to. */
    public int layer(int sublayer) {
        return sublayer < layers ? sublayer : sublayer - layers;
    }

    /** When a sublayer has its turn in a forward pass: {@code 2 * layer}, and one later for the feed-forward. */
    public int step(int sublayer) {
        return sublayer < layers ? 2 * sublayer : 2 * (sublayer - layers) + 1;
    }

    /** The sublayer that has its turn at a step; the inverse of {@link #step}. */
    public int sublayer(int step) {
        return (step & 1) == 0 ? step >> 1 : layers + (step >> 1);
    }

    /** Multiply-adds of a sublayer for one token. */
    public long cost(int sublayer) {
        return sublayer < layers ? attentionCost : feedForwardCost;
    }

    /** Multiply-adds of all layers for one token: what shares of work are shares of. */
    public long layersCost() {
        return layers * (attentionCost + feedForwardCost);
    }
}
