package dev.skim.llm.eval;

import dev.skim.skip.ModelShape;
import dev.skim.skip.Profile;
import dev.skim.skip.Share;
import dev.skim.skip.StandInSet;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Methods at several amounts: each method counts in its own unit (ratio, sublayers, layers, share of cost), and a sweep
 * gives all of them the same shares.
 */
public final class Sweep {
    /** Shares where none are named: about 2, 4, 7 and 10 of 30 layers. */
    public static final List<Share> SHARES = List.of(
            new Share(0.067), new Share(0.133), new Share(0.2334), new Share(0.3334));

    private static final List<String> WITHOUT_PROFILE =
            List.of("balanced::both", "earlyexit", "skipdecode::prefill", "paper-unified");

    private Sweep() {}

    /** The methods that a model can be swept with; those that need a profile only where there is one. */
    public static List<String> methods(Profile profile) {
        List<String> methods = new ArrayList<>();
        if (profile != null) {
            methods.addAll(List.of("adaskip", "shortgpt", "cost"));
            if (!profile.standIns().isEmpty()) {
                methods.add("patch");
            }
        }
        methods.addAll(WITHOUT_PROFILE);
        return methods;
    }

    /**
     * Puts amounts into those specifications that name a method alone, such as {@code shortgpt} or
     * {@code balanced::both}; others stay as they are.
     *
     * @param profile of the model, whose stand-ins tell the shares of {@code patch}; or null
     */
    public static List<String> expand(List<String> specs, List<Share> shares, ModelShape shape, Profile profile) {
        Set<String> expanded = new LinkedHashSet<>();
        for (String spec : specs) {
            String[] parts = spec.strip().split(":", 3);
            if (parts[0].equals("none") || parts.length > 1 && !parts[1].isEmpty()) {
                expanded.add(spec.strip());
                continue;
            }
            List<Share> fitted = parts[0].equals("patch") ? fitted(profile) : List.of();
            for (Share share : fitted.isEmpty() ? shares : fitted) {
                expanded.add(parts[0] + ":" + amount(parts[0], share, shape)
                        + (parts.length < 3 ? "" : ":" + parts[2]));
            }
        }
        return List.copyOf(expanded);
    }

    /** The shares that a profile has stand-ins for. */
    private static List<Share> fitted(Profile profile) {
        return profile == null
                ? List.of()
                : profile.standIns().stream()
                        .map(StandInSet::share)
                        .sorted(Comparator.comparingDouble(Share::value))
                        .toList();
    }

    /** A share in the unit of a method; at least one sublayer or layer. */
    private static String amount(String method, Share share, ModelShape shape) {
        int layers = (int) Math.max(1, Math.round(share.value() * shape.layers()));
        return switch (method) {
            case "adaskip" -> "n=" + Math.max(1, Math.round(share.value() * shape.sublayers()));
            case "unified", "balanced" -> shape.layers() + "/" + Math.max(1, shape.layers() - layers);
            case "cost", "patch", "ffn" -> share.toString();
            default -> Integer.toString(layers);
        };
    }

    /**
     * Reads shares such as {@code 10%,20%}.
     *
     * @throws IllegalArgumentException when one is none
     */
    public static List<Share> shares(String text) {
        return Arrays.stream(text.split(",")).map(String::strip).map(Share::parse).toList();
    }
}
