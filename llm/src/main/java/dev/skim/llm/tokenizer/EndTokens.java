package dev.skim.llm.tokenizer;

import java.util.BitSet;
import java.util.HashSet;
import java.util.List;

/**
 * Which tokens end a text or a turn: those that the file names, and those that are known by their text, since many
 * files name one only.
 */
final class EndTokens {
    private static final List<String> ENDS = List.of(
            "<|eot_id|>",
            "<|eom_id|>",
            "<|im_end|>",
            "<|end|>",
            "<|endoftext|>",
            "<|end_of_text|>",
            "<end_of_turn>",
            "<end_of_utterance>",
            "<EOT>",
            "_<EOT>",
            "[EOT]",
            "<\uFF5Cend\u2581of\u2581sentence\uFF5C>");

    /** An answer that goes over to another file, or is padded, is at its end. */
    private static final List<String> FILE_ENDS = List.of(
            "<|fim_pad|>",
            "<fim-pad>",
            "<fim_pad>",
            "<PAD>",
            "<|fim_repo|>",
            "<|repo_name|>",
            "<fim-repo>",
            "<REPO>",
            "<|file_sep|>");

    /** Ends only where the file says that they are control tokens: other files have them as plain text. */
    private static final List<String> SENTENCE_ENDS = List.of("</s>", "<eos>", "[EOS]");

    private static final List<String> INFILLS = List.of(
            "<|fim_prefix|>",
            "<fim-prefix>",
            "<PRE>",
            "<\uFF5Cfim\u2581begin\uFF5C>",
            "<|fim_suffix|>",
            "<fim-suffix>",
            "<SUF>",
            "<\uFF5Cfim\u2581hole\uFF5C>",
            "<|fim_middle|>",
            "<fim-middle>",
            "<MID>",
            "<\uFF5Cfim\u2581end\uFF5C>");

    /** The names of ids in the file that end a text or a turn. */
    private static final List<String> NAMES = List.of("eos", "eot", "eom", "fim_pad", "fim_rep", "fim_sep");

    private EndTokens() {}

    /** The texts of tokens that are control tokens whatever kind the file gives them: some converters got it wrong. */
    static HashSet<String> controlTexts() {
        HashSet<String> texts = new HashSet<>(ENDS);
        texts.addAll(FILE_ENDS);
        texts.addAll(INFILLS);
        return texts;
    }

    /** Whether a text is worth a look into {@link #controlTexts}. */
    static boolean mayBeControl(byte[] text, int from, int to) {
        return to - from > 4 && (text[to - 1] == '>' || text[to - 1] == ']');
    }

    /** The tokens that end a text or a turn; {@code eos} is the EOS token's id, or -1. */
    static BitSet of(Vocabulary vocabulary, TokenizerFacts facts, int eos) {
        BitSet ends = new BitSet();
        if (eos >= 0) {
            ends.set(eos);
        }
        for (String name : NAMES) {
            int id = facts.id(name);
            if (id >= 0 && id < vocabulary.size()) {
                ends.set(id);
            }
        }
        HashSet<String> texts = new HashSet<>(ENDS);
        texts.addAll(FILE_ENDS);
        texts.addAll(SENTENCE_ENDS);
        for (int id = 0; id < vocabulary.size(); id++) {
            if (vocabulary.type(id) == TokenType.CONTROL && texts.contains(vocabulary.text(id))) {
                ends.set(id);
            }
        }
        return ends;
    }
}
