package dev.skim.tests.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands, each in a process of its own, on a model that is made here. */
@Tag("commands")
class CommandLineTest {
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

    private static JsonNode json(String text) throws IOException {
        return new ObjectMapper().readTree(text);
    }

    @Test
    void runPrintsOnlyTheText() {
        Cli.Result whole = skim.run("run", "-m", model.toString(), "-p", "hello", "-n", "12", "--temp", "0").expect(0);
        assertTrue(whole.out().matches("[a-z]{12}\n"), whole.out());
        assertEquals("", whole.err());
        assertEquals(
                whole.out(),
                skim.runWithInput("hello\n", "run", "-m", model.toString(), "-n", "12", "--temp", "0").out(),
                "the prompt may come from standard input");
    }

    @Test
    void runTakesTextsInAnyScriptInAnyLocale() throws IOException {
        List<String> tokens = new ArrayList<>();
        for (String locale : List.of("C", "C.UTF-8")) {
            Cli.Result result = skim.launched()
                    .with("LC_ALL", locale)
                    .run("tokenize", "--ids", "-m", model.toString(), "-p", "Grüße 你好 🙂");
            tokens.add(result.expect(0).out());
        }
        assertEquals(tokens.get(0), tokens.get(1));
        assertEquals("Grüße 你好 🙂".getBytes(java.nio.charset.StandardCharsets.UTF_8).length,
                tokens.get(0).strip().split(" ").length);
    }

    @Test
    void runRawTakesTheTextAsItIs() throws IOException {
        String[] options = {"run", "-m", model.toString(), "-p", "abc", "-n", "3", "--temp", "0", "--json"};
        JsonNode chat = json(skim.run(options).expect(0).out());
        List<String> raw = new ArrayList<>(List.of(options));
        raw.add("--raw");
        JsonNode plain = json(skim.run(raw.toArray(String[]::new)).expect(0).out());
        assertEquals(3, plain.path("usage").path("prompt_tokens").asInt());
        // A control token stands where < and > are.
        assertEquals("<user:abc><assistant:".length(), chat.path("usage").path("prompt_tokens").asInt());
        assertEquals("length", plain.path("stop").asText());
    }

    @Test
    void theSameSeedGivesTheSameTextAndAnotherAnother() {
        String[] options = {"run", "-m", model.toString(), "-p", "hello", "-n", "40", "--temp", "5", "--top-k", "0", "-s"};
        List<String> texts = new ArrayList<>();
        for (String seed : new String[] {"1", "1", "2"}) {
            List<String> all = new ArrayList<>(List.of(options));
            all.add(seed);
            texts.add(skim.run(all.toArray(String[]::new)).expect(0).out());
        }
        assertEquals(texts.get(0), texts.get(1));
        assertFalse(texts.get(0).equals(texts.get(2)));
    }

    @Test
    void chatThroughPipesTakesLinesAsTurns() throws IOException {
        Path saved = folder.resolve("saved.json");
        String input = "hello\n\"\"\"two\nlines\"\"\"\n/set predict 4\nthree\n/save " + saved + "\n/bye\nnot read\n";
        Cli.Result result = skim.runWithInput(input, "chat", "-m", model.toString(), "-n", "8", "--temp", "0", "-sys", "S");
        assertEquals(List.of(8, 8, 4), result.expect(0).out().lines().map(String::length).toList());
        JsonNode messages = json(Files.readString(saved)).path("messages");
        assertEquals(7, messages.size());
        assertEquals("S", messages.get(0).path("content").asText());
        assertEquals("two\nlines", messages.get(3).path("content").asText());

        String next = "/load " + saved + "\nfour\n/save " + saved + "\n";
        Cli.Result again = skim.runWithInput(next, "chat", "-m", model.toString(), "--temp", "0");
        assertEquals(4, again.expect(0).out().strip().length(), "the settings are loaded too");
        assertEquals(9, json(Files.readString(saved)).path("messages").size());
    }

    @Test
    void aFullContextDropsTheOldestTurnsAndTheChatGoesOn() {
        String input = "one one one\ntwo two two\nthree three\nfour four\nfive\n/stats\n/clear\n/stats\n";
        Cli.Result result = skim.runWithInput(
                input, "chat", "-m", model.toString(), "-n", "20", "-c", "120", "--temp", "0", "-sys", "S");
        List<String> lines = result.expect(0).out().lines().toList();
        assertTrue(lines.subList(0, 5).stream().allMatch(line -> line.matches("[a-z]{20}")), result.out());
        assertTrue(lines.get(6).matches("all 5 turns: .* [1-9] turns dropped"), result.out());
        assertEquals(lines.get(6), lines.get(9), "what was is not undone by forgetting the conversation");
    }

