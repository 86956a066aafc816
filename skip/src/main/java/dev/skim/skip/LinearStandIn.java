package dev.skim.skip;

import dev.skim.nn.RmsNorm;
import dev.skim.tensor.Activations;
import dev.skim.tensor.PackedMatrix;
import dev.skim.tensor.Workers;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** {@code x + P rmsnorm(x) + b} with P full or of low rank, packed for the kernels; see {@link StandInWeights}. */
public final class LinearStandIn implements StandIn {
    /** Buffers of the calling thread: a stand-in is shared by sessions, its work on one batch is not. */
    private static final ThreadLocal<Scratch> SCRATCH = ThreadLocal.withInitial(Scratch::new);

    private final StandInWeights weights;
    private final RmsNorm norm;
    private final PackedMatrix map;
    private final PackedMatrix down;

    private static final class Scratch {
        final Activations outer = new Activations();
        final Activations inner = new Activations();
        float[] normed = new float[0];
        float[] reduced = new float[0];
    }

    /** Packs the weights. */
    public LinearStandIn(StandInWeights weights, Workers workers) {
        this.weights = weights;
        int width = weights.width();
        int rank = weights.rank();
        float[] ones = new float[width];
        Arrays.fill(ones, 1);
        norm = new RmsNorm("stand-in", ones, weights.epsilon());
        map = PackedMatrix.pack(
                weights.type(), MemorySegment.ofArray(weights.map()), width, rank == 0 ? width : rank, workers);
        down = rank == 0
                ? null
                : PackedMatrix.pack(weights.type(), MemorySegment.ofArray(weights.down()), rank, width, workers);
    }

    /** The sublayers that it takes the place of. */
    public Run run() {
        return weights.run();
    }

    @Override
    public void apply(float[] stream, int offset, int tokens, Workers workers) {
        Scratch scratch = SCRATCH.get();
        int width = weights.width();
        if (scratch.normed.length < tokens * width) {
            scratch.normed = new float[tokens * width];
        }
        float[] bias = weights.bias();
        for (int t = 0; t < tokens; t++) {
            int at = offset + t * width;
            norm.apply(stream, at, scratch.normed, t * width);
            for (int i = 0; i < width; i++) {
                stream[at + i] += bias[i];
            }
        }
        scratch.outer.set(scratch.normed, 0, width, tokens, width);
        if (down == null) {
            map.multiply(scratch.outer, stream, offset, width, true, workers);
            return;
        }
        int rank = weights.rank();
        if (scratch.reduced.length < tokens * rank) {
            scratch.reduced = new float[tokens * rank];
        }
        down.multiply(scratch.outer, scratch.reduced, 0, rank, false, workers);
        scratch.inner.set(scratch.reduced, 0, rank, tokens, rank);
        map.multiply(scratch.inner, stream, offset, width, true, workers);
    }

    @Override
    public long multiplyAdds() {
        return weights.multiplyAdds();
    }
}
