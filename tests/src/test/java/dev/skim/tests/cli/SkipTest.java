package dev.skim.tests.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.skim.gguf.GgufFile;
import dev.skim.gguf.GgufWriter;
import dev.skim.gguf.TensorInfo;
import dev.skim.gguf.TensorSource;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Calibration, and skipping with and without a profile, by the command line. */
@Tag("commands")
class SkipTest {
    @TempDir
    static Path folder;

    private static Path model;
    private static Path text;
    private static Path profile;
    private Cli skim;

    @BeforeAll
    static void calibrate() throws IOException {
        Cli.jar();
        model = TinyModel.write(folder.resolve("tiny.gguf"), true);
        text = Files.writeString(folder.resolve("text.txt"), "the quick brown fox jumps over the lazy dog. ".repeat(60));
        profile = folder.resolve("tiny.json");
        Cli.Result result = new Cli(folder).run(
                "calibrate", "-m", model.toString(), "-f", text.toString(), "-o", profile.toString(), "--share", "20%", "--timed",
                "64").expect(0);
        assertEquals("", result.err());
        assertTrue(result.out().contains("patch:20% leaves out "), result.out());
        assertTrue(result.out().contains("decode at 64 tokens: attention "), result.out());
    }

    @BeforeEach
    void prepare() {
        skim = new Cli(folder);
    }

    private Cli.Result run(String... more) {
        return skim.run(Stream.concat(
                        Stream.of("run", "-m", model.toString(), "-p", "hello", "-n", "12", "--temp", "0"), Stream.of(more))
                .toArray(String[]::new));
    }

    private JsonNode json(String... more) throws IOException {
        Cli.Result result = run(Stream.concat(Stream.of("--json"), Stream.of(more)).toArray(String[]::new)).expect(0);
        assertEquals("", result.err());
        return new ObjectMapper().readTree(result.out());
    }

    @Test
    void theReportTellsWhatWasLeftOut() throws IOException {
        JsonNode whole = json("--skip", "none");
        assertTrue(whole.path("skip").isMissingNode());
        assertEquals(whole.get("text"), json().get("text"));
        for (String spec : List.of("patch:20%", "cost:25%", "adaskip:n=1", "shortgpt:1")) {
            JsonNode skip = json("--skip", spec, "--profile", profile.toString()).get("skip");
            assertTrue(skip.get("policy").asText().startsWith(spec), skip.toString());
            assertTrue(skip.get("prompt_sublayers").asDouble() >= 1, skip.toString());
            assertEquals(skip.get("prompt_sublayers").asDouble(), skip.get("answer_sublayers").asDouble(), spec);
        }
        JsonNode decode = json("--skip", "earlyexit:1:decode").get("skip");
        assertEquals(0, decode.get("prompt_sublayers").asDouble());
        assertEquals(2, decode.get("answer_sublayers").asDouble());
    }

    @Test
    void withoutAProfileAdaSkipLearnsAndSaysSo() throws IOException {
        JsonNode skip = json("--skip", "adaskip:4/3").get("skip");
        assertTrue(skip.get("status").asText().contains("has no profile of this model and learns"), skip.toString());
        assertEquals(0, skip.get("answer_sublayers").asDouble());
        String refusal = skim.run("perplexity", "-m", model.toString(), "-f", text.toString(), "--skip", "adaskip:4/3")
                .sentence();
        assertTrue(refusal.contains("without a profile"), refusal);
    }

    @Test
    void perplexityAndBenchGoByThePolicyToo() throws IOException {
        for (String spec : List.of("shortgpt:1", "shortgpt:1:decode")) {
            JsonNode skip = new ObjectMapper()
                    .readTree(skim.run(
                                    "perplexity", "-m", model.toString(), "-f", text.toString(), "-w", "64", "--windows", "3",
                                    "--json", "--skip", spec, "--profile", profile.toString())
                            .expect(0)
                            .out())
                    .get("skip");
            assertEquals(2, skip.get("sublayers").asDouble(), spec);
            assertEquals(0.5, skip.get("work_left_out").asDouble(), 1e-12);
        }
        JsonNode tests = new ObjectMapper()
                .readTree(skim.run(
                                "bench", "-m", model.toString(), "-p", "64", "-n", "0", "-r", "1", "--no-warmup", "--json",
                                "--skip", "shortgpt:1", "--profile", profile.toString())
                        .expect(0)
                        .out())
                .get("skip");
        assertEquals("pp64", tests.get(0).get("test").asText());
        assertEquals(2, tests.get(0).get("sublayers").asDouble());
        assertTrue(tests.get(0).get("median").asDouble() > 0);
        assertTrue(tests.get(0).get("calibrated_time_of_what_was_left_out").asDouble() > 0.2, tests.toString());
    }

