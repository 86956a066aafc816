package dev.skim.tests;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Where the recorded outputs and the real model are; tests that need them are skipped where they are absent. */
final class Reference {
    private static final Path FOLDER = Path.of(System.getProperty("skim.reference", "../../shared/reference"));

    private Reference() {}

    /** A file or folder of the reference. */
    static Path path(String name) {
        Path path = FOLDER.resolve(name);
        assumeTrue(Files.exists(path), path + " is not there: set -Dskim.reference=FOLDER");
        return path;
    }

    /** The real model: property skim.model, else SmolLM2 beside the reference. */
    static Path model() {
        Path path = Path.of(System.getProperty(
                "skim.model", FOLDER.resolve("../models/SmolLM2-135M-Instruct.Q4_1.gguf").toString()));
        assumeTrue(Files.exists(path), path + " is not there: set -Dskim.model=FILE");
        return path;
    }

    /** A text that the reference's figures were measured on. */
    static Path data(String name) {
        Path path = FOLDER.resolve("../data").resolve(name);
        assumeTrue(Files.exists(path), path + " is not there");
        return path;
    }

    /** The JSON files of the small models. */
    static List<Path> tiny() {
        try (Stream<Path> files = Files.list(path("tiny"))) {
            return files.filter(file -> file.toString().endsWith(".json")).sorted().toList();
        } catch (IOException fault) {
            throw new UncheckedIOException(fault);
        }
    }

    /** The model that a small model's JSON file is of. */
    static Path tinyModel(Path json) {
        return json.resolveSibling(json.getFileName().toString().replaceFirst("\\.json$", ".gguf"));
    }
}
