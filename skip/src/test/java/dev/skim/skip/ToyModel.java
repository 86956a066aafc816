package dev.skim.skip;

import dev.skim.tensor.Workers;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Random;

/**
 * A layer loop over random sublayers, as the contract of {@link SkipPlan} has it. A feed-forward adds a random linear map
 * of the token; an attention adds one of the mean of all tokens so far that have a row in its cache, and notices when a
 * row is missing.
 */
final class ToyModel {
    final ModelShape shape;
    final Workers workers = new Workers(1);
    private final float[][] weights;

    ToyModel(int layers, int width, long seed, double strength) {
        shape = new ModelShape(layers, width, width * width, 3L * width * width);
        Random random = new Random(seed);
        weights = new float[2 * layers][width * width];
        for (float[] matrix : weights) {
            // Some sublayers do much and some do little, so that there is an order among them.
            double size = strength * Math.exp(random.nextGaussian()) / Math.sqrt(width);
            for (int i = 0; i < matrix.length; i++) {
                matrix[i] = (float) (size * random.nextGaussian());
            }
        }
    }

    /** Random embeddings of tokens. */
    static float[] embeddings(int tokens, int width, long seed) {
        Random random = new Random(seed);
        float[] out = new float[tokens * width];
        for (int i = 0; i < out.length; i++) {
            out[i] = (float) random.nextGaussian();
        }
        return out;
    }

    Session session(SkipPlan plan) {
        return new Session(plan);
    }

    final class Session {
        private final SkipPlan plan;
        private final double[][] sums = new double[shape.layers()][shape.width()];
        final int[] rows = new int[shape.layers()];
        /** For each sublayer, tokens that it ran for. */
        final int[] ran = new int[shape.sublayers()];
        int position;

        Session(SkipPlan plan) {
            this.plan = plan;
        }

        /** One pass; returns the stream behind it. */
        float[] pass(Phase phase, float[] embeddings) {
            return pass(phase, embeddings, shape.sublayers());
        }

        /** A pass that is cancelled before the step {@code cancelled}, and leaves nothing but what the plan saw of it. */
        void cancelledPass(Phase phase, float[] embeddings, int cancelled) {
            double[][] sums = new double[shape.layers()][];
            Arrays.setAll(sums, layer -> this.sums[layer].clone());
            int[] rows = this.rows.clone();
            int[] ran = this.ran.clone();
            pass(phase, embeddings, cancelled);
            System.arraycopy(sums, 0, this.sums, 0, sums.length);
            System.arraycopy(rows, 0, this.rows, 0, rows.length);
            System.arraycopy(ran, 0, this.ran, 0, ran.length);
        }

        private float[] pass(Phase phase, float[] embeddings, int end) {
            float[] stream = embeddings.clone();
            int width = shape.width();
            int tokens = stream.length / width;
            plan.begin(phase, position, tokens);
            for (int step = 0; step < end; ) {
                int sublayer = shape.sublayer(step);
                Decision decision = plan.decide(sublayer, phase, tokens);
                step++;
                if (decision instanceof Decision.Stop) {
                    break;
                }
                switch (decision) {
                    case Decision.LeaveOut out -> {
                        for (int i = 0; i < stream.length; i++) {
                            stream[i] *= out.scale();
                        }
                    }
                    case Decision.Replace replace -> {
                        replace.standIn().apply(stream, 0, tokens, workers);
                        step += replace.span() - 1;
                    }
                    case Decision.RunTokens some -> run(sublayer, stream, tokens, some.tokens());
                    default -> {
                        float[] input = stream.clone();
                        run(sublayer, stream, tokens, null);
                        // Shown only where it ran for all, as the decoder does.
                        if (plan.observes(sublayer, phase)) {
                            plan.observe(sublayer, phase, input, stream, tokens, width);
                        }
                    }
                }
            }
            if (end == shape.sublayers()) {
                plan.end(phase);
                position += tokens;
            }
            return stream;
        }

        private void run(int sublayer, float[] stream, int tokens, BitSet only) {
            float[] input = stream.clone();
            int width = shape.width();
            if (shape.isAttention(sublayer) && rows[sublayer] != position) {
                throw new IllegalStateException("attention " + sublayer + " at position " + position + " has only "
                        + rows[sublayer] + " rows");
            }
            for (int t = 0; t < tokens; t++) {
                double[] x = new double[width];
                for (int i = 0; i < width; i++) {
                    x[i] = input[t * width + i];
                }
                if (shape.isAttention(sublayer)) {
                    rows[sublayer]++;
                    for (int i = 0; i < width; i++) {
                        sums[sublayer][i] += x[i];
                        x[i] = sums[sublayer][i] / rows[sublayer];
                    }
                }
                if (only != null && !only.get(t)) {
                    continue;
                }
                ran[sublayer]++;
                for (int r = 0; r < width; r++) {
                    double sum = 0;
                    for (int c = 0; c < width; c++) {
                        sum += weights[sublayer][r * width + c] * x[c];
                    }
                    stream[t * width + r] += (float) sum;
                }
            }
        }
    }
}
