package dev.skim.llm.cli;

/** Where a chat takes place. */
interface ChatScreen extends AutoCloseable {
    /** What {@link #readLine} gives where the user pressed Ctrl-C instead of finishing the line. */
    String INTERRUPTED = new String("interrupted");

    /** Reads a line of the user's; null at the end. {@code more} tells that it goes on a text of several lines. */
    String readLine(boolean more);

    /** Prints a piece of an answer at once. */
    void print(String piece);

    /** Ends an answer. */
    void endAnswer();

    /** Prints what the user asked for by a command. */
    void show(String lines);

    /** Prints a remark beside the conversation, for people only. */
    void note(String line);

    /** Prints why something did not work. */
    void complain(String sentence);

    /** Runs an action by Ctrl-C until the result is closed. */
    Interruption onInterrupt(Runnable action);

    @Override
    void close();

    /** Ends the hold on Ctrl-C. */
    interface Interruption extends AutoCloseable {
        @Override
        void close();
    }
}
