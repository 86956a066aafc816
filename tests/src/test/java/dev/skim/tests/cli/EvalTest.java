package dev.skim.tests.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** skim eval on a model that is made here. */
@Tag("commands")
class EvalTest {
    @TempDir
    static Path folder;

    private static Path model;
    private static Path text;
    private Cli skim;

    @BeforeAll
    static void makeModel() throws IOException {
        Cli.jar();
        model = TinyModel.write(folder.resolve("tiny.gguf"), true);
        text = Files.writeString(folder.resolve("text.txt"), "the quick brown fox jumps over the lazy dog. ".repeat(12));
    }

    @BeforeEach
    void prepare() {
        skim = new Cli(folder);
    }

    private Cli.Result eval(String... more) {
        List<String> arguments = new ArrayList<>(List.of(
                "eval", "-m", model.toString(), "-f", text.toString(), "--prompt-tokens", "64", "-n", "8", "-r", "2", "-w",
                "64", "--windows", "3", "--continuations", "2", "--continuation-tokens", "12"));
        arguments.addAll(Arrays.asList(more));
        return skim.run(arguments.toArray(String[]::new));
    }

    @Test
    void tableHasALineForEachPolicyAndNothingElseInAPipe() {
        Cli.Result result = eval("--skip", "earlyexit:1,earlyexit:1:decode").expect(0);
        assertEquals("", result.err());
        List<String> lines = result.out().lines().toList();
        assertTrue(lines.get(2).startsWith("none "), result.out());
        assertTrue(lines.get(3).startsWith("earlyexit:1 "), result.out());
        assertTrue(lines.get(3).contains(" 50.0 / 50.0 "), result.out());
        assertTrue(lines.get(4).startsWith("earlyexit:1:decode "), result.out());
        assertTrue(lines.get(4).contains(" 0.0 / 50.0 ") && lines.get(4).contains("*"), result.out());
        assertTrue(result.out().contains("\n* The policy leaves nothing out of prompts"), result.out());
    }

    @Test
    void keysAndValuesAreHeldAsAsked() throws IOException {
        JsonNode json = new ObjectMapper().readTree(eval("--skip", "none", "--kv-type", "f16", "--json").expect(0).out());
        JsonNode floats = new ObjectMapper().readTree(eval("--skip", "none", "--exact", "--json").expect(0).out());
        assertEquals("f16", json.path("kv_type").asText());
        assertEquals(false, json.path("exact").asBoolean(true));
        assertEquals(true, floats.path("exact").asBoolean());
        assertEquals(
                floats.path("policies").path(0).path("kv_bytes").asLong(),
                2 * json.path("policies").path(0).path("kv_bytes").asLong());
    }

    @Test
    void jsonAgreesWithPerplexityAndWithItself() throws IOException {
        JsonNode json = new ObjectMapper().readTree(
                eval("--skip", "none,earlyexit:1,earlyexit:1:decode", "--json").expect(0).out());
        JsonNode whole = json.path("policies").path(0);
        assertEquals(3, json.path("policies").size(), "the whole model stands there once");
        JsonNode alone = new ObjectMapper().readTree(
                skim.run("perplexity", "-m", model.toString(), "-f", text.toString(), "-w", "64", "--windows", "3", "--json")
                        .expect(0)
                        .out());
        assertEquals(1, alone.path("perplexity").asDouble() / whole.path("perplexity").asDouble(), 1e-9);
        assertEquals(1, whole.path("top1").asDouble());
        assertEquals(0, whole.path("kl").asDouble());
        assertEquals(1, whole.path("rouge_l").asDouble());
        assertTrue(json.path("dense_prompt").path("feed_forward_ms").asDouble() > 0);

        JsonNode exit = json.path("policies").path(1);
        assertEquals("prefill", exit.path("scored_as").asText());
        assertEquals(0.5, exit.path("prompt_work_left_out").asDouble(), 1e-9);
        assertTrue(exit.path("kl").asDouble() > 1e-4, exit::toString);
        assertEquals(whole.path("kv_bytes").asLong() / 2, exit.path("kv_bytes").asLong(), "half of the layers hold keys");
        assertTrue(exit.path("prompt_time_due").asDouble() > 0.05, exit::toString);

        JsonNode decode = json.path("policies").path(2);
        assertEquals("decode", decode.path("scored_as").asText());
        assertEquals(0, decode.path("prompt_work_left_out").asDouble());
        assertEquals(0.5, decode.path("generation_work_left_out").asDouble(), 1e-9);
        assertTrue(decode.path("kl").asDouble() > 1e-4, decode::toString);
    }

