package dev.skim.tests;

import dev.skim.llm.Chat;
import dev.skim.llm.Model;
import dev.skim.llm.Reply;
import dev.skim.llm.Sampling;
import dev.skim.llm.Session;
import java.nio.file.Path;

/** The README's example. */
public final class Example {
    private Example() {}

    /** Answers one question; the model's file is the only argument. */
    public static void main(String[] args) {
        try (Model model = Model.load(Path.of(args[0]));
                Session session = model.openSession()) {
            Chat chat = new Chat(session, "You answer in one short sentence.");
            Reply reply = chat.reply("What is the capital of France?", 64, Sampling.GREEDY, text -> {
                System.out.print(text);
                return true;
            });
            System.out.printf("%n%.0f tokens a second%n", reply.usage().generationRate());
        }
    }
}
