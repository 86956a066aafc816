package dev.skim.llm.profile;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.skim.llm.SkimException;
import dev.skim.skip.Importance;
import dev.skim.skip.Phase;
import dev.skim.skip.Profile;
import dev.skim.skip.Removal;
import dev.skim.skip.Run;
import dev.skim.skip.Share;
import dev.skim.skip.StandInSet;
import dev.skim.skip.StandInWeights;
import dev.skim.skip.SublayerCosts;
import dev.skim.tensor.ElementType;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class ProfileJsonTest {
    private static Importance importance(Random random, int layers) {
        int longest = 1 + random.nextInt(layers);
        double[][] runs = new double[longest][];
        double[][] scales = new double[longest][];
        for (int n = 0; n < longest; n++) {
            runs[n] = random.doubles(layers - n).toArray();
            scales[n] = random.doubles(layers - n, 0.1, 1e9).toArray();
        }
        return new Importance(
                1 + random.nextInt(1 << 30), random.doubles(2L * layers, -1, 1).toArray(),
                random.doubles(2L * layers, 1e-9, 3).toArray(), runs, scales);
    }

    private static StandInWeights standIn(Random random, Run run, int width) {
        ElementType type = random.nextBoolean() ? ElementType.F16 : ElementType.BF16;
        int rank = width > 1 ? random.nextInt(width) : 0;
        short[] map = new short[width * (rank == 0 ? width : rank)];
        short[] down = new short[rank * width];
        float[] bias = new float[width];
        for (short[] half : List.of(map, down)) {
            for (int i = 0; i < half.length; i++) {
                float value = (float) random.nextGaussian();
                half[i] = type == ElementType.F16
                        ? Float.floatToFloat16(value)
                        : (short) (Float.floatToRawIntBits(value) >>> 16);
            }
        }
        for (int i = 0; i < width; i++) {
            bias[i] = (float) random.nextGaussian();
        }
        return new StandInWeights(run, random.nextFloat(), rank, type, map, down, bias);
    }

    private static Profile profile(Random random, int layers, int width) {
        Profile.Builder builder = Profile.of("f00d", "F32 x 3, Q4_1 x " + layers, width, importance(random, layers))
                .notes("Ünïcode \"quoted\" and\nbroken");
        if (random.nextBoolean()) {
            builder.withoutFirst(importance(random, layers));
        }
        if (random.nextBoolean()) {
            builder.removals(List.of(
                    List.of(new Removal(new Run(0, 1), random.nextDouble()), new Removal(new Run(1, 1), 2)),
                    List.of(new Removal(new Run(0, 2), random.nextDouble()))));
            builder.harms(random.doubles(2L * layers).toArray(), random.doubles(layers).toArray());
        }
        if (random.nextBoolean()) {
            builder.costs(List.of(
                    new SublayerCosts(Phase.PREFILL, 512, random.nextDouble() + 1e-9, 0.25, 0),
                    new SublayerCosts(Phase.DECODE, 4096, 1e-7, random.nextDouble() + 1e-9, 3)));
        }
        if (random.nextBoolean()) {
            List<StandInWeights> maps = new ArrayList<>();
            for (int layer = 0; layer < layers; layer += 2) {
                maps.add(standIn(random, new Run(2 * layer, 1 + random.nextInt(2)), width));
            }
            builder.standIns(List.of(
                    new StandInSet(new Share(0.125), maps, "first"), new StandInSet(new Share(0.25), List.of(), "")));
        }
        return builder.build();
    }

    private static Profiles.Identity identity(int layers, int width) {
        return new Profiles.Identity("Some Model", "f00d", "F32 x 3, Q4_1 x " + layers, layers, width);
    }

    @Property(tries = 200)
    void whatIsWrittenIsReadWithTheSameBits(
            @ForAll long seed, @ForAll @IntRange(min = 1, max = 6) int layers, @ForAll @IntRange(min = 1, max = 9) int width) {
        Profile profile = profile(new Random(seed), layers, width);
        byte[] json = ProfileJson.write(profile, "Some Model");
        Profile read = ProfileJson.read(json, "The profile p.json", identity(layers, width));
        // All that a profile holds is in its JSON, as its text shows, so that equal texts are equal profiles.
        assertArrayEquals(json, ProfileJson.write(read, "Some Model"));
        assertEquals(profile.modelHash(), read.modelHash());
        assertEquals(profile.tensorTypes(), read.tensorTypes());
        assertEquals(profile.notes(), read.notes());
        assertArrayEquals(profile.importance().similarities(), read.importance().similarities());
        assertArrayEquals(profile.importance().scales(), read.importance().scales());
        assertArrayEquals(profile.importance().runScales(), read.importance().runScales());
        assertEquals(profile.importance().tokens(), read.importance().tokens());
        assertEquals(profile.importanceWithoutFirst().isPresent(), read.importanceWithoutFirst().isPresent());
        assertEquals(profile.costs(), read.costs());
        assertArrayEquals(profile.harm(), read.harm());
        assertEquals(profile.removals(), read.removals());
        assertArrayEquals(profile.layerHarm(), read.layerHarm());
        assertEquals(profile.standIns().size(), read.standIns().size());
        for (int i = 0; i < profile.standIns().size(); i++) {
            List<StandInWeights> expected = profile.standIns().get(i).standIns();
            List<StandInWeights> found = read.standIns().get(i).standIns();
            assertEquals(profile.standIns().get(i).share(), read.standIns().get(i).share());
            assertEquals(expected.size(), found.size());
            for (int j = 0; j < expected.size(); j++) {
                assertEquals(expected.get(j).run(), found.get(j).run());
                assertEquals(expected.get(j).epsilon(), found.get(j).epsilon());
                assertEquals(expected.get(j).type(), found.get(j).type());
                assertArrayEquals(expected.get(j).map(), found.get(j).map());
                assertArrayEquals(expected.get(j).down(), found.get(j).down());
                assertArrayEquals(expected.get(j).bias(), found.get(j).bias());
            }
        }
    }

    /** Cut short, with bytes changed, with pieces out or in: a profile or one sentence. */
    @Property(tries = 3000)
    void whatIsDamagedIsRefusedInOneSentence(@ForAll long seed) {
        Random random = new Random(seed);
        byte[] json = ProfileJson.write(profile(random, 2, 3), "Some Model");
        byte[] damaged;
        int at = random.nextInt(json.length);
        switch (random.nextInt(4)) {
            case 0 -> damaged = Arrays.copyOf(json, at);
            case 1 -> {
                damaged = json.clone();
                damaged[at] = (byte) random.nextInt(256);
            }
            case 2 -> {
                int length = Math.min(json.length - at, 1 + random.nextInt(40));
                damaged = Arrays.copyOf(json, json.length - length);
                System.arraycopy(json, at + length, damaged, at, json.length - at - length);
            }
            default -> {
                String text = new String(json, StandardCharsets.UTF_8);
                String[] values = {"-1", "1e999", "null", "{}", "[]", "\"\"", "99999999999999999999", "0.5", "[null]"};
                String value = values[random.nextInt(values.length)];
                int colon = text.indexOf(" : ", random.nextInt(text.length()));
                int end = colon < 0 ? -1 : text.indexOf('\n', colon);
                damaged = (end < 0 ? text + value : text.substring(0, colon + 3) + value + "," + text.substring(end))
                        .getBytes(StandardCharsets.UTF_8);
            }
        }
        try {
            ProfileJson.read(damaged, "The profile p.json", identity(2, 3));
        } catch (SkimException refusal) {
            String message = refusal.getMessage();
            assertTrue(message.startsWith("The profile p.json is "), message);
            assertTrue(message.endsWith(".") && message.indexOf('\n') < 0, message);
        }
    }

    @Example
    void harmsOfOneKindAloneAreRefused() {
        Profile profile = Profile.of("f00d", "F32 x 3, Q4_1 x 2", 3, importance(new Random(1), 2))
                .harms(new double[4], new double[2])
                .build();
        String json = new String(ProfileJson.write(profile, "Some Model"), StandardCharsets.UTF_8);
        for (String kind : List.of("harm", "layer_harm")) {
            String alone = json.replaceFirst("\"" + kind + "\" : \\[[^]]*]", "\"" + kind + "\" : []");
            String message = assertThrows(SkimException.class, () -> ProfileJson.read(
                            alone.getBytes(StandardCharsets.UTF_8), "The profile p.json", identity(2, 3)))
                    .getMessage();
            assertTrue(message.startsWith("The profile p.json is damaged: a profile has harms of both"), message);
        }
    }

    @Example
    void aCutProfileIsNoProfile() {
        byte[] json = ProfileJson.write(profile(new Random(1), 2, 3), "Some Model");
        for (int length = 0; length < json.length - 1; length += 7) {
            byte[] cut = Arrays.copyOf(json, length);
            assertThrows(SkimException.class, () -> ProfileJson.read(cut, "The profile p", identity(2, 3)));
        }
    }

    @Example
    void theProfileOfAnotherModelIsRefusedByName() {
        byte[] json = ProfileJson.write(profile(new Random(1), 2, 3), "Some Model");
        String message = assertThrows(SkimException.class, () -> ProfileJson.read(
                        json, "The profile p.json",
                        new Profiles.Identity("Other Model", "beef", "F32 x 3, Q4_1 x 2", 2, 3)))
                .getMessage();
        assertEquals("The profile p.json is that of Some Model, but this model is Other Model.", message);
        message = assertThrows(SkimException.class, () -> ProfileJson.read(
                        json, "The profile p.json",
                        new Profiles.Identity("Some Model", "beef", "Q8_0 x 5", 2, 3)))
                .getMessage();
        assertEquals(
                "The profile p.json is that of Some Model with tensors F32 x 3, Q4_1 x 2, but this model is Some Model "
                        + "with tensors Q8_0 x 5.",
                message);
        message = assertThrows(SkimException.class, () -> ProfileJson.read(
                        json, "The profile p.json",
                        new Profiles.Identity("Some Model", "beef", "F32 x 3, Q4_1 x 2", 2, 3)))
                .getMessage();
        assertEquals(
                "The profile p.json is that of another model of the name Some Model: the weights differ.", message);
    }
}
