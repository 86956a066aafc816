package dev.skim.llm.cli;

import dev.skim.tensor.Kernels;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;
import jdk.incubator.vector.FloatVector;

/**
 * Why this Java computes slower than it could, and how to mend it. (Where the vector module is missing altogether the
 * launcher has said so already, and nothing runs.)
 *
 * @param vmName the property {@code java.vm.name}
 * @param vmInfo the property {@code java.vm.info}: how it compiles
 * @param x86 whether it is a processor of that family
 * @param vectorBits the widest vector that Java offers
 * @param avx2 whether the processor has AVX2, as far as is known
 * @param usedBits the width that the kernels use
 * @param options all that Java was started with, of which Java itself does not tell cheaply what became
 */
record SlowPath(
        String vmName, String vmInfo, boolean x86, int vectorBits, boolean avx2, int usedBits, String options) {
    private static final Pattern LOW_TIER = Pattern.compile("-XX:TieredStopAtLevel=[0-3]\\b");
    private static final Path PROCESSOR = Path.of("/proc/cpuinfo");

    /** This process. */
    static SlowPath here() {
        String architecture = System.getProperty("os.arch", "");
        return new SlowPath(
                System.getProperty("java.vm.name", ""),
                System.getProperty("java.vm.info", ""),
                architecture.equals("amd64") || architecture.equals("x86_64"),
                FloatVector.SPECIES_PREFERRED.vectorBitSize(),
                processor("flags").map(flags -> (" " + flags + " ").contains(" avx2 ")).orElse(true),
                Kernels.vectorBits(),
                startedWith());
    }

    private static String startedWith() {
        StringBuilder options = new StringBuilder();
        for (String name : new String[] {"JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS"}) {
            options.append(System.getenv().getOrDefault(name, "")).append(' ');
        }
        for (String argument : ProcessHandle.current().info().arguments().orElse(new String[0])) {
            if (!argument.startsWith("-")) {
                // The main class or the jar, or an option's value: what comes after may be a prompt.
                if (argument.endsWith("Launcher") || argument.endsWith("Main")) {
                    break;
                }
                continue;
            }
            options.append(argument).append(' ');
        }
        return options.toString();
    }

    /** Says it on standard error, where there is something to say. */
    static void warn() {
        here().sentence().ifPresent(sentence -> System.err.println("Warning: " + sentence));
    }

    /** The worst of what slows it down, in one sentence; empty where nothing does. */
    Optional<String> sentence() {
        if (vmInfo.startsWith("interpreted mode")) {
            return Optional.of("Java runs without its compilers, some hundred times slower: take -Xint out of SKIM_JAVA_OPTS "
                    + "and JAVA_TOOL_OPTIONS, or use a JDK that has HotSpot's compilers.");
        }
        if (vmInfo.contains("emulated-client") || vmName.contains("Client") || vmName.contains("Minimal")
                || vmName.contains("OpenJ9") || LOW_TIER.matcher(options).find()) {
            return Optional.of("this Java (" + vmName + ", " + vmInfo + ") runs without the C2 compiler, many times slower: take "
                    + "-XX:TieredStopAtLevel out of SKIM_JAVA_OPTS and JAVA_TOOL_OPTIONS, or use a JDK with HotSpot's server VM.");
        }
        if (vectorBits < 128 || options.contains("-XX:-EnableVectorSupport")) {
            return Optional.of("Java's vectors are switched off, so that it computes many times slower: take "
                    + "-XX:-EnableVectorSupport out of SKIM_JAVA_OPTS and JAVA_TOOL_OPTIONS.");
        }
        if (x86 && vectorBits < 256) {
            return Optional.of(avx2
                    ? "the processor has AVX2 but Java does not use it, some times slower: take -XX:UseAVX and "
                            + "-XX:MaxVectorSize out of SKIM_JAVA_OPTS and JAVA_TOOL_OPTIONS."
                    : "this processor has no AVX2, so that vectors of 128 bits are used, some times slower: another "
                            + "machine, or a virtual machine that passes AVX2 on, mends it.");
        }
        if (usedBits > vectorBits) {
            return Optional.of("-Dskim.width=" + usedBits + " forces vectors wider than the " + vectorBits
                    + " bits that Java offers here, many times slower: leave it out.");
        }
        return Optional.empty();
    }

    /** The first line of a name in Linux's description of the processor. */
    static Optional<String> processor(String name) {
        try (var lines = Files.lines(PROCESSOR, StandardCharsets.ISO_8859_1)) {
            return lines.filter(line -> line.startsWith(name) && line.substring(name.length()).strip().startsWith(":"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst();
        } catch (IOException | java.io.UncheckedIOException e) {
            return Optional.empty();
        }
    }
}
