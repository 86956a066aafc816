package dev.skim.llm.profile;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
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
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A profile as JSON. Doubles are written so that they are read back with the same bits; the maps of stand-ins are base64
 * of their little-endian 16-bit numbers (their biases of 32-bit ones), in the file itself: 0.9 MB for a full map of width
 * 576.
 */
final class ProfileJson {
    private static final int VERSION = 2;
    private static final ObjectMapper MAPPER = new ObjectMapper(JsonFactory.builder()
                    // A map of width 4096 is a string of 45 million characters.
                    .streamReadConstraints(StreamReadConstraints.builder().maxStringLength(Integer.MAX_VALUE).build())
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(SerializationFeature.INDENT_OUTPUT);

    private ProfileJson() {}

    static byte[] write(Profile profile, String modelName) {
        ObjectNode root = MAPPER.createObjectNode().put("skim_profile", VERSION);
        root.putObject("model")
                .put("name", modelName)
                .put("hash", profile.modelHash())
                .put("tensor_types", profile.tensorTypes())
                .put("layers", profile.layers())
                .put("width", profile.width());
        root.put("notes", profile.notes());
        root.set("importance", importance(profile.importance()));
        profile.importanceWithoutFirst().ifPresent(rest -> root.set("importance_without_first", importance(rest)));
        ArrayNode costs = root.putArray("costs");
        for (SublayerCosts cost : profile.costs()) {
            costs.addObject()
                    .put("phase", cost.phase().name().toLowerCase(Locale.ROOT))
                    .put("context", cost.context())
                    .put("attention_ms", cost.attention())
                    .put("feed_forward_ms", cost.feedForward())
                    .put("rest_ms", cost.rest());
        }
        root.set("harm", array(profile.harm()));
        root.set("layer_harm", array(profile.layerHarm()));
        ArrayNode orders = root.putArray("removals");
        for (List<Removal> order : profile.removals()) {
            ArrayNode steps = orders.addObject().putArray("steps");
            for (Removal removal : order) {
                steps.addObject()
                        .put("start", removal.run().start())
                        .put("span", removal.run().span())
                        .put("harm", removal.harm());
            }
        }
        ArrayNode sets = root.putArray("stand_ins");
        for (StandInSet set : profile.standIns()) {
            ObjectNode node = sets.addObject().put("share", set.share().toString()).put("notes", set.notes());
            ArrayNode maps = node.putArray("maps");
            set.standIns().forEach(standIn -> maps.add(standIn(standIn)));
        }
        try {
            return MAPPER.writeValueAsBytes(root);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    private static ObjectNode importance(Importance importance) {
        ObjectNode node = MAPPER.createObjectNode().put("tokens", importance.tokens());
        node.set("similarity", array(importance.similarities()));
        node.set("scale", array(importance.scales()));
        node.set("run_similarity", rows(importance.runSimilarities()));
        node.set("run_scale", rows(importance.runScales()));
        return node;
    }

    private static ArrayNode array(double[] values) {
        ArrayNode array = MAPPER.createArrayNode();
        for (double value : values) {
            array.add(value);
        }
        return array;
    }

    private static ArrayNode rows(double[][] values) {
        ArrayNode rows = MAPPER.createArrayNode();
        for (double[] row : values) {
            rows.add(array(row));
        }
        return rows;
    }

    private static ObjectNode standIn(StandInWeights weights) {
        ByteBuffer bias = ByteBuffer.allocate(weights.bias().length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bias.asFloatBuffer().put(weights.bias());
        return MAPPER.createObjectNode()
                .put("start", weights.run().start())
                .put("span", weights.run().span())
                .put("epsilon", (double) weights.epsilon())
                .put("rank", weights.rank())
                .put("type", weights.type().name())
                .put("map", bytes(weights.map()))
                .put("down", bytes(weights.down()))
                .put("bias", bias.array());
    }

    private static byte[] bytes(short[] values) {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * Short.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asShortBuffer().put(values);
        return bytes.array();
    }

    /**
     * Reads a profile.
     *
     * @param origin begins the sentence that says what is wrong
     * @throws SkimException when it is no profile, or is that of another model
     */
    static Profile read(byte[] json, String origin, Profiles.Identity model) {
        JsonNode root;
        try {
            root = MAPPER.readTree(json);
        } catch (JsonProcessingException e) {
            throw new SkimException(origin + " is not JSON: " + oneLine(e.getOriginalMessage()) + ".", e);
        } catch (IOException e) {
            throw new SkimException(origin + " is not JSON: " + oneLine(e.getMessage()) + ".", e);
        }
        try {
            Fields fields = Fields.of(root);
            long version = fields.whole("skim_profile", 1, Integer.MAX_VALUE);
            if (version != VERSION) {
                throw new SkimException(origin + " is of version " + version + "; this Skim reads version " + VERSION + ".");
            }
            check(fields.object("model"), origin, model);
            return profile(fields, model);
        } catch (IllegalArgumentException e) {
            throw new SkimException(origin + " is damaged: " + oneLine(e.getMessage()) + ".", e);
        }
    }

    private static String oneLine(String text) {
        return text == null ? "it cannot be parsed" : text.strip().replaceAll("\\s+", " ").replaceAll("\\.$", "");
    }

    private static void check(Fields found, String origin, Profiles.Identity model) {
        String name = found.text("name");
        String types = found.text("tensor_types");
        if (!types.equals(model.tensorTypes())) {
            throw new SkimException(origin + " is that of " + name + " with tensors " + types + ", but this model is "
                    + model.name() + " with tensors " + model.tensorTypes() + ".");
        }
        if (!found.text("hash").equals(model.hash())) {
            throw new SkimException(origin + " is that of " + (name.equals(model.name())
                    ? "another model of the name " + name + ": the weights differ."
                    : name + ", but this model is " + model.name() + "."));
        }
        if (found.whole("layers", 1, 1 << 20) != model.layers() || found.whole("width", 1, 1 << 20) != model.width()) {
            throw new IllegalArgumentException("its layers and width must be the model's, " + model.layers() + " and "
                    + model.width());
        }
    }

    private static Profile profile(Fields fields, Profiles.Identity model) {
        Profile.Builder builder = Profile.of(
                        model.hash(), model.tensorTypes(), model.width(), importance(fields.object("importance"), model))
                .notes(fields.text("notes"))
                .harms(fields.numbers("harm"), fields.numbers("layer_harm"));
        if (fields.has("importance_without_first")) {
            builder.withoutFirst(importance(fields.object("importance_without_first"), model));
        }
        List<SublayerCosts> costs = new ArrayList<>();
        for (Fields cost : fields.objects("costs")) {
            costs.add(new SublayerCosts(
                    cost.oneOf("phase", Phase.values()),
                    (int) cost.whole("context", 1, Integer.MAX_VALUE),
                    cost.number("attention_ms"),
                    cost.number("feed_forward_ms"),
                    cost.number("rest_ms")));
        }
        List<List<Removal>> removals = new ArrayList<>();
        for (Fields order : fields.objects("removals")) {
            List<Removal> steps = new ArrayList<>();
            for (Fields step : order.objects("steps")) {
                steps.add(new Removal(run(step), step.number("harm")));
            }
            removals.add(steps);
        }
        List<StandInSet> sets = new ArrayList<>();
        for (Fields set : fields.objects("stand_ins")) {
            List<StandInWeights> maps = new ArrayList<>();
            for (Fields map : set.objects("maps")) {
                maps.add(standIn(map));
            }
            sets.add(new StandInSet(Share.parse(set.text("share")), maps, set.text("notes")));
        }
        return builder.costs(costs).removals(removals).standIns(sets).build();
    }

    private static Importance importance(Fields fields, Profiles.Identity model) {
        double[] similarity = fields.numbers("similarity");
        if (similarity.length != 2 * model.layers()) {
            throw new IllegalArgumentException(fields.path("similarity") + " must have " + 2 * model.layers()
                    + " numbers, not " + similarity.length);
        }
        return new Importance(
                fields.whole("tokens", 1, Long.MAX_VALUE),
                similarity,
                fields.numbers("scale"),
                fields.rows("run_similarity"),
                fields.rows("run_scale"));
    }

    private static Run run(Fields fields) {
        return new Run((int) fields.whole("start", 0, 1 << 20), (int) fields.whole("span", 1, 1 << 20));
    }

    private static StandInWeights standIn(Fields fields) {
        float[] bias = fields.floats("bias");
        ElementType type = fields.oneOf("type", ElementType.F16, ElementType.BF16);
        return new StandInWeights(
                run(fields),
                (float) fields.number("epsilon"),
                (int) fields.whole("rank", 0, 1 << 20),
                type,
                finite(fields.shorts("map", bias.length), type, fields.path("map")),
                finite(fields.shorts("down", bias.length), type, fields.path("down")),
                bias);
    }

    private static short[] finite(short[] values, ElementType type, String path) {
        int exponent = type == ElementType.F16 ? 0x7c00 : 0x7f80;
        for (short value : values) {
            if ((value & exponent) == exponent) {
                throw new IllegalArgumentException(path + " must be made of finite numbers");
            }
        }
        return values;
    }
}
