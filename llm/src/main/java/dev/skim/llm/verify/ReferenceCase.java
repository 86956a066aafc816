package dev.skim.llm.verify;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skim.llm.SkimException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * One prompt with what the reference computed for it.
 *
 * @param vocabulary elements of a row
 * @param tokens the prompt
 * @param greedy the tokens that follow when the largest logit is taken each time
 * @param margins the first minus the second logit at each greedy step; empty where the rows must give them
 * @param argmax the largest logit's token after each prompt token; empty where not recorded
 * @param logProbabilities of each next prompt token; empty where not recorded
 * @param positions of the recorded rows: p is the output after token p of prompt and greedy tokens, ascending
 * @param rows the file of the rows, little-endian f32
 * @param probabilities whether the rows are probabilities, not logits
 */
record ReferenceCase(
        String name,
        int vocabulary,
        int[] tokens,
        int[] greedy,
        double[] margins,
        int[] argmax,
        double[] logProbabilities,
        int[] positions,
        Path rows,
        boolean probabilities) {

    /**
     * Checks that the parts fit together.
     *
     * @throws SkimException when they do not
     */
    ReferenceCase {
        int words = vocabulary;
        String fault = tokens.length == 0 || greedy.length == 0
                ? "it has " + tokens.length + " prompt and " + greedy.length + " greedy tokens, and needs both"
                : !IntStream.concat(Arrays.stream(tokens), Arrays.stream(greedy)).allMatch(t -> t >= 0 && t < words)
                ? "a token lies outside its vocabulary of " + vocabulary
                : margins.length > 0 && margins.length < greedy.length
                ? "it has " + margins.length + " margins for " + greedy.length + " greedy tokens"
                : argmax.length > tokens.length || logProbabilities.length >= tokens.length
                ? "it has " + argmax.length + " largest logits and " + logProbabilities.length
                        + " log-probabilities, too many for a prompt of " + tokens.length + " tokens"
                : null;
        if (fault != null) {
            throw new SkimException("The reference's case " + name + " cannot be used: " + fault + ".");
        }
    }

    /** Reads a folder with {@code cases.json}, or the JSON file of one small model. */
    static List<ReferenceCase> read(Path reference) {
        boolean folder = Files.isDirectory(reference);
        Path json = folder ? reference.resolve("cases.json") : reference;
        try {
            JsonNode root = new ObjectMapper().readTree(json.toFile());
            if (!folder) {
                return List.of(small(json, root));
            }
            List<ReferenceCase> cases = new ArrayList<>();
            for (JsonNode node : field(json, root, "cases")) {
                cases.add(large(reference, json, node, field(json, root, "vocab").asInt()));
            }
            return cases;
        } catch (JsonProcessingException fault) {
            throw new SkimException(json + " is not JSON: " + fault.getOriginalMessage() + ".", fault);
        } catch (IOException fault) {
            throw new SkimException(reference
                    + " is no reference: a folder with cases.json is accepted, or the JSON file of one model.", fault);
        }
    }

    private static ReferenceCase large(Path folder, Path json, JsonNode node, int vocabulary) {
        String name = field(json, node, "name").asText();
        return new ReferenceCase(
                name,
                vocabulary,
                integers(field(json, node, "tokens")),
                integers(field(json, node, "greedy")),
                numbers(field(json, node, "greedy_margins")),
                integers(field(json, node, "argmax")),
                numbers(field(json, node, "next_token_logprob")),
                integers(field(json, node, "logits_positions")),
                folder.resolve("logits").resolve(name + ".f32"),
                false);
    }

    private static ReferenceCase small(Path json, JsonNode node) {
        int[] tokens = integers(field(json, node, "tokens"));
        int[] greedy = integers(field(json, node, "greedy"));
        boolean probabilities = node.has("probabilities");
        String rows = field(json, node, probabilities ? "probabilities" : "logits").asText();
        return new ReferenceCase(
                json.getFileName().toString().replaceFirst("\\.json$", ""),
                field(json, node, "vocab").asInt(),
                tokens,
                greedy,
                new double[0],
                new int[0],
                new double[0],
                IntStream.range(0, tokens.length + greedy.length - 1).toArray(),
                json.resolveSibling(rows),
                probabilities);
    }

    private static JsonNode field(Path json, JsonNode node, String name) {
        JsonNode value = node.get(name);
        if (value == null) {
            throw new SkimException(json + " is no reference: it lacks \"" + name + "\".");
        }
        return value;
    }

    private static int[] integers(JsonNode array) {
        return IntStream.range(0, array.size()).map(i -> array.get(i).asInt()).toArray();
    }

    private static double[] numbers(JsonNode array) {
        return IntStream.range(0, array.size()).mapToDouble(i -> array.get(i).asDouble()).toArray();
    }

    /** Prompt and greedy tokens. */
    int[] all() {
        int[] all = Arrays.copyOf(tokens, tokens.length + greedy.length);
        System.arraycopy(greedy, 0, all, tokens.length, greedy.length);
        return all;
    }

    /** The recorded rows, one for each of the positions. */
    float[][] readRows() {
        try {
            byte[] bytes = Files.readAllBytes(rows);
            if (bytes.length != (long) positions.length * vocabulary * Float.BYTES) {
                throw new SkimException(rows + " holds " + bytes.length + " bytes, but " + positions.length + " rows of "
                        + vocabulary + " numbers are needed.");
            }
            float[][] read = new float[positions.length][vocabulary];
            ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
            for (int row = 0; row < read.length; row++) {
                buffer.asFloatBuffer().get(row * vocabulary, read[row]);
            }
            return read;
        } catch (IOException fault) {
            throw new SkimException(rows + ", which belongs to the reference, cannot be read.", fault);
        }
    }
}
