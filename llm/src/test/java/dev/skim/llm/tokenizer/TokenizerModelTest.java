package dev.skim.llm.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.skim.llm.SkimException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

/** Small vocabularies made here, against plain definitions of both algorithms. */
class TokenizerModelTest {
    private static final String CONTROL = "<|im_end|>";

    /** A byte-level vocabulary: the control token, all bytes, a user-defined one, and what random merges make. */
    private static final class Bytes {
        final List<String> tokens = new ArrayList<>();
        final List<String> merges = new ArrayList<>();
        final int[] types;
        final TokenizerModel model;

        Bytes(long seed, String pre) {
            tokens.add(CONTROL);
            for (int b = 0; b < 256; b++) {
                tokens.add(String.valueOf(ByteAlphabet.character(b)));
            }
            Random random = new Random(seed);
            String frequent = "aabbcdst'0123456789 \n<|im_end|>";
            while (merges.size() < 300) {
                String left = random.nextInt(3) == 0 ? letter(frequent, random) : tokens.get(1 + random.nextInt(tokens.size() - 1));
                String right = random.nextInt(2) == 0 ? letter(frequent, random) : tokens.get(1 + random.nextInt(tokens.size() - 1));
                String merged = left + right;
                if (merged.length() > 12 || tokens.contains(merged) || merged.equals(CONTROL)) {
                    continue;
                }
                merges.add(left + " " + right);
                tokens.add(merged);
            }
            // The text of the control token can be merged whole, and still must not become it.
            for (int i = 1; i < CONTROL.length(); i++) {
                merges.add(CONTROL.substring(0, i) + " " + CONTROL.charAt(i));
            }
            tokens.add("\u00f5\u00df user");
            types = new int[tokens.size()];
            Arrays.fill(types, TokenType.NORMAL);
            types[0] = TokenType.CONTROL;
            types[types.length - 1] = TokenType.USER_DEFINED;
            model = new TokenizerModel(facts("gpt2", pre, tokens, types, new float[0], merges, Map.of("eos", 0), ""));
        }

        private static String letter(String frequent, Random random) {
            return String.valueOf(ByteAlphabet.character(frequent.charAt(random.nextInt(frequent.length()))));
        }

        /** The definition: merge the pair that stands earliest in the list, leftmost first, string by string. */
        List<Integer> naive(String piece) {
            Map<String, Integer> ranks = new HashMap<>();
            for (int i = 0; i < merges.size(); i++) {
                ranks.putIfAbsent(merges.get(i), i);
            }
            List<String> symbols = new ArrayList<>();
            for (byte b : piece.getBytes(StandardCharsets.UTF_8)) {
                symbols.add(String.valueOf(ByteAlphabet.character(b)));
            }
            while (true) {
                int best = Integer.MAX_VALUE;
                int at = -1;
                for (int i = 0; i + 1 < symbols.size(); i++) {
                    int rank = ranks.getOrDefault(symbols.get(i) + " " + symbols.get(i + 1), Integer.MAX_VALUE);
                    if (rank < best) {
                        best = rank;
                        at = i;
                    }
                }
                if (at < 0) {
                    break;
                }
                symbols.set(at, symbols.get(at) + symbols.remove(at + 1));
            }
            List<Integer> ids = new ArrayList<>();
            for (String symbol : symbols) {
                int id = tokens.indexOf(symbol);
                if (id > 0) {
                    ids.add(id);
                } else {
                    symbol.chars().forEach(c -> ids.add(tokens.indexOf(String.valueOf((char) c))));
                }
            }
            return ids;
        }
    }

    private static TokenizerFacts facts(
            String model, String pre, List<String> tokens, int[] types, float[] scores, List<String> merges,
            Map<String, Integer> ids, String name) {
        return new TokenizerFacts(
                model, pre, name, Strings.of(tokens), types, scores, Strings.of(merges), Optional.empty(), Optional.empty(), Optional.empty(), ids);
    }

    private static String decode(TokenizerModel model, int[] tokens) {
        TokenDecoder decoder = model.decoder(-1);
        StringBuilder out = new StringBuilder();
        for (int token : tokens) {
            decoder.push(token, out);
        }
        decoder.flush(out);
        return out.toString();
    }

    private static final Map<Integer, Bytes> MODELS = new HashMap<>();

    private static Bytes bytes(int seed) {
        return MODELS.computeIfAbsent(seed, s -> new Bytes(s, s % 2 == 0 ? "gpt-2" : "qwen2"));
    }

