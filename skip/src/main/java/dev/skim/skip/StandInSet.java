package dev.skim.skip;

import java.util.Comparator;
import java.util.List;

/**
 * Stand-ins that were fitted together, each on the stream as the ones before it leave it, for one wanted saving.
 *
 * @param share the saving that was wanted
 * @param standIns in execution order, their runs disjoint
 * @param notes how they were fitted, for people
 */
public record StandInSet(Share share, List<StandInWeights> standIns, String notes) {
    /** Sorts, and checks that the runs do not overlap. */
    public StandInSet {
        standIns = standIns.stream()
                .sorted(Comparator.comparingInt(s -> s.run().start()))
                .toList();
        for (int i = 1; i < standIns.size(); i++) {
            if (standIns.get(i - 1).run().end() > standIns.get(i).run().start()) {
                throw new IllegalArgumentException("stand-ins overlap: " + standIns.get(i - 1).run() + " and "
                        + standIns.get(i).run());
            }
        }
    }

    /** The share of the layers' multiply-adds that the set really saves, its own cost counted. */
    public double saving(ModelShape shape) {
        long saved = 0;
        for (StandInWeights standIn : standIns) {
            saved += standIn.run().cost(shape) - standIn.multiplyAdds();
        }
        return (double) saved / shape.layersCost();
    }
}
