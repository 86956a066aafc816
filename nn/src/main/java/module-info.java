/** Layers on tensors: linear, norm, rope, attention, feed-forward, KV cache. */
module dev.skim.nn {
    requires transitive dev.skim.tensor;

    exports dev.skim.nn;
}
