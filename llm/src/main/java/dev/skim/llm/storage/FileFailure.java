package dev.skim.llm.storage;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;

/** What a failure of the file system means, in words: its own message is often no more than the file's name. */
public final class FileFailure {
    private FileFailure() {}

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
