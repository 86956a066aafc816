package dev.skim.llm.profile;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** A JSON object that is read strictly: each getter says by its path what is there and what must be. */
record Fields(JsonNode node, String where) {
    static Fields of(JsonNode root) {
        if (!root.isObject()) {
            throw new IllegalArgumentException("it must be a JSON object");
        }
        return new Fields(root, "");
    }

    String path(String name) {
        return where.isEmpty() ? name : where + "." + name;
    }

    boolean has(String name) {
        return node.has(name);
    }

    private IllegalArgumentException fault(String name, String wanted) {
        return new IllegalArgumentException(path(name) + " must be " + wanted);
    }

    Fields object(String name) {
        if (!node.path(name).isObject()) {
            throw fault(name, "an object");
        }
        return new Fields(node.path(name), path(name));
    }

    List<Fields> objects(String name) {
        List<Fields> objects = new ArrayList<>();
        for (JsonNode element : array(node.path(name), name)) {
            if (!element.isObject()) {
                throw fault(name, "a list of objects");
            }
            objects.add(new Fields(element, path(name)));
        }
        return objects;
    }

    private JsonNode array(JsonNode value, String name) {
        if (!value.isArray()) {
            throw fault(name, "a list");
        }
        return value;
    }

    String text(String name) {
        if (!node.path(name).isTextual()) {
            throw fault(name, "a text");
        }
        return node.path(name).textValue();
    }

    long whole(String name, long least, long most) {
        JsonNode value = node.path(name);
        if (!value.isIntegralNumber() || !value.canConvertToLong() || value.longValue() < least || value.longValue() > most) {
            throw fault(name, "a whole number from " + least + " to " + most);
        }
        return value.longValue();
    }

    double number(String name) {
        return number(node.path(name), name);
    }

    private double number(JsonNode value, String name) {
        double number = value.isNumber() ? value.doubleValue() : Double.NaN;
        if (!Double.isFinite(number)) {
            throw fault(name, "made of finite numbers");
        }
        return number;
    }

    double[] numbers(String name) {
        return numbers(node.path(name), name);
    }

    private double[] numbers(JsonNode value, String name) {
        double[] numbers = new double[array(value, name).size()];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = number(value.get(i), name);
        }
        return numbers;
    }

    double[][] rows(String name) {
        JsonNode value = array(node.path(name), name);
        double[][] rows = new double[value.size()][];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = numbers(value.get(i), name);
        }
        return rows;
    }

    @SafeVarargs
    final <E extends Enum<E>> E oneOf(String name, E... values) {
        String text = text(name);
        for (E value : values) {
            if (value.name().equalsIgnoreCase(text)) {
                return value;
            }
        }
        throw fault(name, Arrays.stream(values)
                .map(value -> value.name().toLowerCase(Locale.ROOT))
                .collect(Collectors.joining(" or ")));
    }

    private ByteBuffer bytes(String name, int multiple) {
        try {
            if (node.path(name).isTextual()) {
                byte[] bytes = node.path(name).binaryValue();
                if (bytes.length % multiple == 0) {
                    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
                }
            }
        } catch (IOException notBase64) {
            // The sentence below says it.
        }
        throw fault(name, "the base64 of a multiple of " + multiple + " bytes");
    }

    /** 16-bit numbers, a multiple of {@code width} of them. */
    short[] shorts(String name, int width) {
        ByteBuffer bytes = bytes(name, Short.BYTES * Math.max(1, width));
        short[] shorts = new short[bytes.remaining() / Short.BYTES];
        bytes.asShortBuffer().get(shorts);
        return shorts;
    }

    float[] floats(String name) {
        ByteBuffer bytes = bytes(name, Float.BYTES);
        float[] floats = new float[bytes.remaining() / Float.BYTES];
        bytes.asFloatBuffer().get(floats);
        for (float value : floats) {
            if (!Float.isFinite(value)) {
                throw fault(name, "made of finite numbers");
            }
        }
        return floats;
    }
}