    @Test
    void sweepWritesCsvAndPictures() throws IOException {
        Path csv = folder.resolve("figures.csv");
        Path chart = folder.resolve("chart.svg");
        Path map = folder.resolve("map.png");
        Cli.Result result = eval(
                "--skip", "earlyexit,skipdecode::prefill,none", "--sweep", "50%", "--csv", csv.toString(), "--chart",
                chart.toString(), "--heatmap", map.toString()).expect(0);
        List<String> lines = Files.readAllLines(csv);
        assertTrue(lines.get(0).startsWith("policy,method,prompt_tokens_per_second,"), lines.get(0));
        assertEquals(
                List.of("none,none", "earlyexit:1,earlyexit", "skipdecode:1:prefill,skipdecode:prefill"),
                lines.stream().skip(1).map(line -> line.split(",")[0] + "," + line.split(",")[1]).toList());
        String svg = Files.readString(chart);
        assertTrue(svg.contains("</svg") && svg.contains(">earlyexit<"), svg);
        assertEquals("PNG", new String(Files.readAllBytes(map), 1, 3));
        assertTrue(result.out().lines().anyMatch(line -> line.matches("feed-forward +[ ░▒▓█]{4}")), result.out());
    }

    @Test
    void heatMapAloneMeasuresNothingElse() {
        Cli.Result result = skim.run(
                "eval", "-m", model.toString(), "-f", text.toString(), "-w", "64", "--heatmap").expect(0);
        assertTrue(result.out().strip().startsWith("layer"), result.out());
        assertFalse(result.out().contains("policy"), result.out());
    }

    @Test
    void sweepOfMethodsThatGoByAProfile() throws IOException {
        Path profile = folder.resolve("profile.json");
        Path calibration = Files.writeString(folder.resolve("long.txt"), "a stitch in time saves nine, they say. ".repeat(60));
        skim.run("calibrate", "-m", model.toString(), "-f", calibration.toString(), "--tokens", "1024", "--share", "25%", "--timed", "64",
                        "--out", profile.toString())
                .expect(0);
        Path csv = folder.resolve("sweep.csv");
        Cli.Result result = eval(
                "--skip", "adaskip,shortgpt,cost,patch", "--sweep", "50%", "--profile", profile.toString(), "--csv", csv.toString(), "--heatmap").expect(0);
        List<String> policies = Files.readAllLines(csv).stream().skip(1).map(line -> line.split(",")[0]).toList();
        assertEquals(List.of("none", "adaskip:n=2", "shortgpt:1", "cost:50%", "patch:25%"), policies);
        assertTrue(result.out().contains("importance, 1 - similarity"), result.out());
    }

    @Test
    void ratesAndScoresCanBeLeftOut() {
        Cli.Result result = skim.run(
                "eval", "-m", model.toString(), "-f", text.toString(), "-w", "64", "-r", "0", "--continuations", "0",
                "--skip", "earlyexit:1").expect(0);
        String line = result.out().lines().filter(l -> l.startsWith("earlyexit")).findFirst().orElseThrow();
        assertEquals("-", line.split(" +")[1], line);
        assertFalse(result.out().contains("NaN") || result.out().contains("ROUGE-L:"), result.out());
    }

    @Test
    void mistakesEndInOneSentence() {
        assertTrue(eval().sentence().contains("--skip"));
        assertTrue(eval("--skip", "earlyexit:1", "--chart", "a.pdf").sentence().contains(".svg"));
        assertTrue(eval("--skip", "earlyexit:1", "--csv", "none/a.csv").sentence().contains("none"));
        assertTrue(eval("--skip", "earlyexit:1", "--csv", "/").sentence().contains("is a folder"));
        assertTrue(eval("--skip", "earlyexit:2").sentence().contains("0 to 1"));
        assertTrue(eval("--skip", "hurry:2").sentence().contains("hurry"));
        assertTrue(eval("--skip", "earlyexit:1:hurry").sentence().contains("decode or both"));
        assertTrue(eval("--skip", "adaskip:n=1").sentence().contains("skim calibrate"));
        assertTrue(eval("--skip", "shortgpt:1").sentence().contains("skim calibrate"));
        assertTrue(eval("--skip", "earlyexit:1", "--profile", "none.json").sentence().contains("none.json"));
        assertTrue(eval("--skip", "earlyexit", "--sweep", "12").sentence().contains("percent"));
        assertTrue(skim.run("eval", "-m", model.toString(), "-p", "hello", "--skip", "earlyexit:1", "-w", "2")
                .sentence()
                .contains("window"));
        assertTrue(skim.run("eval", "-m", model.toString(), "-f", text.toString(), "--skip", "earlyexit:1")
                .sentence()
                .contains("longer"));
    }

    @Test
    void helpTellsWhereTheFiguresGo() {
        String help = skim.run("eval", "--help").expect(0).out();
        assertTrue(Stream.of("--skip", "--sweep", "--csv", "--chart", "--heatmap", "--json").allMatch(help::contains), help);
        assertTrue(help.contains("12%") || help.contains("25%"), help);
    }
}
