package dev.skim.gguf;

/** Writes GGUF version 3 files. */
public final class GgufWriter {
    private GgufWriter() {}
}
