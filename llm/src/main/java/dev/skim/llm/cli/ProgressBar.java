package dev.skim.llm.cli;

import java.util.function.DoubleConsumer;

/** One line on the terminal's standard error that grows and goes away; nothing where no terminal is. */
final class ProgressBar implements DoubleConsumer, AutoCloseable {
    private static final int WIDTH = 30;
    /** What is done sooner than this needs no bar. */
    private static final long PATIENCE_NANOS = 200_000_000;

    /** Ten frames a second are smooth to the eye; more would slow a terminal at the far end of a line. */
    private static final long FRAME_NANOS = 100_000_000;

    private final String label;
    private final boolean shown = Streams.errorIsTerminal();
    private final long start = System.nanoTime();
    private int lastPermille = -1;
    private long lastFrame = start - FRAME_NANOS;
    private boolean drawn;

    ProgressBar(String label) {
        this.label = label;
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
        drawn = true;
        int full = permille * WIDTH / 1000;
        System.err.print("\r" + label + "  " + "█".repeat(full) + "░".repeat(WIDTH - full)
                + String.format("  %3d %%  %s", permille / 10, detail));
        System.err.flush();
    }

    /** Wipes the line. */
    @Override
    public synchronized void close() {
        if (drawn) {
            drawn = false;
            System.err.print("\r" + " ".repeat(label.length() + WIDTH + 40) + "\r");
            System.err.flush();
        }
    }
}
