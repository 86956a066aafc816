package dev.skim.llm.cli;

import dev.skim.gguf.GgufFile;
import dev.skim.gguf.Metadata;
import dev.skim.gguf.TensorInfo;
import dev.skim.llm.SkimException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code skim inspect}: what stands in a GGUF file, or what the machine has. */
@Command(
        name = "inspect",
        mixinStandardHelpOptions = true,
        description = "Prints the metadata and the tensors of a GGUF file, or what the machine offers.")
final class InspectCommand implements Callable<Integer> {
    /** Longer arrays and texts are abridged for people; --json has them whole. */
    private static final int ARRAY_SHOWN = 6;
    private static final int TEXT_SHOWN = 120;

    @Parameters(arity = "0..1", paramLabel = "MODEL", description = "A GGUF file or hf:owner/repo/file.gguf.")
    private String file;

    @Option(names = {"-m", "--model"}, paramLabel = "MODEL", description = "The same.")
    private String model;

    @Option(names = "--machine", description = "Report processors, vector width and kernels instead.")
    private boolean machine;

    @Option(names = "--json", description = "Print JSON, with arrays and texts whole.")
    private boolean json;

    @Override
    public Integer call() {
        if (machine) {
            if (file != null || model != null) {
                throw new SkimException("A model and --machine do not go together: they are two reports.");
            }
            Map<String, Object> report = MachineReport.make();
            if (json) {
                System.out.println(Json.of(report));
            } else {
                report.forEach((name, value) -> System.out.printf("%-12s %s%n", name, value));
            }
            return 0;
        }
        if (file != null && model != null) {
            throw new SkimException("Both -m and the argument name a file; give one of them.");
        }
        Path path = ModelStore.ofUser().resolve(file != null ? file : model);
        try (GgufFile gguf = GgufFile.open(path)) {
            if (json) {
                System.out.println(Json.of(describe(gguf)));
            } else {
                print(gguf);
            }
        }
        return 0;
    }

    private static void print(GgufFile gguf) {
        Metadata metadata = gguf.metadata();
        List<TensorInfo> tensors = gguf.tensors();
        System.out.printf(
                Locale.ROOT,
                "%s%nGGUF version %d, %,d bytes, %d keys, %d tensors, %,d elements%n%nMETADATA%n",
                gguf.path(),
                gguf.version(),
                gguf.size(),
                metadata.keys().size(),
                tensors.size(),
                tensors.stream().mapToLong(TensorInfo::elements).sum());
        int keyWidth = metadata.keys().stream().mapToInt(String::length).max().orElse(0);
        for (String key : metadata.keys()) {
            System.out.printf(
                    "  %-" + Math.max(1, keyWidth) + "s  %-12s  %s%n",
                    Style.printable(key),
                    metadata.typeName(key),
                    abridged(metadata.value(key).orElseThrow()));
        }
        System.out.printf("%nTENSORS%n");
        int nameWidth = tensors.stream().mapToInt(t -> t.name().length()).max().orElse(0);
        for (TensorInfo tensor : tensors) {
            System.out.printf(
                    Locale.ROOT,
                    "  %-" + Math.max(1, nameWidth) + "s  %-8s  %-20s  %,15d bytes%n",
                    Style.printable(tensor.name()),
                    tensor.type(),
                    tensor.shape().stream().map(String::valueOf).collect(Collectors.joining(" x ")),
                    tensor.bytes());
        }
    }

    private static String abridged(Object value) {
        if (value instanceof String text) {
            String shown = Style.printable(text);
            return shown.length() <= TEXT_SHOWN
                    ? shown
                    : shown.substring(0, TEXT_SHOWN) + "... (" + text.length() + " characters)";
        }
        if (value instanceof List<?> list) {
            String shown = list.stream()
                    .limit(ARRAY_SHOWN)
                    .map(InspectCommand::abridged)
                    .collect(Collectors.joining(", "));
            return "[" + shown + (list.size() <= ARRAY_SHOWN ? "]" : ", ... (" + list.size() + " entries)]");
        }
        return String.valueOf(value);
    }

    private static Map<String, Object> describe(GgufFile gguf) {
        Map<String, Object> metadata = new LinkedHashMap<>();
        for (String key : gguf.metadata().keys()) {
            metadata.put(key, gguf.metadata().value(key).orElseThrow());
        }
        List<Map<String, Object>> tensors = new ArrayList<>();
        for (TensorInfo tensor : gguf.tensors()) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("name", tensor.name());
            entry.put("type", tensor.type().name());
            entry.put("shape", tensor.shape());
            entry.put("bytes", tensor.bytes());
            tensors.add(entry);
        }
        Map<String, Object> whole = new LinkedHashMap<>();
        whole.put("path", gguf.path().toString());
        whole.put("version", gguf.version());
        whole.put("bytes", gguf.size());
        whole.put("metadata", metadata);
        whole.put("tensors", tensors);
        return whole;
    }
}
