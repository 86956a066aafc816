package dev.skim.llm.cli;

import dev.skim.nn.KvType;
import picocli.CommandLine.Option;

/** How the KV cache is held. */
final class KvOptions {
    @Option(
            names = "--kv-type",
            paramLabel = "TYPE",
            description = "How keys and values are held: f32, f16 (half the memory) or q8_0 (a quarter). Default: "
                    + "${DEFAULT-VALUE}.")
    private KvType type = KvType.F32;

    KvType type() {
        return type;
    }
}
