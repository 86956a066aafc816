package dev.skim.llm.cli;

import dev.skim.llm.Model;
import dev.skim.llm.Session;
import dev.skim.llm.SessionOptions;
import dev.skim.skip.SkipPolicy;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** How a session is opened. */
final class SessionOptionsMixin {
    @Option(
            names = {"-c", "--ctx-size"},
            paramLabel = "N",
            description = "Positions of the context; what the model was trained for where not given.")
    private int contextLength;

    @Mixin
    private KvOptions kv;

    Session open(Model model) {
        return model.openSession(new SessionOptions(contextLength, SkipPolicy.NONE).withKvType(kv.type()));
    }
}