    /** In a chat the first turns of AdaSkip without a profile run whole; after them it skips and knows the dense rates. */
    @Test
    void aChatLearns() {
        String turn = "the quick brown fox jumps over the lazy dog and on and on ".repeat(5) + "\n";
        Cli.Result result = skim.runWithInput(
                        turn + turn + turn + "/stats\n", "chat", "-m", model.toString(), "-n", "12", "--temp", "0", "--skip",
                        "adaskip:n=1:offline")
                .expect(0);
        assertTrue(result.out().contains("(sublayers: 1.0 in the prompt, 1.0 in the answer) | time saved: "), result.out());
    }

    @Test
    void mistakesAreOneSentence() throws IOException {
        for (String spec : List.of("adaskip", "adaskip:0.5", "wild:3", "patch:20%", "shortgpt:2", "none:1",
                "earlyexit:1:sideways", "unified:x", "adaskip:n=-1", "")) {
            assertTrue(run("--skip", spec).sentence().startsWith("--skip " + spec + " cannot be: "), spec);
        }
        // Nobody waits for a model that is loaded in vain.
        assertTrue(skim.run("perplexity", "-m", "none.gguf", "-p", "a", "--skip", "shortgpt:two")
                .sentence()
                .startsWith("--skip shortgpt:two cannot be: "));
        assertEquals(
                "The profile none.json cannot be read: there is none.",
                skim.run("run", "-m", "none.gguf", "-p", "a", "--skip", "shortgpt:1", "--profile", "none.json").sentence());
        assertEquals(
                "The file none.txt cannot be read: there is none.",
                skim.run("calibrate", "-m", "none.gguf", "-f", "none.txt").sentence());
        String refusal = run("--skip", "patch:50%", "--profile", profile.toString()).sentence();
        assertTrue(refusal.contains("stand-ins for 20%, none for 50%"), refusal);
        assertTrue(run("--profile", profile.toString()).sentence().contains("--skip"));
        Path broken = Files.writeString(folder.resolve("broken.json"), Files.readString(profile).substring(0, 900));
        assertTrue(run("--skip", "shortgpt:1", "--profile", broken.toString()).sentence().contains("is not JSON"));
        refusal = skim.run("calibrate", "-m", model.toString(), "-f", text.toString(), "--share", "95%").sentence();
        assertTrue(refusal.contains("cannot save 95%"), refusal);
        Path brief = Files.writeString(folder.resolve("short.txt"), "too short");
        assertTrue(skim.run("calibrate", "-m", model.toString(), "-f", brief.toString()).sentence().contains("512"));
    }

    /** Before the model is loaded, and long before its profile is lost. */
    @Test
    void aPlaceWhereNoProfileCanGoIsSaidFirst() {
        String refusal = skim.run("calibrate", "-m", "none.gguf", "-o", folder.toString()).sentence();
        assertTrue(refusal.endsWith(" cannot be written: it is a folder."), refusal);
        refusal = skim.run("calibrate", "-m", "none.gguf", "-o", text + "/profile.json").sentence();
        assertTrue(refusal.contains("there is a file " + text + " already"), refusal);
    }

    @Test
    void aNameDoesNotSteerTheTerminal() throws IOException {
        Path odd = TinyModel.write(folder.resolve("odd.gguf"), true, writer -> writer.string("general.name", "\u001b[31mRed"));
        Cli.Result result = skim.run("calibrate", "-m", odd.toString(), "-f", text.toString(), "-o",
                folder.resolve("odd.json").toString(), "--share", "none", "--no-harms", "--timed", "0").expect(0);
        assertTrue(result.out().startsWith("The profile of \\u001b[31mRed is in "), result.out());
    }

    @Test
    void theProfileOfAnotherModelIsRefused() throws IOException {
        Path other = folder.resolve("other.gguf");
        try (GgufFile file = GgufFile.open(model); Arena arena = Arena.ofConfined()) {
            GgufWriter writer = GgufWriter.create().copy(file.metadata()).string("general.name", "Other");
            for (TensorInfo tensor : file.tensors()) {
                if (tensor.name().equals("blk.1.ffn_up.weight")) {
                    float[] changed = new float[(int) tensor.elements()];
                    writer.addTensor(tensor.name(), tensor.shape(), changed);
                } else {
                    writer.addTensor(
                            tensor.name(), tensor.type(), tensor.shape(), TensorSource.of(file.map(tensor, arena)));
                }
            }
            writer.write(other);
        }
        assertEquals(
                "The profile " + profile + " is that of Tiny, but this model is Other.",
                skim.run("run", "-m", other.toString(), "-p", "a", "--skip", "shortgpt:1", "--profile", profile.toString())
                        .sentence());
    }

    /** Without -f the model writes the text; without -o the profile goes where --skip finds it. */
    @Test
    void theCacheServesWhatWasCalibrated(@TempDir Path home) {
        Cli own = new Cli(home);
        assertTrue(own.run("run", "-m", model.toString(), "-p", "a", "-n", "1", "--skip", "shortgpt:1")
                .sentence()
                .contains("needs a profile"));
        own.run("calibrate", "-m", model.toString(), "--tokens", "1024", "--share", "none", "--no-harms",
                "--timed", "0").expect(0);
        own.run("run", "-m", model.toString(), "-p", "a", "-n", "1", "--skip", "shortgpt:1").expect(0);
    }
}