    @Test
    void theKvCacheIsHeldAsAskedFor() throws IOException {
        // Two layers, a key-value head of 16 dimensions; a value's take the room of 32.
        for (String[] type : new String[][] {{"f32", "384"}, {"f16", "192"}, {"q8_0", "104"}}) {
            Cli.Result chat = skim.runWithInput(
                    "hello\n/stats\n", "chat", "-m", model.toString(), "-n", "5", "--kv-type", type[0]);
            String last = chat.expect(0).out().lines().toList().getLast();
            assertTrue(last.matches("KV cache: 0.0 MB in " + type[0] + ", " + type[1] + " bytes a token"), last);
        }
        Cli.Result wrong = skim.run("run", "-m", model.toString(), "-p", "a", "--kv-type", "q4_0").expect(2);
        assertTrue(wrong.err().matches("(?s).*--kv-type.*F32, F16, Q8_0.*q4_0.*"), wrong.err());
        assertEquals(1, wrong.err().lines().count());

        Path text = Files.writeString(folder.resolve("text.txt"), "some words to foresee ".repeat(20));
        List<Double> perplexities = new ArrayList<>();
        for (String type : List.of("f32", "f16", "q8_0")) {
            JsonNode json = json(skim.run(
                            "perplexity", "-m", model.toString(), "-f", text.toString(), "-w", "200", "--json", "--kv-type", type)
                    .expect(0).out());
            assertEquals(type, json.path("kv_type").asText());
            perplexities.add(json.path("perplexity").asDouble());
        }
        assertEquals(3, perplexities.stream().distinct().count(), "rounding is seen: " + perplexities);
        assertEquals(perplexities.get(0), perplexities.get(2), 0.05 * perplexities.get(0));

        JsonNode bench = json(skim.run(
                        "bench", "-m", model.toString(), "-p", "8", "-n", "4", "-d", "0,70", "-r", "1", "--no-warmup", "--kv-type", "F16",
                        "--json")
                .expect(0).out());
        assertEquals("f16", bench.path("kvType").asText());
        assertEquals(0, bench.path("tests").path(0).path("warmUps").asInt(-1));
        assertEquals(
                List.of("pp8", "tg4", "pp8 @ d70", "tg4 @ d70"),
                bench.path("tests").valueStream().map(test -> test.path("test").asText()).toList());
    }

    @Test
    void chatMistakesAreSaidAndTheChatGoesOn() {
        Cli.Result result = skim.runWithInput(
                "/nothing\n/load none.json\n/set temp -1\n/set x 1\n/save\nhello\n",
                "chat", "-m", model.toString(), "-n", "5", "--temp", "0");
        assertEquals(5, result.expect(0).out().strip().length());
        assertEquals(5, result.err().lines().count(), result.err());
    }

    @Test
    void aConversationThatIsRefusedChangesNothing() throws IOException {
        Path saved = Files.writeString(
                folder.resolve("refused.json"),
                "{\"settings\": {\"top-k\": 7, \"temp\": -1, \"\\u001b[31m\": 1}, \"messages\": []}");
        Cli.Result result = skim.runWithInput("/set\n/load " + saved + "\n/set\n", "chat", "-m", model.toString()).expect(0);
        List<String> lines = result.out().lines().toList();
        assertEquals(lines.subList(0, lines.size() / 2), lines.subList(lines.size() / 2, lines.size()));
        assertTrue(result.err().contains("temp"), result.err());
        Files.writeString(saved, "{\"settings\": {\"\\u001b[31m\": 1}, \"messages\": []}");
        String refusal = skim.runWithInput("/load " + saved + "\n", "chat", "-m", model.toString()).expect(0).err();
        assertTrue(refusal.contains("There is no setting \\u001b[31m"), refusal);
    }

    @Test
    void inspectShowsMetadataAndTensors() throws IOException {
        String text = skim.run("inspect", model.toString()).expect(0).out();
        assertTrue(text.contains("llama.block_count"), text);
        assertTrue(text.contains("(258 entries)]"), text);
        assertTrue(text.matches("(?s).*blk\\.1\\.ffn_down\\.weight +F32 +64 x 32 +8,192 bytes.*"), text);
        JsonNode json = json(skim.run("inspect", "--json", "-m", model.toString()).expect(0).out());
        assertEquals(258, json.path("metadata").path("tokenizer.ggml.tokens").size());
        assertEquals(21, json.path("tensors").size());
        String machine = skim.run("inspect", "--machine").expect(0).out();
        assertTrue(machine.matches("(?s)cpu +\\S.*cores +\\d.*vectors +\\d+ bit.*kernels +\\d+ bit; .*Q4_0.*slow path .*"), machine);
        assertTrue(json(skim.run("inspect", "--machine", "--json").expect(0).out()).has("kernels"));
    }

