/** The GGUF file format: read, map, write. */
module dev.skim.gguf {
    requires transitive dev.skim.tensor;
    requires org.eclipse.collections.api;
    requires org.eclipse.collections.impl;

    exports dev.skim.gguf;
}
