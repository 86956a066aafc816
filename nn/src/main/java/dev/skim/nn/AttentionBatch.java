package dev.skim.nn;

/**
 * Tokens that attend: {@code tokens} of them at positions {@code firstPosition} and on, and the cache's layer that holds
 * their keys and values.
 */
record AttentionBatch(
        float[] queries,
        int queryOffset,
        int queryStride,
        int tokens,
        int firstPosition,
        KvCache cache,
        int layer,
        float[] out,
        int outOffset,
        int outStride) {

    /** Where a head's query of a token starts. */
    int queryAt(int token, int head, int headSize) {
        return queryOffset + token * queryStride + head * headSize;
    }

    /** Where a head's output of a token starts. */
    int outAt(int token, int head, int headSize) {
        return outOffset + token * outStride + head * headSize;
    }
}
