package dev.skim.tests.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.io.IOException;
import java.util.List;
import java.util.jar.JarFile;
import org.junit.jupiter.api.Test;

class JarTest {
    @Test
    void holdsItsLicence() throws IOException {
        try (JarFile jar = new JarFile(Cli.jar().toFile())) {
            assertNotNull(jar.getEntry("META-INF/LICENSE"));
        }
    }

    @Test
    void holdsNoNativeLibraryAndNothingThatCallsOne() throws IOException {
        try (JarFile jar = new JarFile(Cli.jar().toFile())) {
            assertNotNull(jar.getEntry("dev/skim/llm/cli/Main.class"));
            assertNotNull(jar.getEntry("org/jline/reader/LineReader.class"));
            List<String> natives = jar.stream()
                    .map(entry -> entry.getName())
                    .filter(name -> name.matches("(?i).*\\.(so|dll|dylib|jnilib)(\\..*)?") || name.startsWith("org/jline/nativ/"))
                    .toList();
            assertEquals(List.of(), natives);
        }
    }
}
