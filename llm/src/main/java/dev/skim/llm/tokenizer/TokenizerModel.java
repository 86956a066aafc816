package dev.skim.llm.tokenizer;

import dev.skim.llm.SkimException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;

/** A tokenizer built from what a file says. Immutable; safe for many threads. */
public final class TokenizerModel {
    private final Vocabulary vocabulary;
    private final Encoding encoding;

    /** All special tokens, and those that are looked for even where special tokens are not asked for. */
    private final SpecialTokens special;

    private final SpecialTokens userDefined;
    private final int bos;
    private final int eos;
    private final boolean addBos;
    private final boolean addEos;
    private final BitSet ends;
    private final List<String> warnings;

    /**
     * Builds it.
     *
     * @throws SkimException where the file's tokenizer is of a kind that is not known, or not whole
     */
    public TokenizerModel(TokenizerFacts facts) {
        List<String> warnings = new ArrayList<>();
        boolean llama =
                switch (facts.model()) {
                    case "llama" -> true;
                    case "gpt2" -> false;
                    default -> throw new SkimException("The tokenizer (tokenizer.ggml.model) is of the kind "
                            + facts.model() + "; accepted are gpt2 and llama.");
                };
        this.vocabulary = new Vocabulary(facts.tokens(), facts.types(), !llama);
        boolean addBosUnasked = llama;
        if (llama) {
            int unknown = id(facts, "unknown", 0, warnings);
            this.encoding = new SentencePieceEncoding(
                    vocabulary, facts.scores(), facts.addSpacePrefix().orElse(true), unknown);
        } else {
            PreTokenizer preTokenizer = preTokenizer(facts, warnings);
            addBosUnasked = preTokenizer.addBos();
            this.encoding = new BytePairEncoding(vocabulary, facts.merges(), preTokenizer);
        }
        this.bos = id(facts, "bos", llama ? 1 : -1, warnings);
        this.eos = id(facts, "eos", llama ? 2 : -1, warnings);
        this.addBos = has(bos, "BOS", facts.addBos().orElse(addBosUnasked), warnings);
        this.addEos = has(eos, "EOS", facts.addEos().orElse(false), warnings);
        this.ends = EndTokens.of(vocabulary, facts, eos);
        BitSet eatsSpace = eatsSpace(facts);
        this.special = new SpecialTokens(vocabulary, specials(true), eatsSpace);
        this.userDefined = new SpecialTokens(vocabulary, specials(false), eatsSpace);
        this.warnings = List.copyOf(warnings);
    }

    private static PreTokenizer preTokenizer(TokenizerFacts facts, List<String> warnings) {
        PreTokenizer known = PreTokenizer.named(facts.pre());
        if (known != null) {
            return known;
        }
        String doubt = facts.pre().isEmpty()
                ? "The file does not name its pre-tokenizer (tokenizer.ggml.pre)."
                : "The pre-tokenizer " + facts.pre() + " (tokenizer.ggml.pre) is not known.";
        warnings.add(doubt + " Text is split in the default way, which may differ from the model's own and lower its quality.");
        return PreTokenizer.named(PreTokenizer.DEFAULT);
    }

    private int id(TokenizerFacts facts, String name, int fallback, List<String> warnings) {
        int id = facts.id(name);
        if (id >= vocabulary.size()) {
            warnings.add("The id of the " + name + " token, " + id + ", is beyond the vocabulary of " + vocabulary.size()
                    + " tokens; it is ignored.");
            id = -1;
        }
        return id >= 0 ? id : fallback < vocabulary.size() ? fallback : -1;
    }

    private static boolean has(int token, String name, boolean wanted, List<String> warnings) {
        if (wanted && token < 0) {
            warnings.add("The file asks for a " + name + " token and names none; none is added.");
        }
        return wanted && token >= 0;
    }

    /**
     * Phi-3's special tokens take the white space after them along, which its file has no key for: all but three, and
     * the model is known by its name.
     */
    private BitSet eatsSpace(TokenizerFacts facts) {
        BitSet eatsSpace = new BitSet();
        String name = facts.modelName().toLowerCase(Locale.ROOT);
        if (name.contains("phi-3") || name.contains("phi3")) {
            for (int id : specials(true)) {
                String text = vocabulary.text(id);
                eatsSpace.set(id, !text.equals("<unk>") && !text.equals("<s>") && !text.equals("<|endoftext|>"));
            }
        }
        return eatsSpace;
    }

    /** The special tokens, or of them the user-defined ones alone. */
    private int[] specials(boolean all) {
        Ints tokens = new Ints(16);
        for (int id = 0; id < vocabulary.size(); id++) {
            int type = vocabulary.type(id);
            if (type == TokenType.USER_DEFINED || (all && (type == TokenType.CONTROL || type == TokenType.UNKNOWN))) {
                tokens.add(id);
            }
        }
        return tokens.toArray();
    }

    /** What is doubtful about the file's tokenizer, one sentence or two each. */
    public List<String> warnings() {
        return warnings;
    }

    /** Tokens in the vocabulary. */
    public int size() {
        return vocabulary.size();
    }

    /** The token's text in the file. */
    public String text(int token) {
        return vocabulary.text(token);
    }

    /** Whether the token is a control one, which stands for no text and is cut the same way whatever stands before it. */
    public boolean isControl(int token) {
        return vocabulary.type(token) == TokenType.CONTROL;
    }

    /** The BOS token, or -1. */
    public int bos() {
        return bos;
    }

    /** The EOS token, or -1. */
    public int eos() {
        return eos;
    }

    /** Whether the token ends a text or a turn. */
    public boolean ends(int token) {
        return ends.get(token);
    }

    /** Encodes a text. */
    public int[] encode(String text, boolean addSpecial, boolean parseSpecial) {
        String wellFormed = Utf8.wellFormed(text);
        Ints tokens = new Ints(wellFormed.length() / 3 + 8);
        if (addSpecial && addBos) {
            tokens.add(bos);
        }
        Encoding.Run run = encoding.begin();
        SpecialTokens.Found found = (parseSpecial ? special : userDefined).find(wellFormed);
        int from = 0;
        for (int i = 0; i < found.size(); i++) {
            int to = found.starts()[i];
            if (to > from) {
                run.encode(wellFormed, from, to, tokens);
            }
            tokens.add(found.ids()[i]);
            from = found.ends()[i];
        }
        if (from < wellFormed.length()) {
            run.encode(wellFormed, from, wellFormed.length(), tokens);
        }
        if (addSpecial && addEos) {
            tokens.add(eos);
        }
        return tokens.toArray();
    }

    /** A decoder for tokens that begin a text, or go on after {@code previous} where that is not negative. */
    public TokenDecoder decoder(int previous) {
        boolean first = previous < 0
                || switch (vocabulary.type(previous)) {
                    case TokenType.CONTROL, TokenType.UNKNOWN, TokenType.USER_DEFINED -> true;
                    default -> false;
                };
        return new TokenDecoder(vocabulary, encoding, first);
    }
}
