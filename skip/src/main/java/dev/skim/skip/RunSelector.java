package dev.skim.skip;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Chooses disjoint runs of sublayers: the least total harm whose saving reaches a target, exactly, by dynamic
 * programming over the steps with a front of (saved, harm) pairs none of which is worse in both.
 *
 * <p>Harms are the caller's: one minus similarity, a measured KL.
 * They are added up, so they should be of a kind that adds.
 */
public final class RunSelector {
    /** The most pairs held at a step; beyond it neighbours are merged. Uniform layers stay far below. */
    private static final int FRONT = 20_000;

    /**
     * A run that may be replaced or left out.
     *
     * @param saved cost that it saves, what takes its place counted; in the unit of the target
     * @param harm what it does to the model, not negative
     */
    public record Candidate(Run run, double saved, double harm) {
        /** Checks that both are numbers and the harm is not negative. */
        public Candidate {
            if (!Double.isFinite(saved) || !(harm >= 0) || harm == Double.POSITIVE_INFINITY) {
                throw new IllegalArgumentException("a candidate saves a finite cost and its harm is not negative: "
                        + saved + ", " + harm);
            }
        }
    }

    /** One way to reach a step; the candidates are chained backwards. */
    private record Way(double saved, double harm, Way before, Candidate last) {}

    private RunSelector() {}

    /**
     * The best choice, in execution order; empty when the target is 0 or less.
     *
     * @param candidates those that save nothing are passed over
     * @throws IllegalArgumentException when no disjoint choice saves so much
     */
    public static List<Candidate> choose(List<Candidate> candidates, double target) {
        if (target <= 0) {
            return List.of();
        }
        int end = candidates.stream().mapToInt(c -> c.run().end()).max().orElse(0);
        List<List<Candidate>> starts = new ArrayList<>();
        List<List<Way>> ways = new ArrayList<>();
        for (int step = 0; step <= end; step++) {
            starts.add(new ArrayList<>());
            ways.add(new ArrayList<>());
        }
        for (Candidate candidate : candidates) {
            if (candidate.saved() > 0) {
                starts.get(candidate.run().start()).add(candidate);
            }
        }
        ways.getFirst().add(new Way(0, 0, null, null));
        double enough = target * (1 - 1e-9);
        for (int step = 0; step <= end; step++) {
            List<Way> front = front(ways.get(step), enough);
            ways.set(step, front);
            if (step == end) {
                break;
            }
            ways.get(step + 1).addAll(front);
            for (Candidate candidate : starts.get(step)) {
                List<Way> next = ways.get(candidate.run().end());
                for (Way way : front) {
                    next.add(new Way(
                            way.saved + candidate.saved(), way.harm + candidate.harm(), way, candidate));
                }
            }
            if (step > 0) {
                ways.set(step, null);
            }
        }
        Way best = ways.get(end).getFirst();
        if (best.saved < enough) {
            throw new IllegalArgumentException("no choice of runs saves " + target + "; the most is " + best.saved);
        }
        List<Candidate> chosen = new ArrayList<>();
        for (Way way = best; way.last != null; way = way.before) {
            chosen.addFirst(way.last);
        }
        return chosen;
    }

    /** Drops every way that another matches in both; the one that saves most comes first. What is enough is enough. */
    private static List<Way> front(List<Way> ways, double enough) {
        ways.sort(Comparator.comparingDouble((Way way) -> -Math.min(way.saved, enough))
                .thenComparingDouble(way -> way.harm)
                .thenComparingDouble(way -> -way.saved));
        List<Way> front = new ArrayList<>();
        double least = Double.POSITIVE_INFINITY;
        for (Way way : ways) {
            if (way.harm < least) {
                front.add(way);
                least = way.harm;
            }
        }
        while (front.size() > FRONT) {
            List<Way> half = new ArrayList<>();
            for (int i = 0; i < front.size(); i += 2) {
                half.add(front.get(i));
            }
            // The way that leaves nothing out is the last and must stay: with it every choice is still reachable.
            if (half.getLast() != front.getLast()) {
                half.add(front.getLast());
            }
            front = half;
        }
        return front;
    }
}
