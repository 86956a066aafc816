package dev.skim.skip;

import java.util.List;
import java.util.Optional;

/**
 * What calibration found out about one model file. Immutable; bound to the file by hash and tensor types.
 *
 * <p>Beta of AdaSkip's online stage is the least similarity of the offline set, so it is kept with the similarities and
 * follows from them for every count.
 */
public final class Profile {
    private final String modelHash;
    private final String tensorTypes;
    private final int width;
    private final Importance importance;
    private final Importance withoutFirst;
    private final List<SublayerCosts> costs;
    private final double[] harm;
    private final double[] layerHarm;
    private final List<List<Removal>> removals;
    private final List<StandInSet> standIns;
    private final String notes;

    private Profile(Builder builder) {
        modelHash = builder.modelHash;
        tensorTypes = builder.tensorTypes;
        width = builder.width;
        importance = builder.importance;
        withoutFirst = builder.withoutFirst;
        costs = List.copyOf(builder.costs);
        harm = builder.harm.clone();
        layerHarm = builder.layerHarm.clone();
        removals = builder.removals.stream().map(List::copyOf).toList();
        standIns = List.copyOf(builder.standIns);
        notes = builder.notes;
    }

    /**
     * Starts a profile.
     *
     * @param modelHash hash of the model file
     * @param tensorTypes which element types its tensors have; a profile holds for one quantisation
     * @param width elements of the residual stream
     */
    public static Builder of(String modelHash, String tensorTypes, int width, Importance importance) {
        return new Builder(modelHash, tensorTypes, width, importance);
    }

    /** A builder that starts from this profile. */
    public Builder edit() {
        Builder builder = new Builder(modelHash, tensorTypes, width, importance);
        builder.withoutFirst = withoutFirst;
        builder.costs = costs;
        builder.harm = harm;
        builder.layerHarm = layerHarm;
        builder.removals = removals;
        builder.standIns = standIns;
        builder.notes = notes;
        return builder;
    }

    /** Hash of the model file. */
    public String modelHash() {
        return modelHash;
    }

    /** Which element types the tensors of the file have. */
    public String tensorTypes() {
        return tensorTypes;
    }

    /** Decoder layers M. */
    public int layers() {
        return importance.layers();
    }

    /** Elements of the residual stream. */
    public int width() {
        return width;
    }

    /** Means over all calibration tokens. */
    public Importance importance() {
        return importance;
    }

    /** Means over all calibration tokens but the first positions. */
    public Optional<Importance> importanceWithoutFirst() {
        return Optional.ofNullable(withoutFirst);
    }

    /** Measured times of the dense model; empty where none were taken. */
    public List<SublayerCosts> costs() {
        return costs;
    }

    /** Measured harm of leaving out each of 2M sublayers alone (mean KL in nats, say); empty where not measured. */
    public double[] harm() {
        return harm.clone();
    }

    /** Measured harm of leaving out each of M layers alone; empty where not measured. */
    public double[] layerHarm() {
        return layerHarm.clone();
    }

    /** Orders in which sublayers may be left out, each with what that does together; empty where not measured. */
    public List<List<Removal>> removals() {
        return removals;
    }

    /** Fitted stand-ins, one set for each saving. */
    public List<StandInSet> standIns() {
        return standIns;
    }

    /** How it was made: calibration text, method, date; for people. */
    public String notes() {
        return notes;
    }

    /**
     * Checks that the profile can be that of a model.
     *
     * @throws IllegalArgumentException when layers or width differ
     */
    public void check(ModelShape shape) {
        if (layers() != shape.layers() || width != shape.width()) {
            throw new IllegalArgumentException("the profile is of a model with " + layers() + " layers of width " + width
                    + ", but this model has " + shape.layers() + " layers of width " + shape.width());
        }
    }

    /** Sets the optional parts of a profile. */
    public static final class Builder {
        private final String modelHash;
        private final String tensorTypes;
        private final int width;
        private final Importance importance;
        private Importance withoutFirst;
        private List<SublayerCosts> costs = List.of();
        private double[] harm = {};
        private double[] layerHarm = {};
        private List<List<Removal>> removals = List.of();
        private List<StandInSet> standIns = List.of();
        private String notes = "";

        private Builder(String modelHash, String tensorTypes, int width, Importance importance) {
            this.modelHash = modelHash;
            this.tensorTypes = tensorTypes;
            this.width = width;
            this.importance = importance;
        }

        /** Means without the first positions. */
        public Builder withoutFirst(Importance rest) {
            withoutFirst = rest;
            return this;
        }

        /** Measured times. */
        public Builder costs(List<SublayerCosts> measured) {
            costs = measured;
            return this;
        }

        /** Measured harms: 2M of sublayers and M of layers, or none of either. */
        public Builder harms(double[] sublayers, double[] layers) {
            harm = sublayers;
            layerHarm = layers;
            return this;
        }

        /** Orders in which sublayers may be left out. */
        public Builder removals(List<List<Removal>> orders) {
            removals = orders;
            return this;
        }

        /** Fitted stand-ins. */
        public Builder standIns(List<StandInSet> sets) {
            standIns = sets;
            return this;
        }

        /** How it was made. */
        public Builder notes(String text) {
            notes = text;
            return this;
        }

        /**
         * The profile.
         *
         * @throws IllegalArgumentException when the parts are of different models
         */
        public Profile build() {
            int layers = importance.layers();
            if (withoutFirst != null && withoutFirst.layers() != layers) {
                throw new IllegalArgumentException("the two means of a profile are of " + layers + " and "
                        + withoutFirst.layers() + " layers");
            }
            if (harm.length != 0 && harm.length != 2 * layers || layerHarm.length != 0 && layerHarm.length != layers) {
                throw new IllegalArgumentException("a profile of " + layers + " layers has harms of " + 2 * layers
                        + " sublayers and " + layers + " layers, not " + harm.length + " and " + layerHarm.length);
            }
            if ((harm.length == 0) != (layerHarm.length == 0)) {
                // Who compares sublayers with layers would take a similarity for the harm that is not there.
                throw new IllegalArgumentException("a profile has harms of both sublayers and layers, or of neither, not "
                        + harm.length + " of sublayers and " + layerHarm.length + " of layers");
            }
            for (List<Removal> order : removals) {
                for (Removal removal : order) {
                    if (removal.run().end() > 2 * layers) {
                        throw new IllegalArgumentException(removal.run() + " is not in a model of " + layers + " layers");
                    }
                }
            }
            for (StandInSet set : standIns) {
                for (StandInWeights standIn : set.standIns()) {
                    if (standIn.width() != width || standIn.run().end() > 2 * layers) {
                        throw new IllegalArgumentException("a stand-in of width " + standIn.width() + " for "
                                + standIn.run() + " is not of a model with " + layers + " layers of width " + width);
                    }
                }
            }
            return new Profile(this);
        }
    }
}
