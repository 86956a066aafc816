package dev.skim.skip;

import dev.skim.tensor.Workers;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Reads policies from text: a name, what it takes, then options, with colons between. */
public final class SkipPolicies {
    /** The forms that {@link #parse} takes, one a line, for help texts. */
    public static final String FORMS =
            """
            none                  the whole model
            adaskip:8/7           AdaSkip, by ratio (or 1.14) or number (n=8) of sublayers;
                                  then prefill, decode or both, noscale, offline, p=20,
                                  afterfirst
            unified:2             Unified Layer Skipping (ratios under 2: balanced); then
                                  decode or both
            balanced:1.5          evenly spread layers, our rounding; then decode or both
            shortgpt:4            4 layers by block influence; then decode or both, scale
            ffn:25%               FFN-SkipLLM; then t=0.95, warmup=25, cold=3
            cost:25%              least harm for a saving of measured time; then prefill,
                                  decode or both, noscale
            patch:25%             linear stand-ins; then decode or both
            earlyexit:4           the last 4 layers; then decode or both
            skipdecode:4          SkipDecode, by layers; then prefill, decode or both,
                                  max=512
            paper-unified:4       the AdaSkip paper's Unified Skipping, by layers; then
                                  decode or both
            """;

    private static final String NAMES =
            "none, adaskip:1.14, unified:2, balanced:1.5, shortgpt:4, ffn:25%, cost:25%, patch:25%, earlyexit:4, "
                    + "skipdecode:4 or paper-unified:4";

    /** One specification, its options still to be taken. */
    private static final class Words {
        final String name;
        final String amount;
        final List<String> options = new ArrayList<>();

        Words(String spec) {
            String[] parts = spec.strip().toLowerCase(Locale.ROOT).split(":", -1);
            name = parts[0];
            amount = parts.length > 1 ? parts[1] : "";
            for (int i = 2; i < parts.length; i++) {
                options.add(parts[i]);
            }
        }

        boolean flag(String word) {
            return options.remove(word);
        }

        Mode mode(Mode usual, Mode... accepted) {
            for (Mode mode : accepted) {
                if (flag(mode.toString())) {
                    return mode;
                }
            }
            return usual;
        }

        String value(String key) {
            for (String option : options) {
                if (option.startsWith(key + "=")) {
                    options.remove(option);
                    return option.substring(key.length() + 1);
                }
            }
            return null;
        }

        int number(String key, int usual) {
            String value = value(key);
            return value == null ? usual : whole(value, key);
        }

        int layers() {
            return whole(amount, "the number of layers");
        }

        int whole(String text, String what) {
            try {
                int number = Integer.parseInt(text);
                if (number >= 0) {
                    return number;
                }
            } catch (NumberFormatException notANumber) {
                // The sentence below says it.
            }
            throw new IllegalArgumentException(what + " must be a whole number of at least 0, not '" + text + "'");
        }
    }

    private SkipPolicies() {}

    /** {@link #parse(String, Profile, Workers)} with the calling thread alone. */
    public static SkipPolicy parse(String spec, Profile profile) {
        try (Workers workers = new Workers(1)) {
            return parse(spec, profile, workers);
        }
    }

    /**
     * Reads a policy; what its {@code toString} says can be read again.
     *
     * @param profile of the model, or null where there is none
     * @param workers to pack stand-ins with
     * @throws IllegalArgumentException when it is none of {@link #FORMS}, or needs a profile that is not there
     */
    public static SkipPolicy parse(String spec, Profile profile, Workers workers) {
        Words words = new Words(spec);
        SkipPolicy policy;
        try {
            policy = read(words, profile, workers);
        } catch (IllegalArgumentException wrong) {
            throw new IllegalArgumentException("skipping policy '" + spec + "': " + wrong.getMessage(), wrong);
        }
        if (!words.options.isEmpty()) {
            throw new IllegalArgumentException("skipping policy '" + spec + "': '" + words.options.getFirst()
                    + "' is no option of " + words.name + ", which takes " + options(words.name));
        }
        return policy;
    }

