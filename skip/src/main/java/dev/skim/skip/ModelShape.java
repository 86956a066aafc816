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
}
