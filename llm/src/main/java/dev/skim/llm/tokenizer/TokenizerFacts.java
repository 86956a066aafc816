package dev.skim.llm.tokenizer;

import dev.skim.gguf.Metadata;
import dev.skim.llm.SkimException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What a file says about its tokenizer, unjudged: the keys {@code tokenizer.ggml.*}.
 *
 * @param model {@code gpt2} or {@code llama}
 * @param pre the pre-tokenizer's name, or empty
 * @param modelName {@code general.name}, or empty
 * @param tokens the texts
 * @param types the kinds, one a token; empty where the file has none
 * @param scores one a token; empty where the file has none
 * @param merges pairs with a space between, best first; empty where the file has none
 * @param addBos whether to add BOS, if the file says
 * @param addEos whether to add EOS, if the file says
 * @param addSpacePrefix whether text begins with a space, if the file says
 * @param specialIds the ids of {@code tokenizer.ggml.NAME_token_id}, by name
 */
public record TokenizerFacts(
        String model,
        String pre,
        String modelName,
        Strings tokens,
        int[] types,
        float[] scores,
        Strings merges,
        Optional<Boolean> addBos,
        Optional<Boolean> addEos,
        Optional<Boolean> addSpacePrefix,
        Map<String, Integer> specialIds) {

    private static final String PREFIX = "tokenizer.ggml.";
    private static final String ID_SUFFIX = "_token_id";

    /** Checks that the arrays fit each other. */
    public TokenizerFacts {
        checkLength("token_type", types.length, tokens.size());
        checkLength("scores", scores.length, tokens.size());
    }

    /**
     * Reads them.
     *
     * @throws SkimException where the file has no vocabulary, or arrays that do not fit each other
     */
    public static TokenizerFacts of(Metadata metadata) {
        Optional<String> model = metadata.string("tokenizer.ggml.model");
        if (model.isEmpty()) {
            throw new SkimException("The file has no tokenizer: the key tokenizer.ggml.model is missing.");
        }
        if (!metadata.keys().contains("tokenizer.ggml.tokens")) {
            throw new SkimException("The file has no vocabulary: the key tokenizer.ggml.tokens is missing.");
        }
        Map<String, Integer> ids = new HashMap<>();
        for (String key : metadata.keys()) {
            if (key.startsWith(PREFIX) && key.endsWith(ID_SUFFIX)) {
                long id = metadata.integer(key, -1);
                String name = key.substring(PREFIX.length(), key.length() - ID_SUFFIX.length());
                ids.put(name, (int) Math.min(Math.max(id, -1), Integer.MAX_VALUE));
            }
        }
        return new TokenizerFacts(
                model.get(),
                metadata.string("tokenizer.ggml.pre").orElse(""),
                metadata.string("general.name").orElse(""),
                Strings.of(metadata, "tokenizer.ggml.tokens"),
                metadata.integers("tokenizer.ggml.token_type").orElse(new int[0]),
                metadata.floats("tokenizer.ggml.scores").orElse(new float[0]),
                Strings.of(metadata, "tokenizer.ggml.merges"),
                flag(metadata, "tokenizer.ggml.add_bos_token"),
                flag(metadata, "tokenizer.ggml.add_eos_token"),
                flag(metadata, "tokenizer.ggml.add_space_prefix"),
                ids);
    }

    /** The id of a special token, or -1. */
    int id(String name) {
        return specialIds.getOrDefault(name, -1);
    }

    private static Optional<Boolean> flag(Metadata metadata, String key) {
        return metadata.value(key).isEmpty() ? Optional.empty() : Optional.of(metadata.bool(key, false));
    }

    private static void checkLength(String key, int found, int tokens) {
        if (found != 0 && found < tokens) {
            throw new SkimException("The key tokenizer.ggml." + key + " has " + found + " values for " + tokens
                    + " tokens; it must have one for each.");
        }
    }
}
