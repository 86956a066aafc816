package dev.skim.llm.eval;

import dev.skim.llm.SkimException;

/**
 * How much is measured.
 *
 * @param promptTokens tokens of the timed prompt
 * @param generatedTokens timed tokens that are run one by one after it
 * @param repeats timed runs of each policy; 0 for no rates
 * @param window tokens of a window whose second half is scored
 * @param windows windows that are scored at most; 0 for none
 * @param continuations prompts that are continued greedily; 0 for none
 * @param continuationTokens tokens of each continuation
 */
public record EvalSettings(
        int promptTokens,
        int generatedTokens,
        int repeats,
        int window,
        int windows,
        int continuations,
        int continuationTokens) {

    /** Checks the numbers. */
    public EvalSettings {
        if (promptTokens < 1 || generatedTokens < 1 || continuationTokens < 1) {
            throw new SkimException("A prompt, a generation and a continuation have at least 1 token, not " + promptTokens
                    + ", " + generatedTokens + " and " + continuationTokens + ".");
        }
        if (window < 4) {
            throw new SkimException("A window has at least 4 tokens, not " + window + ".");
        }
        if (repeats < 0 || windows < 0 || continuations < 0) {
            throw new SkimException("The numbers of repeats, windows and continuations are 0 or more, not " + repeats
                    + ", " + windows + " and " + continuations + ".");
        }
    }

    /** Tokens of the prompt of a continuation. */
    int continuedTokens() {
        return window / 2;
    }

    /**
     * Checks that a text and a model's context are long enough for what is to be measured.
     *
     * @throws SkimException when they are not
     */
    void check(int textTokens, int contextLength) {
        long timed = repeats == 0 ? 0 : (long) promptTokens + generatedTokens;
        long context = Math.max(timed, Math.max(
                windows == 0 ? 0 : window, continuations == 0 ? 0 : (long) continuedTokens() + continuationTokens));
        if (context > contextLength) {
            throw new SkimException("This would take a context of " + context + " tokens; the model's has "
                    + contextLength + ".");
        }
        long text = Math.max(timed, Math.max(windows == 0 ? 0 : window, continuations == 0 ? 0 : continuedTokens()));
        if (textTokens < text) {
            throw new SkimException("The text has " + textTokens + " tokens, and " + text + " are needed; give a longer "
                    + "text, or a smaller --prompt-tokens, --generated-tokens or --window.");
        }
    }
}
