package dev.skim.llm.cli;

import dev.skim.llm.SkimException;
import dev.skim.llm.storage.FileFailure;
import dev.skim.llm.storage.StrictText;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Stack;
import picocli.CommandLine.IParameterConsumer;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** A text from an option, from a file, or from standard input. */
final class TextOptions {
    @Option(
            names = {"-p", "--prompt"},
            paramLabel = "TEXT",
            parameterConsumer = AnyText.class,
            description = "The text.")
    private String prompt;

    @Option(
            names = {"-f", "--file"},
            paramLabel = "FILE",
            description = "A file with the text.")
    private Path file;

    /** Takes what follows an option as it is: a text may begin like another option. */
    static final class AnyText implements IParameterConsumer {
        @Override
        public void consumeParameters(Stack<String> arguments, ArgSpec option, CommandSpec command) {
            if (arguments.isEmpty()) {
                throw new ParameterException(command.commandLine(), "Missing required parameter for option '"
                        + ((OptionSpec) option).longestName() + "' (" + option.paramLabel() + ")");
            }
            option.setValue(arguments.pop());
        }
    }

    /** The text of -p or -f, if one is given. */
    Optional<String> given() {
        if (prompt != null && file != null) {
            throw new SkimException("Both -p and -f give the text; give one of them.");
        }
        return prompt != null ? Optional.of(prompt) : Optional.ofNullable(file).map(TextOptions::read);
    }

    /** The text of -p or -f, else of standard input. */
    String text() {
        return given().orElseGet(() -> {
            if (Streams.inputIsTerminal()) {
                throw new SkimException("There is no text: give it by -p, in a file by -f, or on standard input.");
            }
            return Streams.readInput();
        });
    }

    /** Reads a UTF-8 file. */
    static String read(Path file) {
        try {
            ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file));
            return StrictText.decode(bytes, StandardCharsets.UTF_8);
        } catch (CharacterCodingException e) {
            throw new SkimException("The file " + file + " is not UTF-8 text.", e);
        } catch (IOException e) {
            throw FileFailure.unreadable("The file " + file, e);
        }
    }
}
