package dev.skim.llm.cli;

import java.util.function.DoubleConsumer;

/** One line on the terminal's standard error that grows and goes away; nothing where no terminal is. */
final class ProgressBar implements DoubleConsumer, AutoCloseable {
    /** A line that fills its row makes some terminals go to the next. */
    private static final int COLUMNS = 79;
    private static final int DETAIL = 24;
    /** For the label and the bar, which is long where the label is short. */
    private static final int ROOM = COLUMNS - DETAIL - "    100 %  ".length();
    private static final int LEAST_BAR = 12;
    private static final int MOST_BAR = 30;
    /** What is done sooner than this needs no bar. */
    private static final long PATIENCE_NANOS = 200_000_000;

    /** Ten frames a second are smooth to the eye; more would slow a terminal at the far end of a line. */
    private static final long FRAME_NANOS = 100_000_000;

    private final String label;
    private final boolean shown = Streams.errorIsTerminal();
    private final long start = System.nanoTime();
    private int lastPermille = -1;
    private long lastFrame = start - FRAME_NANOS;
    /** Columns of the last frame. */
    private int drawn;

    ProgressBar(String label) {
        this.label = shortened(Style.printable(label), ROOM - LEAST_BAR);
    }

    private static String shortened(String text, int most) {
        int left = (most - 1) / 2;
        return text.length() <= most
                ? text
                : text.substring(0, left) + "…" + text.substring(text.length() - (most - 1 - left));
    }

    /** Draws a share, 0 to 1. */
    @Override
    public synchronized void accept(double share) {
        draw(share, "");
    }

    /** Draws a share with something to read behind it. */
    synchronized void draw(double share, String detail) {
        int permille = (int) Math.round(1000 * Math.clamp(share, 0.0, 1.0));
        long now = System.nanoTime();
        if (!shown || permille == lastPermille || now - start < PATIENCE_NANOS || now - lastFrame < FRAME_NANOS) {
            return;
        }
        lastFrame = now;
        lastPermille = permille;
        String line = line(permille, detail);
        System.err.print("\r" + line + " ".repeat(Math.max(0, drawn - line.length())));
        System.err.flush();
        drawn = line.length();
    }

    /** A frame, of {@link #COLUMNS} at most. */
    String line(int permille, String detail) {
        int width = Math.min(ROOM - label.length(), MOST_BAR);
        int full = permille * width / 1000;
        return label + "  " + "█".repeat(full) + "░".repeat(width - full)
                + String.format("  %3d %%  %s", permille / 10, shortened(detail, DETAIL));
    }

    /** Wipes the line. */
    @Override
    public synchronized void close() {
        if (drawn > 0) {
            System.err.print("\r" + " ".repeat(drawn) + "\r");
            System.err.flush();
            drawn = 0;
        }
    }
}
