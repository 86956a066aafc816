package dev.skim.skip;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.stream.StreamSupport;

/** Profiles for tests: the reference's, and random ones. */
final class Fixtures {
    /** What the real model looks like to a policy. */
    static final ModelShape SMOL = new ModelShape(30, 576, 884_736, 2_654_208);

    private Fixtures() {}

    static JsonNode reference() {
        String folder = System.getProperty("skim.reference", "");
        Path file = Path.of(folder, "skip", "adaskip.json");
        assumeTrue(Files.exists(file), "the reference outputs (skim.reference, " + file + ") are not here");
        try {
            return new ObjectMapper().readTree(file.toFile());
        } catch (IOException unreadable) {
            throw new IllegalStateException(unreadable);
        }
    }

    static double[] doubles(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false).mapToDouble(JsonNode::asDouble).toArray();
    }

    /** The profile that the reference's numbers make. */
    static Profile referenceProfile(JsonNode reference) {
        double[] layers = doubles(reference.get("layer_similarity"));
        double[] ones = new double[layers.length];
        java.util.Arrays.fill(ones, 1);
        Importance importance = new Importance(
                4096, doubles(reference.get("similarity")), doubles(reference.get("scale")), new double[][] {layers},
                new double[][] {ones});
        return Profile.of("hash", "Q4_1", 576, importance).build();
    }

    /** A profile of random similarities and scales, with runs of up to 4 layers. */
    static Profile random(int layers, int width, long seed) {
        Random random = new Random(seed);
        double[] similarity = random.doubles(2L * layers, 0.5, 1).toArray();
        double[] scale = random.doubles(2L * layers, 0.9, 1.2).toArray();
        int longest = Math.min(4, layers);
        double[][] runSimilarity = new double[longest][];
        double[][] runScale = new double[longest][];
        for (int n = 0; n < longest; n++) {
            runSimilarity[n] = random.doubles(layers - n, 0.3, 1).toArray();
            runScale[n] = random.doubles(layers - n, 0.9, 1.2).toArray();
        }
        return Profile.of("hash", "F16", width, new Importance(100, similarity, scale, runSimilarity, runScale))
                .build();
    }
}
