package dev.skim.llm.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.Charset;

/** A chat through pipes: a line is a turn, and nothing but answers comes out. */
final class PlainScreen implements ChatScreen {
    private final Charset charset = Streams.charset("stdin.encoding");
    private final BufferedReader in = new BufferedReader(new InputStreamReader(System.in, charset.newDecoder()));
    private boolean lineOpen;

    @Override
    public String readLine(boolean more) {
        try {
            return in.readLine();
        } catch (IOException e) {
            throw Streams.inputFailure(e, charset);
        }
    }

    @Override
    public void print(String piece) {
        if (!piece.isEmpty()) {
            lineOpen = !piece.endsWith("\n");
            System.out.print(piece);
            System.out.flush();
        }
    }

    @Override
    public void endAnswer() {
        if (lineOpen) {
            System.out.println();
        }
        lineOpen = false;
        System.out.flush();
    }

    @Override
    public void show(String lines) {
        System.out.println(lines);
        System.out.flush();
    }

    @Override
    public void note(String line) {
        // For people.
    }

    @Override
    public void complain(String sentence) {
        System.err.println(sentence);
    }

    @Override
    public Interruption onInterrupt(Runnable action) {
        // In a pipe Ctrl-C ends the program, as that of every other filter.
        return () -> {};
    }

    @Override
    public void close() {
        // Standard input and output are the process's own.
    }
}
