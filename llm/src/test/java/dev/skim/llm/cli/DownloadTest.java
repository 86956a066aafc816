package dev.skim.llm.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.skim.llm.SkimException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Downloads from a server on this machine that behaves as Hugging Face does, and worse. */
class DownloadTest {
    private static final byte[] CONTENT = new byte[300_000];

    static {
        new Random(1).nextBytes(CONTENT);
    }

    @TempDir
    Path folder;

    private HttpServer server;
    private final List<String> ranges = new ArrayList<>();
    private boolean namesSum = true;
    private int silentAfter;
    private boolean honoursRange = true;
    private int breaksOffAfter = Integer.MAX_VALUE;
    private int breaks;
    private int troubles;
    private String astray;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/owner/repo/resolve/main/model.gguf", this::redirect);
        server.createContext("/cdn/model.gguf", this::serve);
        server.createContext("/loop", exchange -> answer(exchange, 302, "Location", "/loop"));
        server.createContext("/astray", exchange -> answer(exchange, 302, "Location", astray));
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private void redirect(HttpExchange exchange) throws IOException {
        if (namesSum) {
            exchange.getResponseHeaders().set("X-Linked-Etag", "\"" + sum(CONTENT) + "\"");
            exchange.getResponseHeaders().set("X-Linked-Size", String.valueOf(CONTENT.length));
        }
        answer(exchange, 302, "Location", "/cdn/model.gguf");
    }

