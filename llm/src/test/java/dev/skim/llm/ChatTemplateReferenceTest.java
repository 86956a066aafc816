package dev.skim.llm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The templates of published models against what Jinja2 makes of them. */
class ChatTemplateReferenceTest {
    private static final Clock CLOCK = Clock.fixed(Instant.parse("2024-07-26T12:00:00Z"), ZoneOffset.UTC);

    /** One file: a template, and contexts with the text or the error that they must end in. */
    record Reference(String name, String template, List<Map<String, Object>> cases) {}

    static List<Reference> references() throws IOException {
        Path folder = Path.of(System.getProperty("skim.reference", "../../shared/reference")).resolve("templates");
        assumeTrue(Files.isDirectory(folder), "no reference templates at " + folder);
        List<Reference> references = new ArrayList<>();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.filter(f -> f.toString().endsWith(".json")).sorted().toList()) {
                references.add(read(file));
            }
        }
        return references;
    }

    @SuppressWarnings("unchecked")
    private static Reference read(Path file) throws IOException {
        Map<String, Object> json = new ObjectMapper().readValue(file.toFile(), Map.class);
        String name = file.getFileName().toString().replace(".json", "");
        return new Reference(name, (String) json.get("template"), (List<Map<String, Object>>) json.get("cases"));
    }

    @TestFactory
    @SuppressWarnings("unchecked")
    List<DynamicTest> everyCaseEndsAsInJinja2() throws IOException {
        List<DynamicTest> tests = new ArrayList<>();
        for (Reference reference : references()) {
            for (Map<String, Object> one : reference.cases()) {
                Map<String, Object> context = (Map<String, Object>) one.get("context");
                String output = (String) one.get("output");
                String error = (String) one.get("error");
                tests.add(DynamicTest.dynamicTest(reference.name() + " " + one.get("case"), () -> {
                    if (output != null) {
                        assertEquals(output, ChatTemplate.of(reference.template()).render(context, CLOCK));
                    } else {
                        ChatTemplate template = ChatTemplate.of(reference.template());
                        String message = assertThrows(SkimException.class, () -> template.render(context, CLOCK)).getMessage();
                        assertTrue(message.contains(error) && message.contains(" at line "), message);
                    }
                }));
            }
        }
        return tests;
    }

    /** The overload for conversations makes the same context as the cases have. */
    @Test
    @SuppressWarnings("unchecked")
    void messagesRenderAsTheirContextDoes() throws IOException {
        for (Reference reference : references()) {
            ChatTemplate template = ChatTemplate.of(reference.template());
            for (Map<String, Object> one : reference.cases()) {
                Map<String, Object> context = (Map<String, Object>) one.get("context");
                if (one.get("output") == null || context.containsKey("tools") || reference.template().contains("strftime_now")) {
                    continue;
                }
                List<ChatMessage> messages = ((List<Map<String, String>>) context.get("messages")).stream()
                        .map(m -> new ChatMessage(m.get("role"), m.get("content"))).toList();
                assertEquals(one.get("output"), template.render(messages, (String) context.get("bos_token"),
                        (String) context.get("eos_token"), (Boolean) context.get("add_generation_prompt")));
            }
        }
    }
}
