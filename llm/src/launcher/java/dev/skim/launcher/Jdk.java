package dev.skim.launcher;

import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;

/** Finds installed JDKs by the {@code release} file that each of them carries. */
final class Jdk {
    private Jdk() {}

    /** The feature version of the running Java: 8, 11, 25. */
    static int running() {
        return feature(System.getProperty("java.specification.version"));
    }

    /** The java command of the running Java. */
    static File current() {
        return command(new File(System.getProperty("java.home")));
    }

    /** The java command of JAVA_HOME, where fit, else of the oldest fit JDK in the usual folders, else null. */
    static File find(int needed) {
        String javaHome = System.getenv("JAVA_HOME");
        if (javaHome != null && version(new File(javaHome)) >= needed) {
            return command(new File(javaHome));
        }
        File best = null;
        for (File home : candidates()) {
            if (version(home) >= needed && (best == null || version(home) < version(best))) {
                best = home;
            }
        }
        return best == null ? null : command(best);
    }

    private static List<File> candidates() {
        String user = System.getProperty("user.home");
        String[] folders = {
            "/usr/lib/jvm",
            "/usr/java",
            "/opt",
            "/opt/java",
            user + "/.sdkman/candidates/java",
            user + "/.jdks",
            user + "/.local/share/mise/installs/java",
            "/Library/Java/JavaVirtualMachines",
            user + "/Library/Java/JavaVirtualMachines",
            "/opt/homebrew/opt",
            "C:\\Program Files\\Java",
            "C:\\Program Files\\Eclipse Adoptium",
        };
        List<File> homes = new ArrayList<>();
        for (String folder : folders) {
            File[] entries = new File(folder).listFiles();
            if (entries == null) {
                continue;
            }
            for (File entry : entries) {
                homes.add(entry);
                homes.add(new File(entry, "Contents/Home"));
                homes.add(new File(entry, "libexec/openjdk.jdk/Contents/Home"));
            }
        }
        return homes;
    }

    /** The feature version of the JDK in a folder, 0 where there is none. */
    static int version(File home) {
        if (!command(home).canExecute()) {
            return 0;
        }
        Properties release = new Properties();
        try (InputStream in = new FileInputStream(new File(home, "release"))) {
            release.load(in);
        } catch (IOException | IllegalArgumentException e) {
            return 0;
        }
        return feature(release.getProperty("JAVA_VERSION", "").replace("\"", ""));
    }

    /** The feature number of a version such as 25, 25.0.1, 1.8.0_402 or 26-ea; 0 for anything else. */
    static int feature(String version) {
        String[] parts = (version.startsWith("1.") ? version.substring(2) : version).split("[^0-9]", 2);
        return parts[0].matches("[0-9]{1,6}") ? Integer.parseInt(parts[0]) : 0;
    }

    private static File command(File home) {
        boolean windows = System.getProperty("os.name", "").startsWith("Windows");
        return new File(home, windows ? "bin\\java.exe" : "bin/java");
    }
}
