package dev.skim.tests;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** The README's example compiles, runs, and is what the README shows. */
class ExampleTest {
    @Test
    void readmeShowsTheExample() throws IOException {
        String readme = Files.readString(Path.of("..", "README.md"));
        String example = Files.readString(Path.of("src/test/java/dev/skim/tests/Example.java"));
        assertTrue(readme.contains(example.substring(example.indexOf("import "))), "the README's example differs");
    }

    @Test
    void runs() {
        Path model = Path.of(System.getProperty("skim.reference"), "..", "models", "SmolLM2-135M-Instruct.Q4_1.gguf");
        Assumptions.assumeTrue(Files.exists(model), "there is no model at " + model);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        PrintStream before = System.out;
        System.setOut(new PrintStream(bytes, true, StandardCharsets.UTF_8));
        try {
            Example.main(new String[] {model.toString()});
        } finally {
            System.setOut(before);
        }
        assertTrue(bytes.toString(StandardCharsets.UTF_8).contains("Paris"), bytes.toString(StandardCharsets.UTF_8));
    }
}
