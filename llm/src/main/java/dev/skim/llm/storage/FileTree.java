package dev.skim.llm.storage;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;

/**
 * A folder with all below it. What cannot be read, or goes away meanwhile, is passed over: {@code Files.walk} fails at
 * it, with an exception that is no IOException.
 */
public final class FileTree {
    private FileTree() {}

    /** The files in a folder and the folders in it, in no order. */
    public static List<Path> files(Path folder) throws IOException {
        List<Path> files = new ArrayList<>();
        Files.walkFileTree(folder, new Lenient() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                files.add(file);
                return FileVisitResult.CONTINUE;
            }
        });
        return files;
    }

    /** Deletes a folder with all that is in it, as far as it can be. */
    public static void delete(Path folder) throws IOException {
        Files.walkFileTree(folder, new Lenient() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                return delete(file);
            }

            @Override
            public FileVisitResult postVisitDirectory(Path directory, IOException failure) {
                return delete(directory);
            }

            private FileVisitResult delete(Path file) {
                file.toFile().delete();
                return FileVisitResult.CONTINUE;
            }
        });
    }

    private static class Lenient extends SimpleFileVisitor<Path> {
        @Override
        public FileVisitResult visitFileFailed(Path file, IOException failure) {
            return FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult postVisitDirectory(Path directory, IOException failure) {
            return FileVisitResult.CONTINUE;
        }
    }
}
