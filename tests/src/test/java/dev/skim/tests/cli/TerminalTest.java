package dev.skim.tests.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The chat on a pseudo-terminal, which util-linux's {@code script} makes. */
@Tag("commands")
class TerminalTest {
    private static final String INTERRUPT = "\u0003";
    private static final String END_OF_INPUT = "\u0004";
    // The keypad is in application mode while a line is read.
    private static final String UP = "\u001bOA";
    private static final String LEFT = "\u001bOD";

    @TempDir
    Path folder;

    private Path model;
    private Process process;
    private final StringBuffer screen = new StringBuffer();
    /** The same with all that {@link #await} forgets. */
    private final StringBuffer whole = new StringBuffer();

    @BeforeEach
    void makeModel() throws IOException {
        Cli.jar();
        assumeTrue(
                System.getProperty("os.name").equals("Linux") && Files.isExecutable(Path.of("/usr/bin/script")),
                "needs util-linux's script to make a terminal");
        model = TinyModel.write(folder.resolve("tiny.gguf"), true);
    }

    @AfterEach
    void end() {
        if (process != null) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }

    private void start(String terminal, String... options) throws IOException {
        start(new Cli(folder).with("TERM", terminal), options);
    }

    private void start(Cli skim, String... options) throws IOException {
        ProcessBuilder builder = skim.prepare("chat", "-m", model.toString());
        builder.command().addAll(List.of(options));
        String command = builder.command().stream().map(word -> "'" + word + "'").collect(Collectors.joining(" "));
        // Without exec a shell that waits for its child may take the Ctrl-C for its own and end with 130.
        builder.command("/usr/bin/script", "-qfec", "exec " + heedingInterrupts() + command, "/dev/null").redirectErrorStream(true);
        process = builder.start();
        Thread reader = new Thread(() -> {
            try (InputStream in = process.getInputStream()) {
                byte[] buffer = new byte[4096];
                for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                    String text = new String(buffer, 0, count, StandardCharsets.ISO_8859_1);
                    whole.append(text);
                    screen.append(text);
                }
            } catch (IOException e) {
                // The terminal is gone.
            }
        });
        reader.setDaemon(true);
        reader.start();
        await("/help tells the commands");
        await("> ");
    }

    /** What a shell starts in the background ignores SIGINT and so do its children: a terminal's programs do not. */
    private static String heedingInterrupts() throws IOException {
        String ignored = Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("SigIgn:"))
                .map(line -> line.substring(7).strip())
                .findFirst()
                .orElse("0");
        boolean interrupts = (Long.parseUnsignedLong(ignored, 16) & 1L << 2 - 1) != 0;
        return interrupts ? "env --default-signal=INT " : "";
    }

    private void type(String keys) throws IOException {
        process.getOutputStream().write(keys.getBytes(StandardCharsets.UTF_8));
        process.getOutputStream().flush();
    }

    /** Waits until a text comes, and forgets what came up to it. */
    private void await(String text) {
        await(Pattern.compile(Pattern.quote(text)));
    }

    private void await(Pattern text) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (System.nanoTime() < end) {
            Matcher found = text.matcher(screen.toString());
            if (found.find()) {
                screen.delete(0, found.end());
                return;
            }
            try {
                Thread.sleep(10);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
        throw new AssertionError("'" + text + "' did not come; what came is: " + screen);
    }

    private void leave(String keys) throws Exception {
        type(keys);
        assertTrue(process.waitFor(60, TimeUnit.SECONDS), "it does not end; what came is: " + screen);
        assertEquals(0, process.exitValue());
    }

    @Test
    void interruptStopsTheAnswerAndNotTheProgram() throws Exception {
        start(new Cli(folder).launched().with("TERM", "xterm"), "--temp", "0");
        type("talk without end\r");
        await("talk without end");
        await(Pattern.compile("[a-z]{12}"));
        type(INTERRUPT);
        await("| stopped");
        await("> ");
        type(INTERRUPT);
        await("/bye or Ctrl-D leaves");
        type("/set predict 5\r");
        type("again\r");
        await("answer 5,");
        // Before the prompt is there the terminal is in no state to hand on an end of input.
        await("> ");
        leave(END_OF_INPUT);
    }

    @Test
    void linesAreEditedAndRemembered() throws Exception {
        start("xterm", "--temp", "0", "-n", "3");
        type("/set predict 42" + LEFT + "\u007f" + "7\r");
        type("/set\r");
        await("72");
        type(UP + UP + LEFT + "1\r");
        await("> ");
        type("/set\r");
        await("712");
        leave("/bye\r");
        assertTrue(whole.indexOf("\u001b[2m") >= 0, "another terminal has dim text");
        assertTrue(Files.readString(folder.resolve("state/skim/history")).contains("/set predict 712"));
    }

    @Test
    void dumbTerminalsServe() throws Exception {
        start("dumb", "--temp", "0", "-n", "6");
        type("hello\r");
        await("answer 6,");
        await("> ");
        assertEquals(-1, whole.indexOf("\u001b[2m"), "a dumb terminal has no dim text");
        leave(END_OF_INPUT);
    }
}
