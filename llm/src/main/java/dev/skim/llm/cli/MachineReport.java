package dev.skim.llm.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import jdk.incubator.vector.FloatVector;

/** What the machine offers to a model. */
final class MachineReport {
    private MachineReport() {}

    static Map<String, Object> make() {
        Map<String, Object> report = new LinkedHashMap<>();
        report.put("java", Runtime.version() + ", " + System.getProperty("java.vm.name"));
        report.put("system", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
        report.put("processors", Runtime.getRuntime().availableProcessors());
        report.put("heap", Runtime.getRuntime().maxMemory() / (1 << 20) + " MiB at most");
        report.put("vectors", FloatVector.SPECIES_PREFERRED.vectorBitSize() + " bit");
        return report;
    }
}
