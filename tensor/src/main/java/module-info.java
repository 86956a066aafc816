/** Element types, quantised blocks, packed weights, vector kernels and workers. */
module dev.skim.tensor {
    requires jdk.incubator.vector;

    exports dev.skim.tensor;
}
