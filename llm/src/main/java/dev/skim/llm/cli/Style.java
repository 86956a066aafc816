package dev.skim.llm.cli;

/** The few looks that text on a terminal has; plain where NO_COLOR is set or the terminal is dumb. */
final class Style {
    private static final boolean PLAIN =
            System.getenv("NO_COLOR") != null || "dumb".equals(System.getenv("TERM"));

    private Style() {}

    static String dim(String text) {
        return PLAIN ? text : "\u001b[2m" + text + "\u001b[0m";
    }

    static String bold(String text) {
        return PLAIN ? text : "\u001b[1m" + text + "\u001b[0m";
    }
}
