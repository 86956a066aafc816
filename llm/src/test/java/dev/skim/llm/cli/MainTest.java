package dev.skim.llm.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import org.junit.jupiter.api.Test;

class MainTest {
    private static String explained(int code, Throwable failure) {
        PrintStream before = System.err;
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        try {
            System.setErr(new PrintStream(said, true));
            assertEquals(code, Main.explain(failure));
        } finally {
            System.setErr(before);
        }
        assertTrue(said.toString().lines().count() <= 1, said.toString());
        return said.toString().strip();
    }

    @Test
    void memoryThatRunsOutIsSaid() {
        for (Throwable failure : new Throwable[] {
            new OutOfMemoryError("Java heap space"), new IllegalStateException(new OutOfMemoryError("in a worker"))
        }) {
            String sentence = explained(2, failure);
            assertTrue(sentence.contains("MiB that Java may use") && sentence.contains("--kv-type"), sentence);
        }
        assertTrue(explained(70, new IllegalStateException("odd")).contains("odd"));
    }

    @Test
    void onlyABrokenPipeIsQuiet() {
        assertEquals("", explained(141, new Streams.OutputFailure(new IOException("Broken pipe"))));
        assertEquals(
                "Standard output cannot be written: No space left on device.",
                explained(2, new Streams.OutputFailure(new IOException("No space left on device"))));
    }
}
