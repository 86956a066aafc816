package dev.skim.llm;

/**
 * What one request cost.
 *
 * @param promptTokens prompt tokens that were computed: not those already in the session's cache, but those of them that
 *     were read again because the skip plan had left something out of them
 * @param promptSeconds seconds that they took
 * @param generatedTokens tokens that were generated
 * @param generationSeconds seconds from the first generated token to the last
 * @param firstTokenSeconds seconds from the call to the first generated token
 * @param contextUsed positions of the context that are taken now
 * @param contextLength positions that there are
 * @param skippedShare share of the layers' multiply-adds that the skip plan left out, 0 to 1
 * @param draftedTokens tokens that were drafted and put before the whole model
 * @param acceptedTokens those of them that the whole model would have given too
 */
public record Usage(
        int promptTokens,
        double promptSeconds,
        int generatedTokens,
        double generationSeconds,
        double firstTokenSeconds,
        int contextUsed,
        int contextLength,
        double skippedShare,
        int draftedTokens,
        int acceptedTokens) {

    /** Prompt tokens per second; 0 where there were none. */
    public double promptRate() {
        return promptTokens == 0 ? 0 : promptTokens / promptSeconds;
    }

    /** Generated tokens per second, counted from the first to the last; 0 for fewer than two. */
    public double generationRate() {
        return generatedTokens < 2 ? 0 : (generatedTokens - 1) / generationSeconds;
    }
}
