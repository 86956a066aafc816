package dev.skim.llm.tokenizer;

import dev.skim.llm.tokenizer.WordStage.Words;
import java.util.List;

/**
 * Splits text into the pieces that byte-pair encoding may not cross, by the name in {@code tokenizer.ggml.pre}.
 *
 * <p>A pre-tokenizer is a list of regular expressions. Each splits every piece that the ones before it left: its matches
 * and what lies between them become pieces. The expressions are those of the models' own {@code tokenizer.json}. Text is
 * not normalised: the few models whose own tokenizer composes characters first (Qwen: NFC) see decomposed text as it is,
 * as they do in llama.cpp, and decoding stays exact.
 *
 * @param stages the expressions in order
 * @param wholeWords whether a piece that is a token becomes that token whatever the merges say
 * @param addBos whether BOS is added where the file does not say
 */
record PreTokenizer(List<Stage> stages, boolean wholeWords, boolean addBos) {
    private static final int ANY = Integer.MAX_VALUE;

    /** The name of what a file without a known name gets: the guess of older converters. */
    static final String DEFAULT = "default";

    /** The pre-tokenizer of that name, or null where it is not known. */
    static PreTokenizer named(String name) {
        return switch (name) {
            case DEFAULT -> of(
                    Stages.punctuation(ANY, "$+<=>^~|"), Stages::gpt2, Stages.run(ANY, CodePoints.NUMBER), threeDigits());
            case "gpt-2", "phi-2", "mpt", "olmo", "jais", "trillion", "granite-docling", "gigachat", "a.x-4.0", "mellum",
                    "exaone4", "roberta-bpe", "modern-bert", "jina-es", "jina-de", "jina-v1-en", "jina-v2-es", "jina-v2-de",
                    "jina-v2-code" -> of(Stages::gpt2);
            case "smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b", "mellum2" ->
                of(digit(), Stages::gpt2);
            case "falcon" -> of(Stages.punctuation(ANY, "$+<=>^~|`"), Stages::gpt2, threeDigits());
            case "llama3", "llama-v3", "llama-bpe", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2" ->
                new PreTokenizer(List.of(new WordStage(Words.LETTERS_AND_CONTRACTIONS, 3, "\r\n")), true, true);
            case "dbrx", "smaug-bpe", "chatglm-bpe", "glm4" -> of(new WordStage(Words.LETTERS_AND_CONTRACTIONS, 3, "\r\n"));
            case "qwen2", "stablelm2", "deepseek-r1-qwen", "megrez", "hunyuan", "solar-open", "grok-2", "kormo",
                    "bailingmoe", "bailingmoe2", "llada-moe" ->
                of(new WordStage(Words.LETTERS_AND_CONTRACTIONS, 1, "\r\n"));
            case "qwen35" -> of(new WordStage(Words.MARKED_AND_CONTRACTIONS, 1, "\r\n"));
            case "seed-coder" -> of(new WordStage(Words.LETTERS_AND_CONTRACTIONS, 1, ""));
            case "ufakzeka" -> of(new WordStage(Words.LETTERS, 1, "\r\n"));
            case "minicpm5" ->
                new PreTokenizer(
                        List.of(
                                Stages.run(3, CodePoints.NUMBER),
                                new WordStage(Words.LETTERS_AND_CONTRACTIONS, ANY, "\r\n")),
                        true,
                        false);
            case "tekken" -> new PreTokenizer(List.of(new WordStage(Words.CASED, 1, "\r\n/")), true, true);
            case "gpt-4o", "llama4", "kanana2", "minimax-m2" ->
                of(new WordStage(Words.CASED_WITH_CONTRACTION, 3, "\r\n/"));
            case "deepseek-llm" ->
                of(
                        Stages.run(1, 1, Stages::isNewline),
                        Stages.spaced(DeepSeekLetters::contains),
                        Stages.spaced(Stages.DEEPSEEK_PUNCTUATION),
                        Stages::trailingSpace,
                        Stages.run(1, ANY, Stages.EAST_ASIAN),
                        Stages.run(ANY, CodePoints.NUMBER));
            case "deepseek-coder" ->
                of(
                        Stages.run(1, 1, Stages::isNewline),
                        Stages.spaced(CodePoints.LETTER),
                        Stages.spaced(CodePoints.PUNCTUATION),
                        Stages.run(1, ANY, Stages.EAST_ASIAN),
                        digit());
            case "deepseek-v3", "hunyuan-dense", "joyai-llm" ->
                of(
                        Stages.run(3, CodePoints.NUMBER),
                        Stages.run(1, ANY, Stages.KANJI_KANA),
                        Stages::deepseek3);
            case "bloom", "poro-chat", "gpt3-finnish" -> of(Stages::bloom);
            case "viking" -> of(Stages::bloom, digit());
            case "chameleon" ->
                new PreTokenizer(
                        List.of(
                                Stages::sentinel,
                                Stages::image,
                                Stages.anyOf("\t", "\n", "    ", "  "),
                                digit(),
                                Stages.punctuation(1, "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"),
                                Stages::gpt2),
                        false,
                        true);
            default -> null;
        };
    }

    private static Stage digit() {
        return Stages.run(1, CodePoints.NUMBER);
    }

    private static Stage threeDigits() {
        return Stages.run(3, 3, c -> c >= '0' && c <= '9');
    }

    private static PreTokenizer of(Stage... stages) {
        return new PreTokenizer(List.of(stages), false, false);
    }

    /** Splits text: the ends of the pieces, ascending, the last one the text's; none for an empty text. */
    Ints split(CodePoints text) {
        Ints ends = new Ints(text.size() / 3 + 8);
        if (text.size() == 0) {
            return ends;
        }
        ends.add(text.size());
        Ints next = new Ints(text.size() / 3 + 8);
        for (Stage stage : stages) {
            next.clear();
            int from = 0;
            for (int i = 0; i < ends.size(); i++) {
                int to = ends.get(i);
                split(stage, text, from, to, next);
                from = to;
            }
            Ints done = ends;
            ends = next;
            next = done;
        }
        return ends;
    }

    private static void split(Stage stage, CodePoints text, int from, int to, Ints ends) {
        int done = from;
        for (int at = from; at < to; ) {
            int end = stage.end(text, at, to);
            if (end < 0) {
                at = ~end;
            } else {
                if (at > done) {
                    ends.add(at);
                }
                ends.add(end);
                done = end;
                at = end;
            }
        }
        if (done < to) {
            ends.add(to);
        }
    }
}
