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

    /** A policy that is read, but for what comes with the model. */
    @FunctionalInterface
    private interface Form {
        SkipPolicy policy(Profile profile, Workers workers);
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
     * @throws MissingProfileException when nothing is wrong but that it needs a profile, and there is none
     * @throws IllegalArgumentException when it is none of {@link #FORMS}
     */
    public static SkipPolicy parse(String spec, Profile profile, Workers workers) {
        Words words = new Words(spec);
        String which = "skipping policy '" + spec + "': ";
        try {
            Form form = read(words);
            if (profile != null || !needsProfile(words.name)) {
                return form.policy(profile, workers);
            }
        } catch (IllegalArgumentException wrong) {
            throw new IllegalArgumentException(which + wrong.getMessage(), wrong);
        }
        throw new MissingProfileException(
                which + words.name + " needs a profile of the model, and there is none; make one with 'skim calibrate'");
    }

    /**
     * Refuses what {@link #parse} would refuse whatever the profile: all that can be said before there is a model.
     *
     * @throws IllegalArgumentException when it is none of {@link #FORMS}
     */
    public static void check(String spec) {
        try {
            parse(spec, null);
        } catch (MissingProfileException later) {
            // The model may have one.
        }
    }

    private static boolean needsProfile(String name) {
        return switch (name) {
            case "shortgpt", "cost", "patch" -> true;
            default -> false;
        };
    }

    /** Takes all words, and refuses those that are left. */
    private static Form read(Words words) {
        Form form = form(words);
        if (!words.options.isEmpty()) {
            throw new IllegalArgumentException("'" + words.options.getFirst() + "' is no option of " + words.name
                    + ", which takes " + options(words.name));
        }
        return form;
    }

    private static Form form(Words words) {
        return switch (words.name) {
            case "none" -> of(none(words));
            case "adaskip" -> adaSkip(words);
            case "unified" -> {
                Ratio ratio = Ratio.parse(words.amount);
                Mode mode = words.mode(Mode.DECODE, Mode.DECODE, Mode.BOTH);
                yield of(ratio.value() < 2 ? new BalancedSkipping(ratio, mode) : new UnifiedLayerSkipping(ratio, mode));
            }
            case "balanced" ->
                of(new BalancedSkipping(Ratio.parse(words.amount), words.mode(Mode.DECODE, Mode.DECODE, Mode.BOTH)));
            case "shortgpt" -> {
                int layers = words.layers();
                Mode mode = words.mode(Mode.BOTH, Mode.DECODE, Mode.BOTH);
                boolean scale = words.flag("scale");
                yield (profile, workers) -> new BlockInfluence(profile, layers, mode, scale);
            }
            case "ffn" -> ffn(words);
            case "cost" -> {
                Share share = Share.parse(words.amount);
                Mode mode = words.mode(Mode.BOTH, Mode.values());
                boolean scale = !words.flag("noscale");
                yield (profile, workers) -> new CostAware(profile, share, mode, scale);
            }
            case "patch" -> {
                Share share = Share.parse(words.amount);
                Mode mode = words.mode(Mode.BOTH, Mode.DECODE, Mode.BOTH);
                yield (profile, workers) -> new Patch(profile, share, mode, workers);
            }
            case "earlyexit" -> of(new EarlyExit(words.layers(), words.mode(Mode.BOTH, Mode.DECODE, Mode.BOTH)));
            case "skipdecode" ->
                of(new SkipDecode(words.layers(), words.mode(Mode.BOTH, Mode.values()),
                        words.number("max", SkipDecode.LONGEST)));
            case "paper-unified" -> of(new PaperUnified(words.layers(), words.mode(Mode.BOTH, Mode.DECODE, Mode.BOTH)));
            default ->
                throw new IllegalArgumentException("'" + words.name + "' is no skipping method; accepted is " + NAMES);
        };
    }

    private static Form of(SkipPolicy policy) {
        return (profile, workers) -> policy;
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

    private static Form adaSkip(Words words) {
        boolean counted = words.amount.startsWith("n=");
        Ratio ratio = counted ? null : Ratio.parse(words.amount);
        int count = counted ? words.whole(words.amount.substring(2), "n") : 0;
        Mode mode = words.mode(Mode.BOTH, Mode.values());
        boolean scale = !words.flag("noscale");
        boolean online = !words.flag("offline") && mode != Mode.PREFILL;
        int window = words.number("p", AdaSkip.WINDOW);
        boolean withoutFirst = words.flag("afterfirst");
        return (profile, workers) -> new AdaSkip(profile, ratio, count, mode, scale, online, window, withoutFirst);
    }

    private static Form ffn(Words words) {
        Share share = Share.parse(words.amount);
        double least = threshold(words.value("t"));
        int warmUp = words.number("warmup", FfnSkip.WARM_UP);
        int cold = words.number("cold", -1);
        return (profile, workers) -> new FfnSkip(profile, share, least, warmUp, cold);
    }

    private static double threshold(String text) {
        try {
            return text == null ? Double.NaN : Double.parseDouble(text);
        } catch (NumberFormatException notANumber) {
            throw new IllegalArgumentException("t must be a cosine such as 0.95, not '" + text + "'");
        }
    }
}
