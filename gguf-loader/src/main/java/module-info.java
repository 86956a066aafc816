/** The GGUF file format: read, map, write. */
module dev.skim.gguf {
    requires transitive dev.skim.tensor;

    exports dev.skim.gguf;
}