    @Provide
    Arbitrary<Integer> seeds() {
        return Arbitraries.integers().between(0, 9);
    }

    @Provide
    Arbitrary<String> texts() {
        return Texts.any();
    }

    @Provide
    Arbitrary<String> words() {
        return Arbitraries.strings().withChars("aabbcdst'<|im_end|>").ofMaxLength(150);
    }

    @Property(tries = 1500)
    void decodingUndoesByteLevelEncoding(@ForAll("seeds") int seed, @ForAll("texts") String text) {
        TokenizerModel model = bytes(seed).model;
        int[] tokens = model.encode(text, false, false);
        assertEquals(Utf8.wellFormed(text), decode(model, tokens));
        assertTrue(Arrays.stream(tokens).noneMatch(t -> t == 0), "a control token from plain text");
    }

    @Property(tries = 1000)
    void mergesAsDefined(@ForAll("seeds") int seed, @ForAll("words") String text) {
        Bytes bytes = bytes(seed);
        CodePoints points = CodePoints.of(text, 0, text.length());
        Ints ends = PreTokenizer.named(seed % 2 == 0 ? "gpt-2" : "qwen2").split(points);
        List<Integer> expected = new ArrayList<>();
        int from = 0;
        for (int i = 0; i < ends.size(); i++) {
            expected.addAll(bytes.naive(text.substring(from, ends.get(i))));
            from = ends.get(i);
        }
        assertEquals(expected, Arrays.stream(bytes.model.encode(text, false, false)).boxed().toList());
    }

    @Test
    void specialTokensAreParsedOnlyWhereAsked() {
        Bytes bytes = bytes(0);
        int user = bytes.tokens.size() - 1;
        String text = "a" + CONTROL + "b\u00f5\u00df userc" + CONTROL;
        int[] asked = bytes.model.encode(text, false, true);
        assertEquals(2, Arrays.stream(asked).filter(t -> t == 0).count());
        assertEquals(1, Arrays.stream(asked).filter(t -> t == user).count());
        assertEquals("ab\u00f5\u00df userc", decode(bytes.model, asked));
        int[] plain = bytes.model.encode(text, false, false);
        assertEquals(0, Arrays.stream(plain).filter(t -> t == 0).count());
        assertEquals(1, Arrays.stream(plain).filter(t -> t == user).count());
        assertEquals(text, decode(bytes.model, plain));
    }

    /** Llama-style: space mark, letters, bytes, and random tokens with random scores, some of them equal. */
    private static final class Pieces {
        final List<String> tokens = new ArrayList<>(List.of("<unk>", "<s>", "</s>"));
        final int[] types;
        final float[] scores;
        final TokenizerModel model;

        Pieces(long seed, boolean crossing) {
            for (int b = 0; b < 256; b++) {
                tokens.add(String.format("<0x%02X>", b));
            }
            tokens.addAll(List.of("\u2581", "a", "b", "c", "d", "\u00e9", "\u4e2d"));
            int first = 259;
            Random random = new Random(seed);
            while (tokens.size() < 400) {
                String left = tokens.get(first + random.nextInt(tokens.size() - first));
                String right = tokens.get(first + random.nextInt(tokens.size() - first));
                boolean crosses = !left.endsWith("\u2581") && right.startsWith("\u2581");
                String merged = left + right;
                if (merged.length() <= 8 && !tokens.contains(merged) && (crossing || !crosses) && !merged.substring(1).replaceFirst("^\u2581*", "").contains(crossing ? "\0" : "\u2581")) {
                    tokens.add(merged);
                }
            }
            types = new int[tokens.size()];
            scores = new float[tokens.size()];
            Arrays.fill(types, TokenType.NORMAL);
            types[0] = TokenType.UNKNOWN;
            types[1] = TokenType.CONTROL;
            types[2] = TokenType.CONTROL;
            Arrays.fill(types, 3, first, TokenType.BYTE);
            for (int i = first; i < scores.length; i++) {
                scores[i] = random.nextInt(40) - 20;
            }
            model = new TokenizerModel(facts("llama", "default", tokens, types, scores, List.of(), Map.of("bos", 1, "eos", 2), ""));
        }

