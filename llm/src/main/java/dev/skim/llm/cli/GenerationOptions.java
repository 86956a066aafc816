package dev.skim.llm.cli;

import dev.skim.llm.Model;
import dev.skim.llm.Sampling;
import dev.skim.llm.SkimException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * How long an answer is and how its tokens are chosen. The defaults are those of llama.cpp, but where the model's makers
 * give advice that counts.
 */
final class GenerationOptions {
    @Option(
            names = {"-n", "--predict", "--n-predict"},
            paramLabel = "N",
            description = "Tokens to generate at most, 1 or more; -1, the default, goes on until the end.")
    private int maxTokens = -1;

    @Option(
            names = {"-s", "--seed"},
            paramLabel = "N",
            description = "Seed of the sampler; another one each time where not given.")
    private long seed = -1;

    @Option(
            names = {"--temp", "--temperature"},
            paramLabel = "X",
            description = "Temperature; 0 always takes the most likely token. Default: the model's own, else "
                    + "${DEFAULT-VALUE}.")
    private float temperature = 0.8f;

    @Option(
            names = "--top-k",
            paramLabel = "N",
            description = "Keep the N most likely tokens; 0 keeps all. Default: the model's own, else ${DEFAULT-VALUE}.")
    private int topK = 40;

    @Option(
            names = "--top-p",
            paramLabel = "X",
            description = "Keep the most likely tokens that reach this probability; 1 keeps all. Default: "
                    + "the model's own, else ${DEFAULT-VALUE}.")
    private float topP = 0.95f;

    @Option(
            names = "--min-p",
            paramLabel = "X",
            description = "Drop tokens below this share of the most likely one; 0 keeps all. Default: "
                    + "the model's own, else ${DEFAULT-VALUE}.")
    private float minP = 0.05f;

    @Option(
            names = "--repeat-penalty",
            paramLabel = "X",
            description = "Makes recent tokens less likely; 1 is off. Default: the model's own, else ${DEFAULT-VALUE}.")
    private float repeatPenalty = 1;

    @Option(
            names = "--repeat-last-n",
            paramLabel = "N",
            description = "How many tokens count as recent. Default: the model's own, else "
                    + "${DEFAULT-VALUE}.")
    private int repeatLastN = 64;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    /** Takes up the makers' advice for all that the user did not set. */
    void advise(Model model) {
        SamplingAdvice.of(model.file().metadata()).forEach((name, value) -> {
            if (!command.commandLine().getParseResult().hasMatchedOption("--" + name)) {
                try {
                    set(name, value);
                } catch (SkimException e) {
                    // A file's bad advice is none.
                }
            }
        });
    }

    int maxTokens() {
        return maxTokens;
    }

    /** The sampler's settings, checked, as the number of tokens is; without a seed each call draws one. */
    Sampling sampling() {
        if (maxTokens == 0) {
            throw new SkimException("The number of tokens to generate (-n) must be 1 or more, or -1 for no limit, not 0.");
        }
        long drawn = seed >= 0 ? seed : ThreadLocalRandom.current().nextLong(Long.MAX_VALUE);
        return new Sampling(temperature, topK, topP, minP, repeatPenalty, repeatLastN, drawn);
    }

    /** The settings by the names that {@link #set} takes. */
    Map<String, Number> settings() {
        Map<String, Number> settings = new LinkedHashMap<>();
        settings.put("predict", maxTokens);
        settings.put("seed", seed);
        settings.put("temp", temperature);
        settings.put("top-k", topK);
        settings.put("top-p", topP);
        settings.put("min-p", minP);
        settings.put("repeat-penalty", repeatPenalty);
        settings.put("repeat-last-n", repeatLastN);
        return settings;
    }

    /**
     * Changes a setting.
     *
     * @throws SkimException where there is none of the name, or the value is outside its range; nothing changes then
     */
    void set(String name, String value) {
        Map<String, Number> before = settings();
        try {
            assign(name, value);
            sampling();
        } catch (NumberFormatException e) {
            throw new SkimException("The setting " + name + " takes a number, not " + value + ".");
        } catch (SkimException e) {
            before.forEach((setting, old) -> assign(setting, old.toString()));
            throw e;
        }
    }

    /**
     * Changes several settings, all or none.
     *
     * @throws SkimException as {@link #set}; nothing changes then
     */
    void setAll(Map<String, String> changes) {
        Map<String, Number> before = settings();
        try {
            changes.forEach(this::set);
        } catch (SkimException e) {
            before.forEach((setting, old) -> assign(setting, old.toString()));
            throw e;
        }
    }

    private void assign(String name, String value) {
        switch (name) {
            case "predict", "n" -> maxTokens = Integer.parseInt(value);
            case "seed" -> seed = Long.parseLong(value);
            case "temp", "temperature" -> temperature = Float.parseFloat(value);
            case "top-k" -> topK = Integer.parseInt(value);
            case "top-p" -> topP = Float.parseFloat(value);
            case "min-p" -> minP = Float.parseFloat(value);
            case "repeat-penalty" -> repeatPenalty = Float.parseFloat(value);
            case "repeat-last-n" -> repeatLastN = Integer.parseInt(value);
            default -> throw new SkimException("There is no setting " + name + "; there are "
                    + String.join(", ", settings().keySet()) + ".");
        }
    }
}
