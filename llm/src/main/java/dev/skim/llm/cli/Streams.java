package dev.skim.llm.cli;

import dev.skim.llm.SkimException;
import dev.skim.llm.storage.FileFailure;
import dev.skim.llm.storage.StrictText;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** Standard input, output and error: their encoding, whether a person sits there, and readers that go away. */
final class Streams {
    private static final boolean WINDOWS = System.getProperty("os.name", "").startsWith("Windows");

    private Streams() {}

    /** Standard output takes no more: its reader is gone, as {@code head} is after ten lines, or the disk is full. */
    static final class OutputFailure extends RuntimeException {
        private static final long serialVersionUID = 1;

        OutputFailure(IOException cause) {
            super("Standard output cannot be written: " + FileFailure.reason(cause) + ".", cause);
        }

        /** Whether it is the reader that is gone. */
        boolean isBrokenPipe() {
            return getCause().getMessage() != null && getCause().getMessage().toLowerCase(Locale.ROOT).contains("pipe");
        }
    }

    /**
     * Makes standard output and error UTF-8, whatever the locale (containers have none), and lets a failure to write
     * end the program; a plain PrintStream would go on in silence.
     */
    static void useUnicode() {
        System.setOut(new PrintStream(new Standard(FileDescriptor.out), false, charset("stdout.encoding")));
        System.setErr(new PrintStream(new FileOutputStream(FileDescriptor.err), true, charset("stderr.encoding")));
    }

    /** All of standard input as text. */
    static String readInput() {
        Charset charset = charset("stdin.encoding");
        try {
            return StrictText.decode(ByteBuffer.wrap(System.in.readAllBytes()), charset);
        } catch (IOException e) {
            throw inputFailure(e, charset);
        }
    }

    /** What a failure to read standard input means. */
    static SkimException inputFailure(IOException e, Charset charset) {
        return e instanceof CharacterCodingException
                ? new SkimException("Standard input is not " + charset + " text.", e)
                : FileFailure.unreadable("Standard input", e);
    }

    /** The encoding of a standard stream: UTF-8, but on a Windows console that of the console. */
    static Charset charset(String property) {
        return WINDOWS ? Charset.forName(System.getProperty(property, "UTF-8")) : StandardCharsets.UTF_8;
    }

    static boolean inputIsTerminal() {
        return isTerminal(0);
    }

    static boolean outputIsTerminal() {
        return isTerminal(1);
    }

    static boolean errorIsTerminal() {
        return isTerminal(2);
    }

    /** Java tells about a console as a whole only; Linux tells of each descriptor. */
    private static boolean isTerminal(int descriptor) {
        try {
            String target = Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor)).toString();
            return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty") || target.equals("/dev/console");
        } catch (IOException | UnsupportedOperationException e) {
            return System.console() != null && System.console().isTerminal();
        }
    }

    /** Standard output with a buffer that is written out by flush, or when it is full. */
    private static final class Standard extends OutputStream {
        private final FileOutputStream out;
        private final byte[] buffer = new byte[8192];
        private int filled;

        Standard(FileDescriptor descriptor) {
            out = new FileOutputStream(descriptor);
        }

        @Override
        public synchronized void write(int b) {
            if (filled == buffer.length) {
                flush();
            }
            buffer[filled++] = (byte) b;
        }

        @Override
        public synchronized void write(byte[] bytes, int offset, int length) {
            for (int i = 0; i < length; i++) {
                write(bytes[offset + i]);
            }
        }

        @Override
        public synchronized void flush() {
            int count = filled;
            filled = 0;
            try {
                out.write(buffer, 0, count);
            } catch (IOException e) {
                throw new OutputFailure(e);
            }
        }
    }
}
