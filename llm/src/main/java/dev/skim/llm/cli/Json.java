package dev.skim.llm.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.skim.llm.SkimException;
import java.io.UncheckedIOException;

/** JSON for people and scripts. Loading Jackson costs a start some 100 ms, so only what needs it comes here. */
final class Json {
    private static final ObjectMapper MAPPER = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    private Json() {}

    /** Maps, lists, strings, numbers and booleans as JSON over several lines. */
    static String of(Object value) {
        try {
            return MAPPER.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Parses a text; {@code origin} names it in the error. */
    static JsonNode parse(String text, String origin) {
        try {
            return MAPPER.readTree(text);
        } catch (JsonProcessingException e) {
            throw new SkimException(origin + " is not JSON: " + e.getOriginalMessage() + ".", e);
        }
    }
}
