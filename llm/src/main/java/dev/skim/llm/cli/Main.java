package dev.skim.llm.cli;

import dev.skim.gguf.GgufException;
import dev.skim.llm.SkimException;
import dev.skim.tensor.Kernels;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command {@code skim}: finds the command that is asked for, runs it, and turns failures into one sentence. */
@Command(
        name = "skim",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        synopsisSubcommandLabel = "COMMAND",
        description = "Runs llama-style language models from GGUF files, in pure Java.",
        footer = {"", "skim COMMAND --help tells the options of a command."})
public final class Main implements Callable<Integer> {
    /** The exit code after a mistake that the user can mend. */
    static final int MISTAKE = 2;
    /** The exit code after a failure of ours (EX_SOFTWARE of sysexits). */
    private static final int INTERNAL = 70;
    /** The exit code where the reader of our output went away: what the shell gives for SIGPIPE. */
    private static final int BROKEN_PIPE = 141;

    /** A new command is a class and a line here. */
    private static final Map<String, Supplier<Callable<Integer>>> COMMANDS = new LinkedHashMap<>();

    static {
        COMMANDS.put("chat", ChatCommand::new);
        COMMANDS.put("run", RunCommand::new);
        COMMANDS.put("inspect", InspectCommand::new);
        COMMANDS.put("tokenize", TokenizeCommand::new);
        COMMANDS.put("perplexity", PerplexityCommand::new);
        COMMANDS.put("verify", VerifyCommand::new);
        COMMANDS.put("pull", PullCommand::new);
        COMMANDS.put("bench", BenchCommand::new);
        COMMANDS.put("calibrate", CalibrateCommand::new);
        COMMANDS.put("eval", EvalCommand::new);
    }

    @Spec
    private CommandSpec spec;

    private Main() {}

    /** Runs a command line and ends the process with its exit code. */
    public static void main(String[] arguments) {
        Streams.useUnicode();
        int code;
        try {
            code = run(arguments);
            System.out.flush();
        } catch (RuntimeException | Error failure) {
            code = explain(failure);
        }
        System.exit(code);
    }

    private static int run(String[] arguments) {
        if (System.getProperty("skim.width") != null) {
            try {
                Kernels.vectorBits();
            } catch (IllegalArgumentException mistake) {
                throw new SkimException(mistake.getMessage(), mistake);
            }
        }
        if (arguments.length > 0 && !arguments[0].startsWith("-") && !COMMANDS.containsKey(arguments[0])) {
            System.err.println("There is no command " + Style.printable(arguments[0]) + "; there are "
                    + String.join(", ", COMMANDS.keySet()) + ".");
            return MISTAKE;
        }
        CommandLine skim = new CommandLine(new Main());
        // Building the other commands' option tables would cost every start some tens of milliseconds.
        Supplier<Callable<Integer>> wanted = arguments.length == 0 ? null : COMMANDS.get(arguments[0]);
        if (wanted != null) {
            skim.addSubcommand(arguments[0], wanted.get());
        } else {
            COMMANDS.forEach((name, command) -> skim.addSubcommand(name, command.get()));
        }
        skim.setExpandAtFiles(false);
        skim.setCaseInsensitiveEnumValuesAllowed(true);
        // Help and version: picocli would show the stack of an output that fails.
        StringWriter help = new StringWriter();
        skim.setOut(new PrintWriter(help));
        skim.setParameterExceptionHandler((mistake, ignored) -> explain(mistake));
        skim.setExecutionExceptionHandler((failure, command, parsed) -> explain((Throwable) failure));
        int code = skim.execute(arguments);
        System.out.print(help);
        return code;
    }

    @Override
    public Integer call() {
        spec.commandLine().usage(System.out);
        return MISTAKE;
    }

    private static int explain(ParameterException mistake) {
        String command = mistake.getCommandLine().getCommandSpec().qualifiedName();
        String what = mistake.getMessage().strip().replaceAll("\\s+", " ").replaceAll("\\.$", "");
        System.err.println(what + "; `" + command + " --help` tells what there is.");
        return MISTAKE;
    }

    /** Says what went wrong; the exit code. */
    static int explain(Throwable failure) {
        if (failure instanceof Streams.OutputFailure output && output.isBrokenPipe()) {
            return BROKEN_PIPE;
        }
        if (failure instanceof ParameterException mistake) {
            return explain(mistake);
        }
        boolean debug = System.getenv("SKIM_DEBUG") != null;
        boolean mistake = true;
        String sentence;
        if (failure instanceof SkimException || failure instanceof GgufException || failure instanceof Streams.OutputFailure) {
            sentence = failure.getMessage();
        } else if (isOfMemory(failure)) {
            sentence = "The " + Runtime.getRuntime().maxMemory() / (1 << 20) + " MiB that Java may use are not enough: a smaller "
                    + "quantisation of the model, a shorter context (-c), --kv-type q8_0 or more memory (SKIM_JAVA_OPTS=-Xmx8g) "
                    + "helps.";
        } else {
            mistake = false;
            sentence = "Skim failed: " + failure + (debug ? "" : "; SKIM_DEBUG=1 shows where.");
        }
        System.err.println(Style.printable(sentence.endsWith(".") ? sentence : sentence + "."));
        if (debug) {
            failure.printStackTrace();
        }
        return mistake ? MISTAKE : INTERNAL;
    }

    /** Whether memory ran out, whatever has been made of that since. */
    private static boolean isOfMemory(Throwable failure) {
        return failure != null && (failure instanceof OutOfMemoryError || isOfMemory(failure.getCause()));
    }

    /** Says which Skim and which Java. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = Main.class.getPackage().getImplementationVersion();
            return new String[] {"skim " + (version == null ? "(unpacked)" : version) + ", Java " + Runtime.version()};
        }
    }
}
