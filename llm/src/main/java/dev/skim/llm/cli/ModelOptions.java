package dev.skim.llm.cli;

import dev.skim.llm.LoadOptions;
import dev.skim.llm.Model;
import dev.skim.llm.SessionOptions;
import dev.skim.llm.Tokenizer;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Which model, and how it computes. */
final class ModelOptions {
    @Option(
            names = {"-m", "--model"},
            paramLabel = "MODEL",
            description = "A GGUF file, or hf:owner/repo/file.gguf to fetch it; without: SKIM_MODEL, else the model used "
                    + "last, else SmolLM2-135M-Instruct is fetched.")
    private String model;

    @Option(
            names = {"-t", "--threads"},
            paramLabel = "N",
            description = "Threads that compute; as many as there are processors where not given.")
    private Integer threads;

    /** The model's file, fetched where need be. */
    Path path() {
        return ModelStore.ofUser().resolve(model);
    }

    /** Loads the model, with a bar on a terminal. */
    Model load() {
        return load(path());
    }

    /** The same for a session that begins at once. */
    Model load(SessionOptions session) {
        return load(path(), options().withRehearsal(session));
    }

    /** Whether a model was named. */
    boolean given() {
        return model != null;
    }

    /** Threads that compute. */
    int threads() {
        return options().threads();
    }

    private LoadOptions options() {
        return threads == null ? LoadOptions.DEFAULT : LoadOptions.DEFAULT.withThreads(threads);
    }

    /** Loads a file as these options say, with a bar on a terminal. */
    Model load(Path path) {
        return load(path, options());
    }

    private static Model load(Path path, LoadOptions options) {
        SlowPath.warn();
        try (ProgressBar bar = new ProgressBar("loading " + path.getFileName())) {
            Model loaded = Model.load(path, options.withProgress(bar));
            bar.close();
            warn(loaded.tokenizer());
            return loaded;
        }
    }

    /** Says what is doubtful about a model's tokenizer, beside the output. */
    static void warn(Tokenizer tokenizer) {
        tokenizer.warnings().forEach(warning -> System.err.println("Warning: " + Style.printable(warning)));
    }
}
