package dev.skim.llm;

import dev.skim.gguf.GgufException;
import dev.skim.gguf.GgufFile;
import dev.skim.gguf.TensorInfo;
import dev.skim.llm.decoder.Decoder;
import dev.skim.skip.ModelShape;
import dev.skim.tensor.Workers;
import java.nio.file.Path;
import java.util.Optional;

/** A loaded model: weights, tokenizer and chat template. Immutable; any number of sessions may use it at once. */
public final class Model implements AutoCloseable {
    private final GgufFile file;
    private final Workers workers;
    private final Decoder decoder;
    private final Tokenizer tokenizer;
    private final String template;
    private volatile boolean closed;

    private Model(GgufFile file, Workers workers, LoadOptions options) {
        this.file = file;
        this.workers = workers;
        // The tokenizer first: what is wrong with it is then known before the weights are read.
        tokenizer = Tokenizer.of(file.metadata());
        file.tensor("token_embd.weight").ifPresent(embedding -> {
            if (embedding.rows() != tokenizer.vocabularySize()) {
                throw new SkimException(file.path().getFileName() + " has " + tokenizer.vocabularySize()
                        + " tokens in its vocabulary, but " + embedding.rows() + " rows in token_embd.weight.");
            }
        });
        decoder = Decoder.load(file, workers, options.progress(), options.rehearsal());
        template = file.metadata().string("tokenizer.chat_template").orElse(null);
    }

    /** Loads a model with {@link LoadOptions#DEFAULT}. */
    public static Model load(Path file) {
        return load(file, LoadOptions.DEFAULT);
    }

    /**
     * Loads a model from a GGUF file, or from the first file of a split one.
     *
     * @throws SkimException when the file is not there, is not a GGUF file, is of a kind that Skim does not run, or does not
     *     fit into memory
     */
    public static Model load(Path file, LoadOptions options) {
        GgufFile opened = null;
        Workers workers = null;
        boolean complete = false;
        try {
            opened = GgufFile.open(file);
            workers = new Workers(options.threads());
            Model model = new Model(opened, workers, options);
            complete = true;
            return model;
        } catch (GgufException fault) {
            throw new SkimException(fault.getMessage() + ".", fault);
        } catch (OutOfMemoryError failure) {
            long bytes = opened == null ? 0 : opened.tensors().stream().mapToLong(TensorInfo::bytes).sum();
            OutOfMemory.refuse(
                    failure,
                    OutOfMemory.size(bytes) + " of weights in " + file.getFileName(),
                    "a smaller quantisation of the model");
            throw failure;
        } finally {
            if (!complete && workers != null) {
                workers.close();
            }
            if (!complete && opened != null) {
                opened.close();
            }
        }
    }

    /** Opens a session with {@link SessionOptions#DEFAULT}. */
    public Session openSession() {
        return openSession(SessionOptions.DEFAULT);
    }

    /**
     * Opens a session.
     *
     * @throws SkimException when it does not fit into memory
     * @throws IllegalArgumentException when the skip policy does not fit the model
     * @throws IllegalStateException when the model is closed
     */
    public Session openSession(SessionOptions options) {
        if (closed) {
            throw new IllegalStateException("the model is closed");
        }
        int contextLength = options.contextLength() == 0 ? contextLength() : options.contextLength();
        try {
            return new Session(this, contextLength, options);
        } catch (OutOfMemoryError failure) {
            OutOfMemory.refuse(failure, "a session of " + contextLength + " positions", "a shorter context");
            throw failure;
        }
    }

    /** The model's name from its file, else the file's name. */
    public String name() {
        return file.metadata().string("general.name").orElseGet(() -> file.path().getFileName().toString());
    }

    /** The architecture from its file, such as {@code llama}. */
    public String architecture() {
        return decoder.architecture().id();
    }

    /** Tokens of the context that the model was trained for. */
    public int contextLength() {
        return decoder.contextLength();
    }

    /** Threads that compute. */
    public int threads() {
        return workers.threads();
    }

    /** The open file: metadata and tensor list. */
    public GgufFile file() {
        return file;
    }

    /** What a skipping method knows of the model. */
    public ModelShape shape() {
        return decoder.shape();
    }

    /** The tokenizer. */
    public Tokenizer tokenizer() {
        return tokenizer;
    }

    /**
     * The file's own chat template, if it has one.
     *
     * @throws SkimException when it cannot be parsed
     */
    public Optional<ChatTemplate> chatTemplate() {
        // Parsed when it is asked for: a model whose template is beyond Skim still runs.
        return Optional.ofNullable(template).map(ChatTemplate::of);
    }

    Decoder decoder() {
        return decoder;
    }

    boolean closed() {
        return closed;
    }

    /** Ends the worker threads and lets go of the file. Sessions must not be used afterwards. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            workers.close();
            file.close();
        }
    }
}
