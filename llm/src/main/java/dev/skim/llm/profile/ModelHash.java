package dev.skim.llm.profile;

import dev.skim.gguf.GgufFile;
import dev.skim.gguf.Metadata;
import dev.skim.gguf.TensorInfo;
import dev.skim.llm.storage.Sha256;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * What binds a profile to a model: SHA-256 over the architecture's metadata (keys that begin with its name, sorted), the
 * name, type and shape of every tensor, and of every tensor's bytes 16 blocks of 4 KiB, evenly spread with its first and
 * last; tensors of up to 64 KiB whole.
 *
 * <p>A whole file would take seconds for a large model at every start; this reads at most 64 KiB of a tensor. Training or
 * quantising anew changes all blocks of a tensor. Name, chat template and vocabulary are left out: the layers compute the
 * same under another one. The order of tensors and the split into files do not matter.
 */
final class ModelHash {
    private static final int BLOCK = 4096;
    private static final int BLOCKS = 16;

    private ModelHash() {}

    /** The hash in lower-case hexadecimal. */
    static String of(GgufFile file) {
        MessageDigest digest = Sha256.newDigest();
        Metadata metadata = file.metadata();
        String architecture = metadata.string("general.architecture").orElse("");
        text(digest, "skim profile 1, " + architecture);
        for (String key : new TreeSet<>(metadata.keys())) {
            if (key.startsWith(architecture + ".")) {
                text(digest, key + " " + metadata.typeName(key) + " " + metadata.value(key).orElseThrow());
            }
        }
        TreeMap<String, TensorInfo> tensors = new TreeMap<>();
        file.tensors().forEach(tensor -> tensors.put(tensor.name(), tensor));
        for (TensorInfo tensor : tensors.values()) {
            text(digest, tensor.name() + " " + tensor.type() + " " + tensor.shape());
            try (Arena arena = Arena.ofConfined()) {
                samples(digest, file.map(tensor, arena));
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static void samples(MessageDigest digest, MemorySegment bytes) {
        if (bytes.byteSize() <= (long) BLOCKS * BLOCK) {
            digest.update(bytes.asByteBuffer());
            return;
        }
        long last = bytes.byteSize() - BLOCK;
        for (int i = 0; i < BLOCKS; i++) {
            digest.update(bytes.asSlice(last / (BLOCKS - 1) * i + (i == BLOCKS - 1 ? last % (BLOCKS - 1) : 0), BLOCK)
                    .asByteBuffer());
        }
    }

    /** How many tensors there are of which type, such as {@code F32 x 61, Q4_1 x 210}. */
    static String tensorTypes(GgufFile file) {
        Map<String, Long> counts = file.tensors().stream()
                .collect(Collectors.groupingBy(tensor -> tensor.type().toString(), TreeMap::new, Collectors.counting()));
        return counts.entrySet().stream()
                .map(entry -> entry.getKey() + " x " + entry.getValue())
                .collect(Collectors.joining(", "));
    }

    /** With its length before it, so that no two sequences of texts read alike. */
    private static void text(MessageDigest digest, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        digest.update((bytes.length + ":").getBytes(StandardCharsets.US_ASCII));
        digest.update(bytes);
    }
}
