package dev.skim.llm.cli;

import dev.skim.llm.SkimException;
import dev.skim.llm.storage.FileFailure;
import dev.skim.llm.storage.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;

/**
 * Fetches a file over HTTP into {@code NAME.part}, goes on where an earlier attempt broke off, checks size and sha256
 * where the server gives them (as Hugging Face does in X-Linked-Size and X-Linked-Etag), and only then gives it its name.
 */
final class Download {
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
    private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(30);
    /** So many requests in a row may bring nothing. */
    private static final int ATTEMPTS = 3;
    private static final int REDIRECTS = 10;

    private final HttpClient client;
    private final URI address;
    private final Path target;
    /** How long an answer, and each piece of it, may take. */
    private final Duration patience;
    /** The sum that the file must have, and its size; null and -1 while unknown. */
    private String sha256;
    private long size = -1;
    private boolean answered;

    /**
     * Prepares a download.
     *
     * @param sha256 what the file must have, in lower-case hexadecimal; null takes what the server names, if it does
     */
    Download(String address, Path target, String sha256, Map<String, String> environment) {
        this(address, target, sha256, environment, ANSWER_TIMEOUT);
    }

    Download(String address, Path target, String sha256, Map<String, String> environment, Duration patience) {
        this.patience = patience;
        this.address = uri(address);
        this.target = target;
        this.sha256 = sha256;
        // Redirects are followed by hand: what Hugging Face says of a file stands in the first answer.
        client = Proxies.configure(HttpClient.newBuilder(), environment)
                .connectTimeout(CONNECT_TIMEOUT)
                .followRedirects(HttpClient.Redirect.NEVER)
                .build();
    }

    /** The server cannot be reached, or does not give the file. */
    static final class Unreachable extends RuntimeException {
        private static final long serialVersionUID = 1;

        Unreachable(String sentence, Throwable cause) {
            super(sentence, cause);
        }
    }

    /** A failure of the connection that another attempt may not have; failures of the disk are plain IOExceptions. */
    private static final class BrokenOff extends IOException {
        private static final long serialVersionUID = 1;

        BrokenOff(String message) {
            super(message);
        }
    }

