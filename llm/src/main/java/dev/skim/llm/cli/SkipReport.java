package dev.skim.llm.cli;

import dev.skim.llm.Usage;
import dev.skim.skip.AdaSkip;
import dev.skim.skip.BlockInfluence;
import dev.skim.skip.CostAware;
import dev.skim.skip.ModelShape;
import dev.skim.skip.Patch;
import dev.skim.skip.Phase;
import dev.skim.skip.Profile;
import dev.skim.skip.SkipMeter;
import dev.skim.skip.SkipPlan;
import dev.skim.skip.SkipPolicy;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What a session leaves out, turn by turn. Time saved is told against the rates of those turns (or halves of turns) of the
 * same session in which the whole model ran: in which AdaSkip learned, or a policy for generated tokens read the prompt.
 */
final class SkipReport {
    /** Fewer tokens say too little of a rate. */
    private static final int LEAST_PROMPT = 64;

    private static final int LEAST_ANSWER = 8;

    private final SkipPolicy policy;
    private SkipMeter meter;
    private double densePromptRate;
    private double denseAnswerRate;
    private String lastStatus = "";

    SkipReport(SkipPolicy policy) {
        this.policy = policy;
    }

    /** The policy, counted. What leaves nothing out stays as it is: it costs nothing then. */
    SkipPolicy metered() {
        return new SkipPolicy() {
            @Override
            public SkipPlan plan(ModelShape shape) {
                SkipPlan plan = policy.plan(shape);
                meter = plan == SkipPlan.NONE ? null : new SkipMeter(plan, shape);
                return meter == null ? plan : meter;
            }

            @Override
            public String toString() {
                return policy.toString();
            }
        };
    }

    /** What the plan does, where that is news; else empty. */
    String news() {
        String status = meter == null ? "" : meter.status();
        boolean same = status.equals(lastStatus);
        lastStatus = status;
        return same ? "" : status;
    }

    /** The figures of one turn; the next one begins. Empty where no policy leaves anything out. */
    Map<String, Object> turn(Usage usage) {
        if (meter == null) {
            return Map.of();
        }
        Map<String, Object> figures = new LinkedHashMap<>();
        figures.put("policy", policy.toString());
        figures.put("status", meter.status());
        figures.put("prompt_sublayers", meter.sublayers(Phase.PREFILL));
        figures.put("answer_sublayers", meter.sublayers(Phase.DECODE));
        if (usage.promptTokens() >= LEAST_PROMPT) {
            if (meter.sublayers(Phase.PREFILL) == 0) {
                densePromptRate = Math.max(densePromptRate, usage.promptRate());
            } else if (densePromptRate > 0) {
                figures.put("prompt_time_saved", 1 - densePromptRate / usage.promptRate());
            }
        }
        if (usage.generatedTokens() > LEAST_ANSWER) {
            if (meter.sublayers(Phase.DECODE) == 0) {
                denseAnswerRate = Math.max(denseAnswerRate, usage.generationRate());
            } else if (denseAnswerRate > 0) {
                figures.put("answer_time_saved", 1 - denseAnswerRate / usage.generationRate());
            }
        }
        meter.reset();
        return figures;
    }

    /** Whether all that was read so far was read whole by a policy that leaves something out: in answers only, then. */
    boolean onlyInAnswers() {
        return meter != null && meter.tokens(Phase.PREFILL) > 0 && meter.sublayers(Phase.PREFILL) == 0;
    }

    /** Whether the session's plan leaves anything out. */
    boolean counts() {
        return meter != null;
    }

    /**
     * The share of the whole model's time that the sublayers left out in a phase took when the profile was made, at the
     * nearest length of context; 0 where that was not measured.
     */
    double savedTime(Phase phase, int context) {
        Profile profile = switch (policy) {
            case AdaSkip adaSkip -> adaSkip.profile();
            case CostAware cost -> cost.profile();
            case BlockInfluence influence -> influence.profile();
            case Patch patch -> patch.profile();
            default -> null;
        };
        return profile == null
                ? 0
                : profile.costs().stream()
                        .filter(costs -> costs.phase() == phase)
                        .min(Comparator.comparingInt(costs -> Math.abs(costs.context() - context)))
                        .map(meter::savedTime)
                        .orElse(0.0);
    }

    /** What was left out since the session began or the last turn ended; empty where no policy leaves anything out. */
    Map<String, Object> total() {
        return meter == null ? Map.of() : phase(onlyInAnswers() ? Phase.DECODE : Phase.PREFILL);
    }

    /** What was left out in a phase. */
    Map<String, Object> phase(Phase phase) {
        Map<String, Object> figures = new LinkedHashMap<>();
        figures.put("policy", policy.toString());
        figures.put("status", meter.status());
        figures.put("sublayers", meter.sublayers(phase));
        figures.put("work_left_out", meter.savedWork(phase));
        return figures;
    }

    /** The figures of a turn in words, behind the share of work; empty where there are none. */
    static String words(Map<String, Object> turn) {
        if (turn.isEmpty()) {
            return "";
        }
        List<String> saved = new ArrayList<>();
        if (turn.get("prompt_time_saved") instanceof Double share) {
            saved.add(String.format(Locale.ROOT, "%.0f %% in the prompt", 100 * share));
        }
        if (turn.get("answer_time_saved") instanceof Double share) {
            saved.add(String.format(Locale.ROOT, "%.0f %% in the answer", 100 * share));
        }
        return String.format(
                        Locale.ROOT,
                        " of the work (sublayers: %.1f in the prompt, %.1f in the answer)",
                        (double) turn.get("prompt_sublayers"),
                        (double) turn.get("answer_sublayers"))
                + (saved.isEmpty() ? "" : " | time saved: " + String.join(", ", saved));
    }
}