    @Test
    void perplexityGivesRunningValues() throws IOException {
        Path text = Files.writeString(folder.resolve("text.txt"), "It was the best of times. ".repeat(20));
        Cli.Result plain = skim.run("perplexity", "-m", model.toString(), "-f", text.toString(), "-w", "64", "--windows", "3");
        assertEquals(4, plain.expect(0).out().lines().count(), plain.out());
        assertEquals("", plain.err());
        JsonNode json = json(
                skim.run("perplexity", "-m", model.toString(), "-f", text.toString(), "-w", "64", "--json").expect(0).out());
        assertEquals(8, json.path("running").size());
        assertEquals(json.path("perplexity").asDouble(), json.path("running").get(7).asDouble());
        assertTrue(json.path("perplexity").asDouble() > 1);
    }

    @Test
    void mistakesAreOneSentence() throws IOException {
        Path text = Files.writeString(folder.resolve("notes.gguf"), "this is no model");
        Path noTemplate = TinyModel.write(folder.resolve("base.gguf"), false);
        assertTrue(skim.run("run", "-m", "none.gguf", "-p", "x").sentence().startsWith("There is no file none.gguf"));
        assertTrue(skim.run("run", "-m", text.toString(), "-p", "x").sentence().contains("GGUF"));
        assertTrue(skim.run("run", "--nothing").sentence().contains("--nothing"));
        assertTrue(skim.run("fly").sentence().startsWith("There is no command fly; there are chat, run"));
        assertTrue(skim.run("run", "-m", model.toString(), "-p", "").sentence().contains("empty"));
        assertTrue(skim.run("run", "-m", model.toString(), "-p", "x", "--top-p", "2").sentence().contains("top-p"));
        assertTrue(skim.run("run", "-m", model.toString(), "-p", "x", "-n", "many").sentence().contains("many"));
        assertTrue(skim.run("run", "-m", model.toString(), "-p", "x", "-n", "0").sentence().contains("1 or more"));
        assertTrue(skim.run("inspect", "--machine", model.toString()).sentence().contains("--machine"));
        assertTrue(new Cli(folder).with("SKIM_JAVA_OPTS", "-Dskim.width=300")
                .run("run", "-m", model.toString(), "-p", "x")
                .sentence()
                .startsWith("The property skim.width must be 128, 256 or 512, not 300"));
        assertTrue(skim.run("chat", "-m", noTemplate.toString()).sentence().contains("chat template"));
        assertTrue(skim.run("run", "-m", model.toString(), "-f", "none.txt").sentence().contains("none.txt"));
        assertTrue(skim.run("run", "-m", model.toString(), "-p", "too long", "-c", "10").sentence().contains("10"));
        assertTrue(skim.run("verify", "-m", model.toString(), "nowhere").sentence().contains("nowhere"));
    }

    @Test
    void doubtsAboutAModelAreSaidOnceBesideTheText() throws IOException {
        Path odd = TinyModel.write(folder.resolve("odd.gguf"), true, writer -> writer
                .string("tokenizer.ggml.pre", "nobody-\u001b[31mknows"));
        for (String[] command : new String[][] {{"run", "-n", "3"}, {"tokenize"}}) {
            List<String> line = new ArrayList<>(List.of(command));
            line.addAll(List.of("-m", odd.toString(), "-p", "hello"));
            Cli.Result result = skim.run(line.toArray(String[]::new)).expect(0);
            assertEquals(1, result.err().lines().count(), result.err());
            assertTrue(result.err().contains("nobody-\\u001b[31mknows"), result.err());
        }
        assertTrue(skim.run("run", "-m", model.toString(), "-p", "x", "-n", "1", "-c", "100001").expect(0).err()
                .startsWith("Warning: the context of 100001 tokens is longer than the 100000"));
    }

    @Test
    void aSlowPathIsSaidInOneLine() throws IOException {
        for (String option : List.of("-Xint", "-XX:TieredStopAtLevel=1", "-XX:-EnableVectorSupport", "-XX:UseAVX=1")) {
            if (option.contains("AVX") && !System.getProperty("os.arch").equals("amd64")) {
                continue;
            }
            Cli.Result result = new Cli(folder).with("SKIM_JAVA_OPTS", "-Xmx512m " + option)
                    .run("run", "-m", model.toString(), "-p", "x", "-n", "2")
                    .expect(0);
            assertTrue(result.out().matches("[a-z]{2}\n"), result.out());
            assertEquals(1, result.err().lines().count(), result.err());
            assertTrue(result.err().contains(option.replaceAll("=.*", "")), result.err());
        }
    }