        /** The definition: over the whole text, merge the pair that makes the token of the highest score, leftmost first. */
        List<Integer> naive(String text) {
            Map<String, Integer> known = new HashMap<>();
            for (int i = 259; i < tokens.size(); i++) {
                known.put(tokens.get(i), i);
            }
            List<String> symbols = new ArrayList<>();
            ("\u2581" + text.replace(' ', '\u2581')).codePoints().forEach(c -> symbols.add(Character.toString(c)));
            while (true) {
                int at = -1;
                for (int i = 0; i + 1 < symbols.size(); i++) {
                    Integer id = known.get(symbols.get(i) + symbols.get(i + 1));
                    if (id != null && (at < 0 || scores[id] > scores[known.get(symbols.get(at) + symbols.get(at + 1))])) {
                        at = i;
                    }
                }
                if (at < 0) {
                    break;
                }
                symbols.set(at, symbols.get(at) + symbols.remove(at + 1));
            }
            List<Integer> ids = new ArrayList<>();
            for (String symbol : symbols) {
                if (known.containsKey(symbol)) {
                    ids.add(known.get(symbol));
                } else {
                    for (byte b : symbol.getBytes(StandardCharsets.UTF_8)) {
                        ids.add(3 + (b & 0xFF));
                    }
                }
            }
            return ids;
        }
    }

    private static final Map<Integer, Pieces> PIECES = new HashMap<>();

    private static Pieces pieces(int seed) {
        return PIECES.computeIfAbsent(seed, s -> new Pieces(s, s % 2 == 0));
    }

    @Provide
    Arbitrary<String> spaced() {
        return Arbitraries.strings().withChars("  abcd\u00e9\u4e2dx\n").ofMaxLength(120);
    }

    @Property(tries = 1000)
    void sentencePieceMergesAsDefined(@ForAll("seeds") int seed, @ForAll("spaced") String text) {
        Pieces pieces = pieces(seed);
        List<Integer> expected = text.isEmpty() ? List.of() : pieces.naive(text);
        int[] tokens = pieces.model.encode(text, false, false);
        assertEquals(expected, Arrays.stream(tokens).boxed().toList());
        assertEquals(text, decode(pieces.model, tokens));
    }

    @Property(tries = 500)
    void sentencePieceDecodingUndoesEncoding(@ForAll("seeds") int seed, @ForAll("texts") String text) {
        Pieces pieces = pieces(seed);
        String expected = Utf8.wellFormed(text).replace('\u2581', ' ');
        assertEquals(expected, decode(pieces.model, pieces.model.encode(text, true, false)));
        String twoTurns = text + "</s>" + text;
        assertEquals(expected + expected, decode(pieces.model, pieces.model.encode(twoTurns, true, true)));
    }

    @Test
    void aStreamThatGoesOnKeepsItsFirstSpace() {
        Pieces pieces = pieces(1);
        int word = pieces.tokens.indexOf("\u2581");
        StringBuilder out = new StringBuilder();
        pieces.model.decoder(-1).push(word, out);
        pieces.model.decoder(1).push(word, out);
        assertEquals("", out.toString());
        pieces.model.decoder(pieces.tokens.indexOf("a")).push(word, out);
        assertEquals(" ", out.toString());
    }

    @Test
    void llamaAddsBosAndNoEosWhereTheFileIsSilent() {
        TokenizerModel model = pieces(0).model;
        assertArrayEquals(new int[] {1}, model.encode("", true, false));
        assertArrayEquals(new int[0], model.encode("", false, false));
        assertEquals(1, model.bos());
        assertEquals(2, model.eos());
        assertTrue(model.ends(2));
        assertFalse(model.ends(1));
    }

    @Test
    void endsOfTurnsAreKnownByTheirText() {
        List<String> tokens = List.of("a", "<|im_end|>", "<|eot_id|>", "<end_of_turn>", "b", "</s>", "<|im_start|>");
        int[] types = {1, 3, 4, 1, 3, 1, 3};
        TokenizerModel model =
                new TokenizerModel(facts("gpt2", "gpt-2", tokens, types, new float[0], List.of("a b"), Map.of("eot", 4), ""));
        assertArrayEquals(
                new int[] {1, 2, 3, 4}, IntStream.range(0, tokens.size()).filter(model::ends).toArray());
        assertArrayEquals(new int[0], model.encode("<|eot_id|>", false, false), "made a control token: not found in plain text");
        assertArrayEquals(new int[] {2}, model.encode("<|eot_id|>", false, true));
    }

