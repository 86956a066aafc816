package dev.skim.skip;

import dev.skim.tensor.Workers;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * Ours: runs of sublayers are replaced by fitted linear stand-ins ({@link LinearStandIn}), whose cost counts.
 *
 * <p>Spec: {@code patch:25%}, with {@code decode} or {@code both} (the default). The profile must hold stand-ins that
 * were fitted for that share.
 */
public final class Patch implements SkipPolicy {
    private final Profile profile;
    private final StandInSet set;
    private final Mode mode;
    private final List<LinearStandIn> standIns;

    /**
     * Packs the stand-ins once, for all sessions.
     *
     * @throws IllegalArgumentException when the profile holds none for this share
     */
    public Patch(Profile profile, Share share, Mode mode, Workers workers) {
        this.profile = profile;
        this.mode = mode;
        set = profile.standIns().stream()
                .filter(candidate -> Math.abs(candidate.share().value() - share.value()) < 5e-4)
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(none(profile, share)));
        standIns = new ArrayList<>();
        for (StandInWeights weights : set.standIns()) {
            standIns.add(new LinearStandIn(weights, workers));
        }
    }

    private static String none(Profile profile, Share share) {
        String held = profile.standIns().stream().map(s -> s.share().toString()).collect(Collectors.joining(", "));
        return "the profile of this model holds " + (held.isEmpty() ? "no stand-ins" : "stand-ins for " + held)
                + ", none for " + share + "; calibrate it for that share first";
    }

    /** The profile that the stand-ins are of. */
    public Profile profile() {
        return profile;
    }

    @Override
    public SkipPlan plan(ModelShape shape) {
        profile.check(shape);
        Decision[] decisions = SkipSets.runAll(shape);
        for (LinearStandIn standIn : standIns) {
            Run run = standIn.run();
            decisions[shape.sublayer(run.start())] = new Decision.Replace(standIn, run.span());
        }
        String runs = standIns.stream()
                .map(standIn -> SkipSets.count(standIn.run().span(), "sublayer") + " from "
                        + (standIn.run().start() % 2 == 0 ? "attention " : "feed-forward ") + standIn.run().start() / 2)
                .collect(Collectors.joining(", "));
        return FixedPlan.of(shape, decisions, mode, String.format(
                Locale.ROOT, "linear stand-ins replace %s%s: %.1f %% of the layers' multiply-adds, their own counted",
                runs, SkipSets.when(mode), 100 * set.saving(shape)));
    }

    @Override
    public String toString() {
        return "patch:" + set.share() + ":" + mode;
    }
}
