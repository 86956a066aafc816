package dev.skim.llm.profile;

import dev.skim.llm.Model;
import dev.skim.llm.Sampling;
import dev.skim.llm.Session;
import dev.skim.llm.SessionOptions;
import dev.skim.llm.SkimException;
import dev.skim.llm.TokenListener;
import dev.skim.llm.storage.FileFailure;
import dev.skim.llm.storage.StrictText;
import dev.skim.skip.SkipPolicy;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleConsumer;

/**
 * Windows of tokens to calibrate on.
 *
 * @param windows all of one length
 * @param source where they are from, for people
 */
public record CalibrationText(List<int[]> windows, String source) {
    /** Files up to this size are read whole; of larger ones pieces all over the file are read. */
    private static final long WHOLE = 16 << 20;

    /** Bytes of a piece for each token of a window: more than any language takes of a fitting vocabulary. */
    private static final int BYTES_PER_TOKEN = 12;

    /**
     * Copies the list.
     *
     * @throws SkimException when there are no windows, or they are not of one length
     */
    public CalibrationText {
        windows = List.copyOf(windows);
        if (windows.stream().mapToInt(window -> window.length).distinct().count() != 1 || windows.getFirst().length == 0) {
            throw new SkimException("A text to calibrate on has at least one window, and its windows are of one length.");
        }
    }

    /** Tokens in all. */
    public int tokens() {
        return windows.stream().mapToInt(window -> window.length).sum();
    }

    /**
     * Takes windows of a text file, evenly spread over it; a large file is not read whole.
     *
     * @param length tokens of a window
     * @param count windows at most
     * @throws SkimException when the file cannot be read, is no UTF-8 text, or is shorter than one window
     */
    public static CalibrationText ofFile(Model model, Path file, int length, int count) {
        try {
            List<int[]> windows = Files.size(file) <= WHOLE
                    ? ofWhole(model, Files.readAllBytes(file), length, count)
                    : ofPieces(model, file, length, count);
            if (windows.isEmpty()) {
                throw new SkimException("The file " + file + " is too short to calibrate on: it must have at least " + length
                        + " tokens.");
            }
            return new CalibrationText(windows, file.getFileName().toString());
        } catch (CharacterCodingException e) {
            throw new SkimException("The file " + file + " is not UTF-8 text.", e);
        } catch (IOException e) {
            throw FileFailure.unreadable("The file " + file, e);
        }
    }

    private static List<int[]> ofWhole(Model model, byte[] bytes, int length, int count) throws CharacterCodingException {
        String text = StrictText.decode(ByteBuffer.wrap(bytes), StandardCharsets.UTF_8);
        int[] tokens = model.tokenizer().encode(text, false, false);
        int there = Math.min(count, tokens.length / length);
        List<int[]> windows = new ArrayList<>();
        for (int i = 0; i < there; i++) {
            int from = (int) ((tokens.length - length) * (long) i / Math.max(1, there - 1));
            windows.add(Arrays.copyOfRange(tokens, from, from + length));
        }
        return windows;
    }

    private static List<int[]> ofPieces(Model model, Path file, int length, int count) throws IOException {
        List<int[]> windows = new ArrayList<>();
        try (RandomAccessFile in = new RandomAccessFile(file.toFile(), "r")) {
            byte[] piece = new byte[length * BYTES_PER_TOKEN];
            for (int i = 0; i < count; i++) {
                in.seek((in.length() - piece.length) / Math.max(1, count - 1) * i);
                in.readFully(piece);
                String text = StrictText.decode(wholeCharacters(piece), StandardCharsets.UTF_8);
                // From the first word that is whole.
                int space = i == 0 ? 0 : Math.max(text.indexOf(' '), 0);
                int[] tokens = model.tokenizer().encode(text.substring(space), false, false);
                if (tokens.length > length) {
                    windows.add(Arrays.copyOf(tokens, length));
                }
            }
        }
        return windows;
    }

    /** A piece of UTF-8 without the rest of a character that it begins with, and without its last one. */
    private static ByteBuffer wholeCharacters(byte[] piece) {
        int from = 0;
        while (from < piece.length && continues(piece[from])) {
            from++;
        }
        int to = piece.length - 1;
        while (to > from && continues(piece[to])) {
            to--;
        }
        return ByteBuffer.wrap(piece, from, Math.max(0, to - from));
    }

    private static boolean continues(byte b) {
        return (b & 0xC0) == 0x80;
    }

    /**
     * Lets the model write windows itself, at temperature 1 without any cut, from its start token on.
     *
     * @param length tokens of a window
     */
    public static CalibrationText ofModel(Model model, int length, int count, DoubleConsumer progress) {
        int start = model.tokenizer().bos() >= 0 ? model.tokenizer().bos() : Math.max(0, model.tokenizer().eos());
        List<int[]> windows = new ArrayList<>();
        try (Session session = model.openSession(new SessionOptions(length, SkipPolicy.NONE))) {
            for (int w = 0; w < count; w++) {
                int[] window = {start};
                for (int seed = 0; window.length < length; seed++) {
                    Sampling sampling = new Sampling(1, 0, 1, 0, 1, 64, w * 1000L + seed);
                    // An answer that ends goes on behind its end token, as the model's training text did.
                    int[] more = session.generate(window, length - window.length, sampling, TokenListener.NONE).tokens();
                    int from = window.length;
                    window = Arrays.copyOf(window, from + more.length);
                    System.arraycopy(more, 0, window, from, more.length);
                }
                windows.add(window);
                progress.accept((w + 1.0) / count);
            }
        }
        return new CalibrationText(windows, "the model's own text");
    }
}
