package dev.skim.llm.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code skim pull}: fetches a model into the cache and prints where it is. */
@Command(
        name = "pull",
        mixinStandardHelpOptions = true,
        description = "Fetches a model into the cache and prints its path.")
final class PullCommand implements Callable<Integer> {
    @Parameters(
            arity = "0..1",
            paramLabel = "MODEL",
            description = "hf:owner/repo/file.gguf; SmolLM2-135M-Instruct where not given.")
    private String model;

    @Override
    public Integer call() {
        System.out.println(ModelStore.ofUser().pull(model));
        return 0;
    }
}
