package dev.skim.tests.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** --speculate on the command line. */
@Tag("commands")
class SpeculateCommandTest {
    @TempDir
    static Path folder;

    private static Path model;
    private Cli skim;

    @BeforeAll
    static void makeModel() throws IOException {
        Cli.jar();
        model = TinyModel.write(folder.resolve("tiny.gguf"), true);
    }

    @BeforeEach
    void prepare() {
        skim = new Cli(folder);
    }

    private JsonNode run(String... more) throws IOException {
        List<String> line = new ArrayList<>(
                List.of("run", "-m", model.toString(), "-p", "hello hello hello", "-n", "60", "--temp", "0", "--json"));
        line.addAll(Arrays.asList(more));
        return new ObjectMapper().readTree(skim.run(line.toArray(String[]::new)).expect(0).out());
    }

    @Test
    void theAnswerIsTheSameAndItsCostIsShown() throws IOException {
        JsonNode plain = run();
        assertEquals(0, plain.path("usage").path("drafted_tokens").asInt(-1));
        for (String[] options : new String[][] {{"--speculate"}, {"--speculate=3:lookup"}, {"--speculate", "3:draft:earlyexit:1"}}) {
            JsonNode speculated = run(options);
            assertEquals(plain.path("text"), speculated.path("text"));
            int drafted = speculated.path("usage").path("drafted_tokens").asInt(-1);
            int accepted = speculated.path("usage").path("accepted_tokens").asInt(-1);
            assertTrue(accepted >= 0 && accepted <= drafted, accepted + " of " + drafted);
            assertTrue(drafted > 0 || options.length == 1 && options[0].equals("--speculate"), "nothing drafted");
        }
    }

    @Test
    void theChatTellsHowItGoes() {
        Cli.Result result = skim.runWithInput(
                        "hello\n/stats\n/bye\n", "chat", "-m", model.toString(), "-n", "20", "--speculate", "2:draft:earlyexit:1")
                .expect(0);
        String all = result.out() + result.err();
        assertTrue(all.matches("(?s).*accepted \\d+ of \\d+ drafted.*"), all);
        assertTrue(all.contains("speculation is always on"), all);
    }

    @Test
    void whatIsNoWayToDraftIsRefused() {
        for (String how : List.of("lokup", "draft:earlyexit:x", "draft:shortgpt:1", "99:lookup")) {
            String sentence = skim.run("run", "-m", model.toString(), "-p", "a", "--speculate", how).sentence();
            assertTrue(sentence.contains(how.replaceFirst("^(draft|99):", "").split(":")[0]) || sentence.contains("99"), sentence);
        }
        String both = skim.run("run", "-m", model.toString(), "-p", "a", "--speculate", "--skip", "earlyexit:1").sentence();
        assertTrue(both.contains("draft:earlyexit:1"), both);
        String large = skim.run("run", "-m", model.toString(), "-p", "a", "--speculate", "draft:earlyexit:7").sentence();
        assertTrue(large.contains("7"), large);
    }

    @Test
    void benchMeasuresIt() throws IOException {
        JsonNode report = new ObjectMapper()
                .readTree(skim.run("bench", "-m", model.toString(), "-p", "0", "-n", "0", "-r", "1", "--speculate", "--json")
                        .expect(0)
                        .out());
        JsonNode part = report.path("speculation");
        assertEquals("lookup", part.path("drafting").asText());
        assertEquals(5, part.path("batches").size());
        assertEquals(2, part.path("texts").size());
        part.path("texts").forEach(text -> assertTrue(text.path("same").asBoolean() && text.path("speed").asDouble() > 0));
    }

    @Test
    void benchRefusesWhatCannotBeMeasuredBeforeItMeasures() {
        String one = skim.run("bench", "-m", model.toString(), "-p", "4096", "-n", "1", "--speculate").sentence();
        assertTrue(one.contains("2 generated tokens or more, not 1"), one);
        String large = skim.run("bench", "-m", model.toString(), "-p", "4096", "--speculate", "draft:earlyexit:7").sentence();
        assertTrue(large.contains("7"), large);
    }
}
