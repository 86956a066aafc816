package dev.skim.llm.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class ProgressBarTest {
    @Test
    void fitsATerminalOf80Columns() {
        String detail = "12345.6 MB, 1234.5 MB/s";
        for (int length = 0; length < 100; length++) {
            try (ProgressBar bar = new ProgressBar("loading " + "x".repeat(length) + ".Q4_K_M.gguf")) {
                String line = bar.line(1000, detail);
                assertTrue(line.length() <= 79, line);
                assertTrue(line.startsWith("loading ") && line.contains("Q4_K_M.gguf  █"), line);
                assertTrue(line.endsWith(" 100 %  " + detail), line);
            }
        }
        try (ProgressBar bar = new ProgressBar("measuring")) {
            assertEquals("measuring  " + "█".repeat(15) + "░".repeat(15) + "   50 %  pp512", bar.line(500, "pp512"));
            assertTrue(bar.line(500, "tg128 @ d4096".repeat(9)).length() <= 79);
        }
    }
}
