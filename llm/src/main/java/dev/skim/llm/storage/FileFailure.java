package dev.skim.llm.storage;

import dev.skim.llm.SkimException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** What a failure of the file system means, in words: its own message is often no more than the file's name. */
public final class FileFailure {
    private FileFailure() {}

    /**
     * Opens a file, so that one that cannot be read is refused before anybody waits for what it is needed with. What can be read once
     * only, such as a pipe, is left alone.
     *
     * @param what the file, as a sentence about it begins
     * @throws SkimException when it is not there, is a folder, or access is denied
     */
    public static void tryOpening(String what, Path file) {
        try {
            if (Files.isDirectory(file)) {
                throw new IOException("it is a folder");
            }
            if (Files.isRegularFile(file) || Files.notExists(file)) {
                Files.newInputStream(file).close();
            }
        } catch (IOException e) {
            throw unreadable(what, e);
        }
    }

    /** Says that something cannot be read, and why; {@code what} begins the sentence. */
    public static SkimException unreadable(String what, IOException e) {
        return new SkimException(what + " cannot be read: " + reason(e) + ".", e);
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
