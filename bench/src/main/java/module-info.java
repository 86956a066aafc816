/** Benchmarks of the kernels. */
module dev.skim.bench {
    requires dev.skim.llm;
    requires dev.skim.nn;
    requires dev.skim.tensor;
    requires jmh.core;
}