    private static SkipPolicy read(Words words, Profile profile, Workers workers) {
        return switch (words.name) {
            case "none" -> none(words);
            case "adaskip" -> adaSkip(words, profile);
            case "unified" -> {
                Ratio ratio = Ratio.parse(words.amount);
                Mode mode = words.mode(Mode.DECODE, Mode.DECODE, Mode.BOTH);
                yield ratio.value() < 2 ? new BalancedSkipping(ratio, mode) : new UnifiedLayerSkipping(ratio, mode);
            }
            case "balanced" ->
                new BalancedSkipping(Ratio.parse(words.amount), words.mode(Mode.DECODE, Mode.DECODE, Mode.BOTH));
            case "shortgpt" ->
                new BlockInfluence(needed(profile, words), words.layers(),
                        words.mode(Mode.BOTH, Mode.DECODE, Mode.BOTH), words.flag("scale"));
            case "ffn" -> ffn(words, profile);
            case "cost" ->
                new CostAware(needed(profile, words), Share.parse(words.amount),
                        words.mode(Mode.BOTH, Mode.values()), !words.flag("noscale"));
            case "patch" ->
                new Patch(needed(profile, words), Share.parse(words.amount),
                        words.mode(Mode.BOTH, Mode.DECODE, Mode.BOTH), workers);
            case "earlyexit" -> new EarlyExit(words.layers(), words.mode(Mode.BOTH, Mode.DECODE, Mode.BOTH));
            case "skipdecode" ->
                new SkipDecode(words.layers(), words.mode(Mode.BOTH, Mode.values()),
                        words.number("max", SkipDecode.LONGEST));
            case "paper-unified" -> new PaperUnified(words.layers(), words.mode(Mode.BOTH, Mode.DECODE, Mode.BOTH));
            default ->
                throw new IllegalArgumentException("'" + words.name + "' is no skipping method; accepted is " + NAMES);
        };
    }

    private static String options(String name) {
        return switch (name) {
            case "none" -> "none";
            case "adaskip" -> "prefill, decode or both, noscale, offline, p=20, afterfirst";
            case "shortgpt" -> "decode or both, scale";
            case "ffn" -> "t=0.95, warmup=25, cold=3";
            case "cost" -> "prefill, decode or both, noscale";
            case "skipdecode" -> "prefill, decode or both, max=" + SkipDecode.LONGEST;
            default -> "decode or both";
        };
    }

    private static SkipPolicy none(Words words) {
        if (!words.amount.isEmpty()) {
            throw new IllegalArgumentException("none takes nothing, not '" + words.amount + "'");
        }
        return SkipPolicy.NONE;
    }

    private static SkipPolicy adaSkip(Words words, Profile profile) {
        boolean counted = words.amount.startsWith("n=");
        Mode mode = words.mode(Mode.BOTH, Mode.values());
        boolean online = !words.flag("offline") && mode != Mode.PREFILL;
        return new AdaSkip(
                profile,
                counted ? null : Ratio.parse(words.amount),
                counted ? words.whole(words.amount.substring(2), "n") : 0,
                mode,
                !words.flag("noscale"),
                online,
                words.number("p", AdaSkip.WINDOW),
                words.flag("afterfirst"));
    }

    private static SkipPolicy ffn(Words words, Profile profile) {
        String threshold = words.value("t");
        double least = Double.NaN;
        if (threshold != null) {
            try {
                least = Double.parseDouble(threshold);
            } catch (NumberFormatException notANumber) {
                throw new IllegalArgumentException("t must be a cosine such as 0.95, not '" + threshold + "'");
            }
        }
        return new FfnSkip(profile, Share.parse(words.amount), least, words.number("warmup", FfnSkip.WARM_UP),
                words.number("cold", -1));
    }

    private static Profile needed(Profile profile, Words words) {
        if (profile == null) {
            throw new IllegalArgumentException(
                    words.name + " needs a profile of the model, and there is none; make one with 'skim calibrate'");
        }
        return profile;
    }
}
