package dev.skim.launcher;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.lang.reflect.InvocationTargetException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The main class of the jar. Compiled for Java 8 and free of vector imports, so that every Java can run it: it starts a
 * fit Java with the options of /skim.jvm, in which it calls the command line.
 */
public final class Launcher {
    private static final int NEEDED = 25;
    private static final String MAIN = "dev.skim.llm.cli.Main";
    private static final String VECTOR_MODULE = "jdk.incubator.vector";
    /** With so many processors at most Java has one thread for each of its two compilers. */
    private static final int FEW_PROCESSORS = 3;
    private static final Pattern COLLECTOR = Pattern.compile("-XX:\\+Use(G1|Parallel|Z|Shenandoah|Epsilon)GC");
    /** Set by the options in /skim.jvm: this process was started by a launcher or by the script. */
    private static final boolean LAUNCHED = Boolean.getBoolean("skim.launched");

    private Launcher() {}

    /** Starts Skim; the arguments are those of its command line. */
    public static void main(String[] arguments) {
        String[] real = Arguments.received(arguments);
        if (Jdk.running() < NEEDED) {
            File java = Jdk.find(NEEDED);
            if (java == null) {
                fail("Skim needs Java " + NEEDED + " or newer, but this is Java " + Jdk.running()
                        + " and no other was found: install a JDK " + NEEDED + ", or set JAVA_HOME to one.");
            }
            relaunch(java, options(), real);
        } else if (LAUNCHED && hasVectorModule()) {
            callMain(real);
        } else if (!imageHasVectorModule()) {
            fail("The Java in " + System.getProperty("java.home") + " lacks the module " + VECTOR_MODULE
                    + ": use a whole JDK " + NEEDED + " or newer.");
        } else if (!LAUNCHED) {
            relaunch(Jdk.current(), options(), real);
        } else if (loadVectorModule()) {
            callMain(real);
        } else {
            List<String> plain = options();
            plain.add("--add-modules=" + VECTOR_MODULE);
            relaunch(Jdk.current(), plain, real);
        }
    }

    private static void callMain(String[] arguments) {
        try {
            Class.forName(MAIN).getMethod("main", String[].class).invoke(null, (Object) arguments);
        } catch (InvocationTargetException e) {
            throw new IllegalStateException(e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private static boolean hasVectorModule() {
        try {
            Class.forName("jdk.incubator.vector.Vector", false, Launcher.class.getClassLoader());
            return true;
        } catch (ClassNotFoundException e) {
            return false;
        }
    }

    private static boolean imageHasVectorModule() {
        try (InputStream descriptor = new URL("jrt:/" + VECTOR_MODULE + "/module-info.class").openStream()) {
            return descriptor.read() >= 0;
        } catch (IOException e) {
            return false;
        }
    }

    /**
     * Adds the vector module to the running Java, the way the JDK itself adds java.instrument. It may stop working in
     * any later JDK; then a Java with --add-modules is started, which does the same and prints a warning.
     */
    private static boolean loadVectorModule() {
        try {
            Class.forName("jdk.internal.module.Modules")
                    .getMethod("loadModule", String.class)
                    .invoke(null, VECTOR_MODULE);
            return hasVectorModule();
        } catch (ReflectiveOperationException | RuntimeException | LinkageError e) {
            return false;
        }
    }

    private static List<String> options() {
        List<String> options = fileOptions(
                Paths.get("/proc/sys/vm/overcommit_memory"), Runtime.getRuntime().availableProcessors());
        if (namesCollector(System.getenv())) {
            options.add("-XX:-UseSerialGC");
        }
        String extra = System.getenv("SKIM_JAVA_OPTS");
        if (extra != null && !extra.trim().isEmpty()) {
            Collections.addAll(options, extra.trim().split("\\s+"));
        }
        return options;
    }

    /**
     * The options in /skim.jvm. Where Linux counts memory as used when it is asked for, the room that they ask for in advance
     * may be more than there is left, and Java would not start: there it is not asked for. With so few processors that Java would
     * have a single thread for its optimising compiler, it gets two, so that two kernels are compiled at a time.
     */
    static List<String> fileOptions(Path overcommit, int processors) {
        List<String> options = new ArrayList<>();
        try (BufferedReader reader = new BufferedReader(
                new InputStreamReader(Launcher.class.getResourceAsStream("/skim.jvm"), StandardCharsets.US_ASCII))) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                if (!line.isEmpty() && !line.startsWith("#")) {
                    options.add(line);
                }
            }
        } catch (IOException e) {
            throw new IllegalStateException("the jar cannot be read", e);
        }
        try {
            if (new String(Files.readAllBytes(overcommit), StandardCharsets.US_ASCII).trim().equals("2")) {
                options.add("-XX:InitialRAMPercentage=1");
            }
        } catch (IOException e) {
            // No Linux, or none that tells.
        }
        if (processors <= FEW_PROCESSORS) {
            options.add("-XX:CICompilerCount=3");
        }
        return options;
    }

    /** Whether the user's options for Java name a garbage collector: with that of /skim.jvm Java would not start. */
    static boolean namesCollector(Map<String, String> environment) {
        for (String name : Arrays.asList("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS", "SKIM_JAVA_OPTS")) {
            String value = environment.get(name);
            if (value != null && COLLECTOR.matcher(value).find()) {
                return true;
            }
        }
        return false;
    }

    private static void relaunch(File java, List<String> options, String[] arguments) {
        List<String> command = new ArrayList<>();
        command.add(java.getPath());
        command.addAll(options);
        command.addAll(Arrays.asList("-cp", System.getProperty("java.class.path")));
        command.addAll(Arguments.passedOn(Launcher.class.getName(), arguments));
        ProcessBuilder builder = new ProcessBuilder(command).inheritIO();
        Arguments.useUnicodeLocale(builder.environment(), System.getProperty("sun.jnu.encoding", "UTF-8"));
        try {
            System.exit(Child.run(builder));
        } catch (IOException e) {
            fail("Java could not be started: " + e.getMessage() + ".");
        }
    }

    private static void fail(String sentence) {
        System.err.println(sentence);
        System.exit(2);
    }
}
