package dev.skim.llm.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.skim.llm.SkimException;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class TextOptionsTest {
    @Test
    void aTextMayBeginLikeAnOption() {
        for (String text : new String[] {"-f is what?", "--file", "-p"}) {
            assertEquals(text, CommandLine.populateCommand(new TextOptions(), "-p", text).text());
            assertEquals(text, CommandLine.populateCommand(new TextOptions(), "--prompt=" + text).text());
        }
        assertEquals(
                "Missing required parameter for option '--prompt' (TEXT)",
                assertThrows(
                                CommandLine.ParameterException.class,
                                () -> CommandLine.populateCommand(new TextOptions(), "-p"))
                        .getMessage());
    }

    @Test
    void standardInputMustBeUtf8() {
        InputStream before = System.in;
        try {
            System.setIn(new ByteArrayInputStream("café".getBytes(StandardCharsets.UTF_8)));
            assertEquals("café", Streams.readInput());
            System.setIn(new ByteArrayInputStream("café".getBytes(StandardCharsets.ISO_8859_1)));
            assertEquals(
                    "Standard input is not UTF-8 text.",
                    assertThrows(SkimException.class, Streams::readInput).getMessage());
        } finally {
            System.setIn(before);
        }
    }
}