    @Test
    void phi3sSpecialTokensTakeWhiteSpaceAlong() {
        List<String> tokens = List.of("<s>", "<|user|>", "a", "\u2581a", "\u2581");
        int[] types = {3, 3, 1, 1, 1};
        TokenizerModel model =
                new TokenizerModel(facts("llama", "", tokens, types, new float[5], List.of(), Map.of("bos", 0), "Phi3 mini"));
        assertArrayEquals(new int[] {1, 3}, model.encode("<|user|> \n a", false, true));
        assertArrayEquals(new int[] {0, 4, 3}, model.encode("<s> a", false, true));
    }

    @Test
    void longerSpecialTokensComeFirst() {
        List<String> tokens = List.of("<a>", "<a><b>", "<b>", "<b><a>", "x");
        int[] types = {3, 3, 3, 3, 1};
        TokenizerModel model =
                new TokenizerModel(facts("gpt2", "gpt-2", tokens, types, new float[0], List.of("x x"), Map.of(), ""));
        assertArrayEquals(new int[] {1, 0, 4, 3}, model.encode("<a><b><a>x<b><a>", false, true));
    }

    @Test
    void doubtsAreSaid() {
        Bytes unknown = new Bytes(0, "from-the-future");
        assertEquals(1, unknown.model.warnings().size());
        assertTrue(unknown.model.warnings().getFirst().contains("from-the-future"), unknown.model.warnings()::toString);
        assertEquals(1, new Bytes(0, "").model.warnings().size());
        assertEquals(List.of(), bytes(0).model.warnings());
        TokenizerModel model = new TokenizerModel(
                facts("gpt2", "llama-bpe", List.of("a"), new int[0], new float[0], List.of("a a"), Map.of("eos", 7), ""));
        assertEquals(2, model.warnings().size(), "EOS beyond the vocabulary, and BOS wanted but not named");
        assertEquals(-1, model.eos());
        assertArrayEquals(new int[] {0}, model.encode("a", true, true));
    }

    @Test
    void whatIsNoTokenizerIsSaidInASentence() {
        List<String> a = List.of("a");
        for (TokenizerFacts facts : List.of(
                facts("bert", "", a, new int[0], new float[0], List.of(), Map.of(), ""),
                facts("gpt2", "gpt-2", a, new int[0], new float[0], List.of(), Map.of(), ""),
                facts("llama", "", List.of(), new int[0], new float[0], List.of(), Map.of(), ""))) {
            SkimException e = assertThrows(SkimException.class, () -> new TokenizerModel(facts));
            assertTrue(e.getMessage().endsWith("."), e.getMessage());
        }
        SkimException e = assertThrows(
                SkimException.class,
                () -> facts("llama", "", List.of("a", "b"), new int[] {1}, new float[0], List.of(), Map.of(), ""));
        assertTrue(e.getMessage().contains("token_type"), e.getMessage());
    }

    /** Words of two parts that collide in a hash by the factor 31, and in one by any factor modulo a power of 2. */
    @Test
    void collidingVocabulariesDoNotHangLoading() {
        String thue = "ab";
        while (thue.length() < 256) {
            thue += thue.replace('a', 'c').replace('b', 'a').replace('c', 'b');
        }
        String morse = thue.replace('a', 'c').replace('b', 'a').replace('c', 'b');
        assertTimeoutPreemptively(Duration.ofSeconds(10), () -> words("Aa", "BB", 16));
        String first = thue;
        SkimException e = assertThrows(SkimException.class, () -> words(first, morse, 11));
        assertTrue(e.getMessage().contains("collide"), e.getMessage());
    }

    private static void words(String zero, String one, int parts) {
        List<String> tokens = new ArrayList<>();
        for (int word = 0; word < 1 << parts; word++) {
            StringBuilder text = new StringBuilder();
            for (int bit = 0; bit < parts; bit++) {
                text.append((word >> bit & 1) == 0 ? zero : one);
            }
            tokens.add(text.toString());
        }
        new TokenizerModel(
                facts("llama", "", tokens, new int[0], new float[tokens.size()], List.of(), Map.of(), ""));
    }

    @Test
    void oneLetterAMillionTimes() {
        for (String unit : List.of("a", " ", "\n", "'", "A", "ab", "1", "<|im_end", "\u4e2dA")) {
            String text = unit.repeat((1 << 20) / unit.length());
            for (TokenizerModel model : List.of(bytes(0).model, bytes(1).model, pieces(0).model, pieces(1).model)) {
                assertTimeoutPreemptively(
                        Duration.ofSeconds(20), () -> assertEquals(text, decode(model, model.encode(text, false, true))));
            }
        }
    }
}
