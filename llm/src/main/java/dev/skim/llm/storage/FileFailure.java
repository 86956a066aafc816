package dev.skim.llm.storage;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** What a failure of the file system means, in words: its own message is often no more than the file's name. */
public final class FileFailure {
    private FileFailure() {}

    /**
     * Reads a byte of a file, so that one that cannot be read is refused before anybody waits for what it is needed with.
     *
     * @throws IOException when it is not there, is a folder, or access is denied
     */
    public static void tryReading(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            in.read();
        }
    }

    /** The cause, to stand behind a colon. */
    public static String reason(IOException e) {
        return switch (e) {
            case NoSuchFileException none -> "there is none";
            case AccessDeniedException denied -> "access is denied";
            case FileAlreadyExistsException there -> "there is a file " + there.getFile() + " already";
            default -> e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        };
    }
}
