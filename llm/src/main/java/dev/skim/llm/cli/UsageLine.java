package dev.skim.llm.cli;

import dev.skim.llm.Reply;
import dev.skim.llm.StopReason;
import dev.skim.llm.Usage;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** What a turn cost, in one line for people or as figures for scripts. */
final class UsageLine {
    private UsageLine() {}

    /** With what a skip policy left out in the turn. */
    static String of(Reply reply, Map<String, Object> skipped) {
        Usage usage = reply.usage();
        String line = String.format(
                Locale.ROOT,
                "prompt %d tokens, %s tok/s | answer %d, %s tok/s | first token %.2f s | context %d/%d | skipped %.0f %%",
                usage.promptTokens(),
                rate(usage.promptRate()),
                usage.generatedTokens(),
                rate(usage.generationRate()),
                usage.firstTokenSeconds(),
                usage.contextUsed(),
                usage.contextLength(),
                100 * usage.skippedShare());
        if (usage.draftedTokens() > 0) {
            line += String.format(" | accepted %d of %d drafted", usage.acceptedTokens(), usage.draftedTokens());
        }
        return line + SkipReport.words(skipped) + ending(reply.stop());
    }

    private static String ending(StopReason stop) {
        return switch (stop) {
            case END -> "";
            case LENGTH -> " | cut at the length";
            case CONTEXT_FULL -> " | cut: the context is full";
            case CANCELLED -> " | stopped";
        };
    }

    private static String rate(double rate) {
        return rate == 0 ? "-" : String.format(Locale.ROOT, rate < 100 ? "%.1f" : "%.0f", rate);
    }

    static Map<String, Object> figures(Usage usage) {
        Map<String, Object> figures = new LinkedHashMap<>();
        figures.put("prompt_tokens", usage.promptTokens());
        figures.put("prompt_seconds", usage.promptSeconds());
        figures.put("prompt_tokens_per_second", usage.promptRate());
        figures.put("generated_tokens", usage.generatedTokens());
        figures.put("generation_seconds", usage.generationSeconds());
        figures.put("generated_tokens_per_second", usage.generationRate());
        figures.put("first_token_seconds", usage.firstTokenSeconds());
        figures.put("context_used", usage.contextUsed());
        figures.put("context_length", usage.contextLength());
        figures.put("skipped_share", usage.skippedShare());
        figures.put("drafted_tokens", usage.draftedTokens());
        figures.put("accepted_tokens", usage.acceptedTokens());
        return figures;
    }
}