    /**
     * Fetches the file.
     *
     * @throws Unreachable where there is no connection, or the server refuses
     * @throws SkimException where what came is not what was promised, or the disk fails
     */
    void run() {
        Path part = target.resolveSibling(target.getFileName() + ".part");
        try {
            Files.createDirectories(target.getParent());
            try (FileChannel channel = FileChannel.open(
                            part, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
                    FileLock lock = lock(channel)) {
                fetch(part, channel);
            }
        } catch (IOException e) {
            throw new SkimException("The file " + target + " cannot be written: " + FileFailure.reason(e) + ".", e);
        }
    }

    /** The part is moved while it is locked, and another Skim may have done so between our opening and locking it. */
    private void fetch(Path part, FileChannel channel) throws IOException {
        try (ProgressBar bar = new ProgressBar(target.getFileName().toString())) {
            if (!Files.exists(target)) {
                fetch(channel, bar);
                Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
            }
        } finally {
            if (channel.size() == 0) {
                Files.deleteIfExists(part);
            }
        }
    }

    private FileLock lock(FileChannel channel) throws IOException {
        FileLock lock;
        try {
            lock = channel.tryLock();
        } catch (OverlappingFileLockException e) {
            lock = null;
        }
        if (lock == null) {
            throw new SkimException("Another Skim is fetching " + target + " just now.");
        }
        return lock;
    }

    private void fetch(FileChannel part, ProgressBar bar) throws IOException {
        boolean resumed = part.size() > 0;
        complete(part, bar);
        if (sha256 != null && !Sha256.of(part).equals(sha256) && resumed) {
            // What an earlier run left may have been of another version.
            part.truncate(0);
            complete(part, bar);
        }
        if (sha256 != null && !Sha256.of(part).equals(sha256)) {
            part.truncate(0);
            throw new SkimException("What was fetched as " + target.getFileName()
                    + " is not the file that was promised (its sha256 differs), so it was thrown away.");
        }
    }

    private void complete(FileChannel part, ProgressBar bar) throws IOException {
        int failures = 0;
        long furthest = part.size();
        while (true) {
            try {
                append(part, bar);
                return;
            } catch (BrokenOff e) {
                failures = part.size() > furthest ? 0 : failures + 1;
                furthest = Math.max(furthest, part.size());
                if (failures == ATTEMPTS) {
                    throw new SkimException("The download of " + target.getFileName() + " broke off after "
                            + part.size() + (size < 0 ? "" : " of " + size) + " bytes (" + e.getMessage()
                            + ")" + (sha256 == null ? "." : "; the same command goes on from there."));
                }
            }
        }
    }

    /** One request for what is missing. */
    private void append(FileChannel part, ProgressBar bar) throws IOException {
        if (part.size() > 0 && part.size() == size) {
            return;
        }
        if (size >= 0 && part.size() > size) {
            part.truncate(0);
        }
        HttpResponse<InputStream> response = request(part.size());
        try (InputStream body = response.body()) {
            int status = response.statusCode();
            if (status != 200 && status != 206 && status != 416) {
                // Says nothing of the file, so what has come of it stays.
                throw new BrokenOff("the server answered " + status);
            }
            String range = response.headers().firstValue("Content-Range").orElse("");
            boolean goesOn = status == 206 && range.startsWith("bytes " + part.size() + "-");
            if (goesOn && sha256 == null) {
                // Pieces of two versions of a file must not be put together.
                part.truncate(0);
                throw new BrokenOff("the server names no sha256");
            }
            if (status == 416 && range.equals("bytes */" + part.size())) {
                size = part.size();
                return;
            }
            if (!goesOn) {
                part.truncate(0);
                if (status != 200) {
                    throw new BrokenOff("the server answered " + status);
                }
            }
            long length = response.headers().firstValueAsLong("Content-Length").orElse(-1);
            if (size < 0 && length >= 0) {
                size = part.size() + length;
            }
            copy(body, part.position(part.size()), bar);
            if (size >= 0 && part.size() != size) {
                throw new BrokenOff("the connection ended");
            }
        }
    }

    private void copy(InputStream body, FileChannel part, ProgressBar bar) throws IOException {
        OutputStream out = Channels.newOutputStream(part);
        byte[] buffer = new byte[1 << 16];
        long start = System.nanoTime();
        long from = part.position();
        try (Watchdog watchdog = new Watchdog(body, patience)) {
            for (int count = watchdog.read(buffer); count >= 0; count = watchdog.read(buffer)) {
                out.write(buffer, 0, count);
                double rate = (part.position() - from) / Math.max((System.nanoTime() - start) / 1e9, 1e-3);
                double share = size <= 0 ? 0 : (double) part.position() / size;
                bar.draw(share, String.format(Locale.ROOT, "%.1f MB, %.1f MB/s", part.position() / 1e6, rate / 1e6));
            }
        }
    }

    /** Closes a body that brings nothing for too long: on JDK 25 a request's own time ends with the headers. */
    private static final class Watchdog implements AutoCloseable {
        private final InputStream body;
        private final long patience;
        private final Thread thread = Thread.ofVirtual().unstarted(this::watch);
        private volatile long fed = System.nanoTime();
        private volatile boolean closed;

        Watchdog(InputStream body, Duration patience) {
            this.body = body;
            this.patience = patience.toNanos();
            thread.start();
        }

        int read(byte[] buffer) throws BrokenOff {
            int count;
            try {
                count = body.read(buffer);
            } catch (IOException e) {
                throw new BrokenOff(closed ? "nothing came any more" : reason(e));
            }
            if (closed) {
                throw new BrokenOff("nothing came any more");
            }
            fed = System.nanoTime();
            return count;
        }

        private void watch() {
            try {
                for (long left = patience; left > 0; left = fed + patience - System.nanoTime()) {
                    Thread.sleep(Duration.ofNanos(left));
                }
                closed = true;
                body.close();
            } catch (InterruptedException | IOException e) {
                // All has come, or the body is closed already.
            }
        }

        @Override
        public void close() {
            thread.interrupt();
        }
    }

    /** Asks for the file from a byte on, through all redirects, and learns size and sum on the way. */
    private HttpResponse<InputStream> request(long from) throws BrokenOff {
        URI at = address;
        for (int hop = 0; hop <= REDIRECTS; hop++) {
            HttpRequest.Builder request = HttpRequest.newBuilder(at).timeout(patience);
            // Without a sum there is no going on; the first answer tells whether there is one.
            if (from > 0 && (sha256 != null || !answered)) {
                request.header("Range", "bytes=" + from + "-");
            }
            HttpResponse<InputStream> response = send(request.build());
            learn(response.headers());
            int status = response.statusCode();
            String location = response.headers().firstValue("Location").orElse(null);
            if (status / 100 != 3 || location == null) {
                if (status / 100 == 4 && status != 416) {
                    throw new Unreachable(refusal(status), null);
                }
                return response;
            }
            URI next = next(at, location);
            if ("https".equals(at.getScheme()) && !"https".equals(next.getScheme())) {
                throw new Unreachable(address + " leads away from https, to " + next + ".", null);
            }
            at = next;
        }
        throw new Unreachable(address + " is redirected more than " + REDIRECTS + " times.", null);
    }

    private URI next(URI at, String location) {
        try {
            URI next = at.resolve(location);
            if (isOfWeb(next)) {
                return next;
            }
        } catch (IllegalArgumentException e) {
            // The sentence below says it.
        }
        throw new Unreachable(address + " leads to " + location + ", which is no address of the web.", null);
    }

    private HttpResponse<InputStream> send(HttpRequest request) throws BrokenOff {
        try {
            HttpResponse<InputStream> response = client.send(request, BodyHandlers.ofInputStream());
            answered = true;
            return response;
        } catch (IOException e) {
            if (answered) {
                throw new BrokenOff(reason(e));
            }
            throw new Unreachable(request.uri().getHost() + " cannot be reached (" + reason(e) + ").", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SkimException("The download was interrupted.", e);
        }
    }

    /** Hugging Face's tag of a large file is its sha256; other tags are something else and of another length. */
    private void learn(HttpHeaders headers) {
        if (size < 0) {
            String named = headers.firstValue("X-Linked-Size").orElse("");
            size = named.matches("\\d{1,18}") ? Long.parseLong(named) : -1;
        }
        for (String name : new String[] {"X-Linked-Etag", "ETag"}) {
            String tag = headers.firstValue(name).orElse("").replaceAll("^W/|\"", "");
            if (sha256 == null && tag.matches("[0-9a-fA-F]{64}")) {
                sha256 = tag.toLowerCase(Locale.ROOT);
            }
        }
    }

    private String refusal(int status) {
        return switch (status) {
            case 404 -> "There is no " + address + ".";
            case 401, 403 -> "The server does not give out " + address + " without a login (status " + status + ").";
            default -> "The server answered " + status + " to " + address + ".";
        };
    }

    private static String reason(IOException e) {
        return switch (e) {
            case java.net.http.HttpTimeoutException timeout -> "no answer in time";
            case java.net.ConnectException refused -> "no connection";
            default -> e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        };
    }

    private static boolean isOfWeb(URI uri) {
        return uri.getHost() != null && ("https".equals(uri.getScheme()) || "http".equals(uri.getScheme()));
    }

    private static URI uri(String address) {
        try {
            URI uri = URI.create(address);
            if (isOfWeb(uri)) {
                return uri;
            }
        } catch (IllegalArgumentException e) {
            // The sentence below says it.
        }
        throw new SkimException("HF_ENDPOINT must be an address such as https://huggingface.co, which " + address
                + " does not begin with.");
    }
}