    @Test
    void theMakersAdviceCountsWhereTheUserSetsNothing() throws IOException {
        Path advised = TinyModel.write(folder.resolve("advised.gguf"), true, writer -> writer
                .f32("general.sampling.temp", 0.25f)
                .u32("general.sampling.top_k", 7)
                .f32("general.sampling.top_p", 9));
        String settings = skim.runWithInput("/set\n", "chat", "-m", advised.toString(), "--top-k", "9").expect(0).out();
        assertTrue(settings.matches("(?s).*temp +0\\.25\n.*top-k +9\n.*top-p +0\\.95\n.*"), settings);
    }

    @Test
    void withoutModelNetworkAndPipOneSentenceSaysWhatToDo() {
        Cli.Result result = skim.with("PATH", "/nowhere").run("run", "-p", "x").expect(2);
        List<String> lines = result.err().lines().toList();
        assertEquals(
                "No model could be fetched (no pip was found): connect to the internet, or give a GGUF file by -m.",
                lines.get(lines.size() - 1));
    }

    @Test
    void whoBreaksOffAFetchFindsNothingLeftBehind(@TempDir Path home) throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/bin/sh")), "needs /bin/sh to stand in for pip");
        Path pip = Files.writeString(home.resolve("pip3"), "#!/bin/sh\necho > \"$7\"/some; exec sleep 60\n");
        assertTrue(pip.toFile().setExecutable(true));
        Process process = new Cli(home).with("PATH", home + ":/usr/bin:/bin").prepare("pull").start();
        Path models = home.resolve("cache/skim/models");
        for (int i = 0; i < 600 && files(models).noneMatch(file -> file.endsWith("some")); i++) {
            Thread.sleep(100);
        }
        assertTrue(files(models).anyMatch(file -> file.endsWith("some")), "nothing was begun");
        process.destroy();
        assertTrue(process.waitFor(20, TimeUnit.SECONDS));
        assertEquals(List.of(), files(models).filter(file -> file.toString().contains("pip")).toList());
    }

    private static Stream<Path> files(Path folder) throws IOException {
        return Files.isDirectory(folder) ? Files.walk(folder) : Stream.of();
    }

    @Test
    void aReaderThatGoesAwayEndsItQuietly() throws Exception {
        Path err = folder.resolve("pipe.err");
        Process process = skim.prepare("run", "-m", model.toString(), "-p", "x", "--temp", "0")
                .redirectError(err.toFile())
                .start();
        process.getOutputStream().close();
        try (InputStream out = process.getInputStream()) {
            assertTrue(out.read() >= 'a');
        }
        assertTrue(process.waitFor(60, TimeUnit.SECONDS), "it goes on although nobody reads");
        assertEquals(141, process.exitValue());
        assertEquals("", Files.readString(err));
    }

    @Test
    void aFullDiskIsSaid() throws Exception {
        Path full = Path.of("/dev/full");
        assumeTrue(Files.isWritable(full), "needs /dev/full");
        Path err = folder.resolve("full.err");
        for (String[] command : new String[][] {{"run", "--help"}, {"inspect", "--machine"}}) {
            Process process = skim.prepare(command).redirectOutput(full.toFile()).redirectError(err.toFile()).start();
            assertTrue(process.waitFor(60, TimeUnit.SECONDS));
            assertEquals(2, process.exitValue());
            assertEquals("Standard output cannot be written: No space left on device.\n", Files.readString(err));
        }
    }

    @Test
    void whoKillsTheLauncherKillsItAll() throws Exception {
        Process process = skim.launched().prepare("chat", "-m", model.toString()).start();
        process.getOutputStream().write("hi\n".getBytes(java.nio.charset.StandardCharsets.UTF_8));
        process.getOutputStream().flush();
        assertTrue(process.getInputStream().read() >= 0);
        List<ProcessHandle> children = process.descendants().toList();
        assertEquals(1, children.size());
        process.destroy();
        children.get(0).onExit().get(20, TimeUnit.SECONDS);
        assertTrue(process.waitFor(20, TimeUnit.SECONDS));
    }

    @Test
    void anOlderJavaFindsOneThatIsFitOrSaysSo() throws IOException {
        Path old = olderJava();
        Cli.Result result = skim.launched(old).with("JAVA_HOME", System.getProperty("java.home")).run("--version");
        assertTrue(result.expect(0).out().contains("Java " + Runtime.version().feature()), result.out());
    }

    private static Path olderJava() throws IOException {
        Path folder = Path.of("/usr/lib/jvm");
        assumeTrue(Files.isDirectory(folder), "no folder of JDKs");
        try (Stream<Path> homes = Files.list(folder)) {
            var old = homes.filter(home -> home.getFileName().toString().matches(".*\\b(8|11|17|21)\\b.*"))
                    .map(home -> home.resolve("bin/java"))
                    .filter(Files::isExecutable)
                    .findFirst();
            assumeTrue(old.isPresent(), "no older Java is installed");
            return old.get();
        }
    }
}
