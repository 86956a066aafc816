package dev.skim.llm.cli;

import dev.skim.tensor.ElementType;
import dev.skim.tensor.Kernels;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import jdk.incubator.vector.FloatVector;

/** What the machine offers to a model, and what Skim makes of it. */
final class MachineReport {
    /** The instructions that matter to the kernels, as Linux names them. */
    private static final List<String> FEATURES =
            List.of("sse4_2", "avx", "avx2", "fma", "f16c", "avx512f", "avx512bw", "avx512_vnni", "avx_vnni", "asimd", "sve");

    private MachineReport() {}

    static Map<String, Object> make() {
        Map<String, Object> report = new LinkedHashMap<>();
        report.put("cpu", processor());
        report.put("features", features());
        report.put("cores", cores());
        report.put("processors", Runtime.getRuntime().availableProcessors());
        report.put("vectors", FloatVector.SPECIES_PREFERRED.vectorBitSize() + " bit");
        report.put("kernels", kernels());
        report.put("java", Runtime.version() + ", " + System.getProperty("java.vm.name") + ", "
                + System.getProperty("java.vm.info"));
        report.put("java home", System.getProperty("java.home"));
        report.put("heap", Runtime.getRuntime().maxMemory() / (1 << 20) + " MiB at most");
        report.put("system", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
        report.put("slow path", SlowPath.here().sentence().orElse("none"));
        return report;
    }

    private static String processor() {
        return SlowPath.processor("model name")
                .or(() -> java.util.Optional.ofNullable(System.getenv("PROCESSOR_IDENTIFIER")))
                .orElse(System.getProperty("os.arch"));
    }

    private static String features() {
        String flags = " " + SlowPath.processor("flags").or(() -> SlowPath.processor("Features")).orElse("") + " ";
        String known = FEATURES.stream().filter(name -> flags.contains(" " + name + " ")).collect(Collectors.joining(" "));
        return known.isEmpty() ? "not known" : known;
    }

    /** Cores, of which each may be several processors: by the lists of processors that share one, on Linux. */
    private static Object cores() {
        try (Stream<Path> folders = Files.list(Path.of("/sys/devices/system/cpu"))) {
            long cores = folders.map(folder -> folder.resolve("topology/thread_siblings_list"))
                    .filter(Files::isReadable)
                    .map(MachineReport::text)
                    .distinct()
                    .count();
            return cores == 0 ? "not known" : cores;
        } catch (IOException e) {
            return "not known";
        }
    }

    private static String text(Path file) {
        try {
            return Files.readString(file, StandardCharsets.ISO_8859_1).strip();
        } catch (IOException e) {
            return "";
        }
    }

    private static String kernels() {
        return Kernels.vectorBits() + " bit" + (System.getProperty("skim.width") == null ? "" : " (forced by skim.width)")
                + "; interleaved in panels: " + types(Kernels::interleaves)
                + "; rounded unless --exact is given: " + types(Kernels::rounds)
                + "; expanded row by row: " + types(type -> !Kernels.interleaves(type));
    }

    private static String types(Predicate<ElementType> which) {
        return Arrays.stream(ElementType.values()).filter(which).map(ElementType::name).collect(Collectors.joining(" "));
    }
}
