package dev.skim.llm.decoder;

/**
 * Thrown when an attention sublayer is about to run over positions that it was left out of earlier: what it would read is
 * not there. The pass has been broken off; rows of its own tokens may be in the cache.
 */
public final class Hole extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final int position;

    Hole(int layer, int position) {
        super("the attention of layer " + layer + " was left out from position " + position + " on", null, false, false);
        this.position = position;
    }

    /** The first position that is missing: what must be read again begins here. */
    public int position() {
        return position;
    }
}
