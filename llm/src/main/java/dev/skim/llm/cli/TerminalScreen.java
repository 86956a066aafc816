package dev.skim.llm.cli;

import dev.skim.llm.storage.Folders;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.UserInterruptException;
import org.jline.terminal.Size;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;
import org.jline.utils.Signals;

/** A chat on a terminal: line editing and history by JLine, which reaches the terminal through stty. */
final class TerminalScreen implements ChatScreen {
    /** Held here, for a logger that nobody holds forgets its level. */
    private static final Logger JLINE = Logger.getLogger("org.jline");

    private final Terminal terminal;
    private final LineReader reader;
    private volatile Runnable interrupted = () -> {};
    private boolean lineOpen;

    TerminalScreen() {
        // Where stty is missing JLine warns of the dumb terminal that it makes of it, which still serves.
        JLINE.setLevel(Level.OFF);
        // Before the terminal's own: it goes back to the handler it found while it changes from one to the next, and
        // the system's would end the program by a Ctrl-C in that moment.
        Signals.register("INT", this::interrupt);
        // The other way to hand a descriptor to stty is a native library, which we do not have.
        System.setProperty("org.jline.terminal.exec.redirectPipeCreationMode", "reflection");
        try {
            terminal = TerminalBuilder.builder()
                    .name("skim")
                    .system(true)
                    .provider("exec")
                    .encoding(Streams.charset("stdout.encoding"))
                    .build();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        terminal.handle(Terminal.Signal.INT, signal -> interrupt());
        if (terminal.getWidth() <= 0 || terminal.getHeight() <= 0) {
            // A terminal that does not know its size, as some containers give; JLine would cut every line to nothing.
            terminal.setSize(new Size(80, 24));
        }
        LineReaderBuilder builder = LineReaderBuilder.builder()
                .terminal(terminal)
                .option(LineReader.Option.DISABLE_EVENT_EXPANSION, true)
                .option(LineReader.Option.HISTORY_IGNORE_SPACE, false)
                .option(LineReader.Option.BRACKETED_PASTE, true)
                // The parser would otherwise want closed quotes and take backslashes out.
                .parser(new WholeLine());
        Path history = history();
        if (history != null) {
            builder.variable(LineReader.HISTORY_FILE, history);
        }
        reader = builder.build();
    }

    /** The file for the history, or null where it cannot be kept. */
    private static Path history() {
        Path folder = Folders.state(System.getenv());
        try {
            Files.createDirectories(folder);
            return Files.isWritable(folder) ? folder.resolve("history") : null;
        } catch (IOException e) {
            return null;
        }
    }

    @Override
    public String readLine(boolean more) {
        try {
            return reader.readLine(more ? "... " : Style.bold("> "));
        } catch (UserInterruptException e) {
            return INTERRUPTED;
        } catch (EndOfFileException e) {
            show("");
            return null;
        }
    }

    @Override
    public void print(String piece) {
        if (!piece.isEmpty()) {
            lineOpen = !piece.endsWith("\n");
            terminal.writer().print(piece);
            terminal.flush();
        }
    }

    @Override
    public void endAnswer() {
        if (lineOpen) {
            terminal.writer().println();
        }
        lineOpen = false;
        terminal.flush();
    }

    @Override
    public void show(String lines) {
        terminal.writer().println(lines);
        terminal.flush();
    }

    @Override
    public void note(String line) {
        show(Style.dim(line));
    }

    @Override
    public void complain(String sentence) {
        show(sentence);
    }

    @Override
    public Interruption onInterrupt(Runnable action) {
        interrupted = action;
        return () -> interrupted = () -> {};
    }

    private void interrupt() {
        interrupted.run();
    }

    @Override
    public void close() {
        try {
            terminal.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
