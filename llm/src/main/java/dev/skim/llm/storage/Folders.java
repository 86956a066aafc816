package dev.skim.llm.storage;

import java.nio.file.Path;
import java.util.Map;

/** Where a user's files go: the XDG folders, and what stands for them on macOS and Windows. */
public final class Folders {
    private Folders() {}

    /** Files that can be made or fetched again. */
    public static Path cache(Map<String, String> environment) {
        return folder(environment, "XDG_CACHE_HOME", ".cache", "Library/Caches");
    }

    /** Files that a user would miss a little. */
    public static Path state(Map<String, String> environment) {
        return folder(environment, "XDG_STATE_HOME", ".local/state", "Library/Application Support");
    }

    private static Path folder(Map<String, String> environment, String variable, String linux, String mac) {
        String system = System.getProperty("os.name", "");
        String named = environment.get(variable);
        Path home = Path.of(System.getProperty("user.home"));
        Path base;
        if (named != null && Path.of(named).isAbsolute()) {
            base = Path.of(named);
        } else if (system.startsWith("Windows") && environment.get("LOCALAPPDATA") != null) {
            base = Path.of(environment.get("LOCALAPPDATA"));
        } else {
            base = home.resolve(system.startsWith("Mac") ? mac : linux);
        }
        return base.resolve("skim");
    }
}