    /** Waits until all that was sent is in the part: Java's client drops what it has not handed out when a connection breaks off. */
    private void awaitPart(long size, FileTime before) throws IOException {
        for (int i = 0; i < 1000 && !(Files.exists(part()) && Files.size(part()) == size && !modified().equals(before)); i++) {
            try {
                Thread.sleep(1);
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
        }
    }

    private FileTime modified() throws IOException {
        return Files.exists(part()) ? Files.getLastModifiedTime(part()) : FileTime.fromMillis(0);
    }

    private static void answer(HttpExchange exchange, int status, String header, String value) throws IOException {
        exchange.getResponseHeaders().set(header, value);
        exchange.sendResponseHeaders(status, -1);
        exchange.close();
    }

    private void serve(HttpExchange exchange) throws IOException {
        String range = exchange.getRequestHeaders().getFirst("Range");
        ranges.add(String.valueOf(range));
        if (troubles > 0) {
            troubles--;
            answer(exchange, 503, "Retry-After", "1");
            return;
        }
        int from = range == null || !honoursRange ? 0 : Integer.parseInt(range.replaceAll("\\D", ""));
        if (from >= CONTENT.length) {
            answer(exchange, 416, "Content-Range", "bytes */" + CONTENT.length);
            return;
        }
        if (from > 0) {
            exchange.getResponseHeaders()
                    .set("Content-Range", "bytes " + from + "-" + (CONTENT.length - 1) + "/" + CONTENT.length);
        }
        exchange.sendResponseHeaders(from > 0 ? 206 : 200, CONTENT.length - from);
        int count = Math.min(CONTENT.length - from, breaksOffAfter);
        if (breaksOffAfter != Integer.MAX_VALUE && --breaks == 0) {
            breaksOffAfter = Integer.MAX_VALUE;
        }
        if (silentAfter > 0) {
            exchange.getResponseBody().write(CONTENT, from, silentAfter);
            exchange.getResponseBody().flush();
            silentAfter = 0;
            // Neither goes on nor ends.
            return;
        }
        FileTime before = modified();
        exchange.getResponseBody().write(CONTENT, from, count);
        exchange.getResponseBody().flush();
        if (count > 0 && from + count < CONTENT.length) {
            awaitPart(from + count, before);
        }
        exchange.close();
    }

    private static String sum(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (java.security.NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    private String address(String path) {
        return "http://127.0.0.1:" + server.getAddress().getPort() + path;
    }

    private Path target() {
        return folder.resolve("models/model.gguf");
    }

    private Path part() {
        return folder.resolve("models/model.gguf.part");
    }

    private void fetch(String sha256) {
        new Download(address("/owner/repo/resolve/main/model.gguf"), target(), sha256, Map.of()).run();
    }

    private void leavePart(byte[] bytes) throws IOException {
        Files.createDirectories(part().getParent());
        Files.write(part(), bytes);
    }

    private void assertComplete() throws IOException {
        assertArrayEquals(CONTENT, Files.readAllBytes(target()));
        assertFalse(Files.exists(part()));
    }

    @Test
    void followsRedirectsAndChecksTheSum() throws IOException {
        fetch(null);
        assertComplete();
        assertEquals(List.of("null"), ranges);
    }

    @Test
    void goesOnWhereAnEarlierRunBrokeOff() throws IOException {
        leavePart(Arrays.copyOf(CONTENT, 100_000));
        fetch(null);
        assertComplete();
        assertEquals(List.of("bytes=100000-"), ranges);
    }

    @Test
    void startsAnewWhereTheEarlierPartWasOfAnotherFile() throws IOException {
        leavePart(new byte[100_000]);
        fetch(null);
        assertComplete();
        assertEquals(List.of("bytes=100000-", "null"), ranges);
    }

    @Test
    void startsAnewWhereTheServerKnowsNoRanges() throws IOException {
        honoursRange = false;
        leavePart(Arrays.copyOf(CONTENT, 100_000));
        fetch(null);
        assertComplete();
    }

    @Test
    void startsAnewWhereNoSumWouldCatchAMixture() throws IOException {
        namesSum = false;
        leavePart(new byte[100_000]);
        fetch(null);
        assertComplete();
    }

    /** Each break throws away what came, as nothing tells that the rest would be of the same file. */
    @Test
    void withoutASumAServerThatKeepsBreakingOffIsGivenUp() {
        namesSum = false;
        breaksOffAfter = 70_000;
        breaks = 1000;
        SkimException failure = assertThrows(SkimException.class, () -> fetch(null));
        assertTrue(failure.getMessage().contains("broke off after 70000 of 300000 bytes"), failure.getMessage());
        assertEquals(List.of("null", "null", "null", "null"), ranges);
    }

    @Test
    void aConnectionThatFallsSilentIsTakenUpAgain() throws IOException {
        silentAfter = 70_000;
        new Download(
                        address("/owner/repo/resolve/main/model.gguf"), target(), null, Map.of(), Duration.ofSeconds(2))
                .run();
        assertComplete();
        assertEquals(List.of("null", "bytes=70000-"), ranges);
    }

    @Test
    void whatAnotherFetchedMeanwhileStays() throws IOException {
        Files.createDirectories(target().getParent());
        Files.write(target(), CONTENT);
        fetch(null);
        assertComplete();
        assertEquals(List.of(), ranges);
    }

    @Test
    void aWholePartIsOnlyChecked() throws IOException {
        leavePart(CONTENT);
        fetch(sum(CONTENT));
        assertComplete();
    }

    @Test
    void aPartThatIsTooLongIsThrownAway() throws IOException {
        leavePart(Arrays.copyOf(CONTENT, CONTENT.length + 5));
        fetch(null);
        assertComplete();
    }

    @Test
    void aConnectionThatBreaksOffIsTakenUpAgain() throws IOException {
        breaksOffAfter = 70_000;
        breaks = 3;
        fetch(null);
        assertComplete();
        assertTrue(ranges.size() >= 4, ranges.toString());
    }

    @Test
    void aConnectionThatBringsNothingMoreIsGivenUpAndThePartStays() throws IOException {
        leavePart(Arrays.copyOf(CONTENT, 1000));
        breaksOffAfter = 0;
        breaks = 1000;
        SkimException failure = assertThrows(SkimException.class, () -> fetch(null));
        assertTrue(failure.getMessage().contains("broke off after 1000 of 300000 bytes"), failure.getMessage());
        assertEquals(1000, Files.size(part()));
        assertFalse(Files.exists(target()));
    }

    @Test
    void aServerInTroubleCostsNothingOfThePart() throws IOException {
        leavePart(Arrays.copyOf(CONTENT, 100_000));
        troubles = 3;
        SkimException failure = assertThrows(SkimException.class, () -> fetch(null));
        assertTrue(
                failure.getMessage().contains("broke off after 100000 of 300000 bytes (the server answered 503)"),
                failure.getMessage());
        assertEquals(100_000, Files.size(part()));
        troubles = 2;
        ranges.clear();
        fetch(null);
        assertComplete();
        assertEquals(List.of("bytes=100000-", "bytes=100000-", "bytes=100000-"), ranges);
    }

    @Test
    void anotherFileThanPromisedIsThrownAway() {
        SkimException failure = assertThrows(SkimException.class, () -> fetch("0".repeat(64)));
        assertTrue(failure.getMessage().contains("sha256"), failure.getMessage());
        assertFalse(Files.exists(target()));
        assertFalse(Files.exists(part()));
    }

    @Test
    void whatIsNotThereIsSaid() {
        Download.Unreachable failure = assertThrows(
                Download.Unreachable.class,
                () -> new Download(address("/owner/repo/resolve/main/other.gguf"), target(), null, Map.of()).run());
        assertTrue(failure.getMessage().startsWith("There is no http://127.0.0.1"), failure.getMessage());
        assertFalse(Files.exists(part()));
    }

    @Test
    void redirectsWithoutEndEnd() {
        Download.Unreachable failure = assertThrows(
                Download.Unreachable.class, () -> new Download(address("/loop"), target(), null, Map.of()).run());
        assertTrue(failure.getMessage().contains("redirected more than"), failure.getMessage());
    }

    @Test
    void redirectsToWhatIsNoAddressAreSaid() {
        for (String location : List.of("ftp://127.0.0.1/model.gguf", "http://a b/", "http:///model.gguf", "mailto:a@b.c")) {
            astray = location;
            Download.Unreachable failure = assertThrows(
                    Download.Unreachable.class, () -> new Download(address("/astray"), target(), null, Map.of()).run());
            assertTrue(failure.getMessage().endsWith("/astray leads to " + location + ", which is no address of the web."),
                    failure.getMessage());
        }
    }

    @Test
    void aServerThatIsNotThereIsSaid() {
        server.stop(0);
        Download.Unreachable failure = assertThrows(Download.Unreachable.class, () -> fetch(null));
        assertTrue(failure.getMessage().startsWith("127.0.0.1 cannot be reached"), failure.getMessage());
    }

    @Test
    void theProxyOfTheEnvironmentIsUsedAndItsExceptionsAreNot() throws IOException {
        String proxy = "http://127.0.0.1:" + server.getAddress().getPort();
        Map<String, String> environment = Map.of("http_proxy", proxy);
        // The server stands for the proxy: it is asked for a host that does not exist.
        new Download("http://nowhere.invalid/cdn/model.gguf", target(), sum(CONTENT), environment).run();
        assertComplete();
        Files.delete(target());
        Map<String, String> exempt = Map.of("HTTP_PROXY", proxy, "NO_PROXY", "other.invalid, .invalid");
        assertThrows(
                Download.Unreachable.class,
                () -> new Download("http://nowhere.invalid/cdn/model.gguf", target(), null, exempt).run());
    }
}
