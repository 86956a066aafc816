package dev.skim.llm.jinja;

import java.time.Clock;
import java.time.LocalDateTime;

/** One rendering: the output so far, the clock, and what the template may still do. */
final class Run {
    /**
     * Units of work: about one for each node that runs, each character that is written or made and each item that is
     * looked at. The largest reference case takes 14 thousand, a conversation of a million characters a few million; a
     * template that spends it all has run for a second or two, and has made at most this many characters.
     */
    static final long WORK = 200_000_000;
    /** Macros, recursive loops and filters that call each other, as deep as this. */
    static final int DEPTH = 200;

    private final Clock clock;
    private long work;
    private int depth;
    private StringBuilder out = new StringBuilder(1024);

    /** A rendering by the given clock, or by the system's if it is null, that may spend so many units of work. */
    Run(Clock clock, long work) {
        this.clock = clock;
        this.work = work;
    }

    /** Pays for work, and ends the rendering when there is nothing left to pay with. */
    void spend(long units) {
        work -= units;
        if (work < 0 || units < 0) {
            throw new TemplateException("the template loops too long or makes too much text");
        }
    }

    void write(String text) {
        spend(text.length());
        out.append(text);
    }

    /** Starts to collect output apart; returns what {@link #release} needs to go back. */
    StringBuilder capture() {
        StringBuilder outer = out;
        out = new StringBuilder();
        return outer;
    }

    /** Ends a {@link #capture}; returns what was collected. */
    String release(StringBuilder outer) {
        String text = out.toString();
        out = outer;
        return text;
    }

    String output() {
        return out.toString();
    }

    void enter() {
        spend(10);
        if (++depth > DEPTH) {
            throw new TemplateException("calls nest deeper than " + DEPTH);
        }
    }

    void leave() {
        depth--;
    }

    LocalDateTime now() {
        return clock == null ? LocalDateTime.now() : LocalDateTime.now(clock);
    }
}
