package dev.skim.llm;

import dev.skim.gguf.GgufFile;
import dev.skim.skip.ModelShape;
import java.nio.file.Path;
import java.util.Optional;

/** A loaded model: weights, tokenizer and chat template. Immutable; any number of sessions may use it at once. */
public final class Model implements AutoCloseable {
    private Model() {}

    /** Loads a model with {@link LoadOptions#DEFAULT}. */
    public static Model load(Path file) {
        return load(file, LoadOptions.DEFAULT);
    }

    /**
     * Loads a model from a GGUF file, or from the first file of a split one.
     *
     * @throws SkimException when the file is not there, is not a GGUF file, or is of a kind that Skim does not run
     */
    public static Model load(Path file, LoadOptions options) {
        throw new UnsupportedOperationException();
    }

    /** Opens a session with {@link SessionOptions#DEFAULT}. */
    public Session openSession() {
        return openSession(SessionOptions.DEFAULT);
    }

    /** Opens a session. */
    public Session openSession(SessionOptions options) {
        throw new UnsupportedOperationException();
    }

    /** The model's name from its file, else the file's name. */
    public String name() {
        throw new UnsupportedOperationException();
    }

    /** The architecture from its file, such as {@code llama}. */
    public String architecture() {
        throw new UnsupportedOperationException();
    }

    /** Tokens of the context that the model was trained for. */
    public int contextLength() {
        throw new UnsupportedOperationException();
    }

    /** Threads that compute. */
    public int threads() {
        throw new UnsupportedOperationException();
    }

    /** The open file: metadata and tensor list. */
    public GgufFile file() {
        throw new UnsupportedOperationException();
    }

    /** What a skipping method knows of the model. */
    public ModelShape shape() {
        throw new UnsupportedOperationException();
    }

    /** The tokenizer. */
    public Tokenizer tokenizer() {
        throw new UnsupportedOperationException();
    }

    /** The file's own chat template, if it has one. */
    public Optional<ChatTemplate> chatTemplate() {
        throw new UnsupportedOperationException();
    }

    /** Ends the worker threads and lets go of the file. Sessions must not be used afterwards. */
    @Override
    public void close() {
        throw new UnsupportedOperationException();
    }
}
