package dev.skim.tests.cli;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Runs the packed jar as ./skim does, but with its classes archived; or as java -jar llm/target/skim.jar, which starts a second Java. */
final class Cli {
    static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Path JAR = ROOT.resolve("llm/target/skim.jar");
    private static final Path OPTIONS = ROOT.resolve("llm/src/main/resources/skim.jvm");
    private static final Path JAVA = Path.of(System.getProperty("java.home"), "bin/java");
    private static final String LAUNCHER = "dev.skim.launcher.Launcher";
    private static final int SECONDS = 120;

    private final Path home;
    private final Map<String, String> environment = new HashMap<>();
    private Path java = JAVA;
    private boolean launched;

    /** With a home of its own, so that nothing of the user's is read or changed. */
    Cli(Path home) {
        this.home = home;
        // Keeps the network out; a test that wants a server names its own.
        environment.put("HF_ENDPOINT", "http://127.0.0.1:1");
        environment.put("SKIM_JAVA_OPTS", "-Xmx512m");
    }

    /** How a command ended. */
    record Result(int code, String out, String err) {
        /** Checks the exit code, showing what was printed where it is another. */
        Result expect(int wanted) {
            assertTrue(code == wanted, "exit code " + code + " instead of " + wanted + "\n" + out + "\n" + err);
            return this;
        }

        /** Checks that it failed by a user's mistake that one sentence tells. */
        String sentence() {
            expect(2);
            assertTrue(out.isEmpty(), out);
            assertTrue(err.strip().lines().count() == 1 && !err.contains("Exception"), err);
            return err.strip();
        }
    }

    static Path jar() {
        assumeTrue(Files.exists(JAR), JAR + " is not packed yet: mvn verify packs it");
        return JAR;
    }

    Cli with(String name, String value) {
        environment.put(name, value);
        return this;
    }

    /** By java -jar, with the launcher in front. */
    Cli launched(Path command) {
        java = command;
        launched = true;
        return this;
    }

    Cli launched() {
        return launched(java);
    }

    /** The command line, not started yet. */
    ProcessBuilder prepare(String... arguments) {
        String jar = jar().toString();
        List<String> command = new ArrayList<>(List.of(java.toString()));
        if (launched) {
            command.addAll(List.of("-jar", jar));
        } else {
            command.add("@" + OPTIONS);
            // Without the remark that module options keep Java from taking its modules from the archive too.
            command.addAll(List.of("-XX:SharedArchiveFile=" + Classes.ARCHIVE, "-Xlog:cds=off"));
            command.addAll(List.of(environment.get("SKIM_JAVA_OPTS").split(" ")));
            command.addAll(List.of("-cp", jar, LAUNCHER));
        }
        command.addAll(Arrays.asList(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).directory(home.toFile());
        builder.environment().keySet().removeIf(name -> name.startsWith("SKIM_") || name.startsWith("XDG_"));
        builder.environment().put("XDG_CACHE_HOME", home.resolve("cache").toString());
        builder.environment().put("XDG_STATE_HOME", home.resolve("state").toString());
        builder.environment().putAll(environment);
        return builder;
    }

    /** The jar's classes as Java has them once they are read and verified: a third of the time of a short command. */
    private static final class Classes {
        static final Path ARCHIVE = archive();

        private Classes() {}

        /** By a command that takes a model from its file to its text, for this JVM alone: the jar may be packed anew. */
        private static Path archive() {
            try {
                Path folder = Files.createTempDirectory("skim-classes");
                Path archive = folder.resolve("skim.jsa");
                Path model = TinyModel.write(folder.resolve("tiny.gguf"), true);
                Runtime.getRuntime().addShutdownHook(new Thread(() -> List.of(archive, model, folder)
                        .forEach(path -> path.toFile().delete())));
                List<String> command = List.of(
                        JAVA.toString(), "@" + OPTIONS, "-Xmx512m", "-XX:ArchiveClassesAtExit=" + archive, "-cp", jar().toString(),
                        LAUNCHER, "run", "-m", model.toString(), "-p", "hello", "-n", "12");
                Process process = new ProcessBuilder(command)
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .redirectError(ProcessBuilder.Redirect.DISCARD)
                        .start();
                assertTrue(process.waitFor(SECONDS, TimeUnit.SECONDS) && Files.exists(archive), "no archive of classes");
                return archive;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    }

    Result run(String... arguments) {
        return runWithInput("", arguments);
    }

    Result runWithInput(String input, String... arguments) {
        try {
            Path out = Files.createTempFile(home, "out", null);
            Path err = Files.createTempFile(home, "err", null);
            Process process = prepare(arguments)
                    .redirectOutput(out.toFile())
                    .redirectError(err.toFile())
                    .start();
            try (var stdin = process.getOutputStream()) {
                stdin.write(input.getBytes(StandardCharsets.UTF_8));
            } catch (IOException e) {
                // It ended without reading all.
            }
            if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new AssertionError("no end after " + SECONDS + " s: " + String.join(" ", arguments));
            }
            return new Result(process.exitValue(), Files.readString(out), Files.readString(err));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
