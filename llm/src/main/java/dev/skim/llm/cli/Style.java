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

    /** Line breaks and the terminal's control characters written out: a file must not steer the terminal. */
    static String printable(String text) {
        StringBuilder shown = new StringBuilder();
        text.codePoints().forEach(c -> {
            switch (c) {
                case '\n' -> shown.append("\\n");
                case '\t' -> shown.append("\\t");
                case '\r' -> shown.append("\\r");
                default -> {
                    if (Character.isISOControl(c)) {
                        shown.append(String.format("\\u%04x", c));
                    } else {
                        shown.appendCodePoint(c);
                    }
                }
            }
        });
        return shown.toString();
    }
}
