package dev.skim.llm.tokenizer;

import dev.skim.gguf.Metadata;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** An array of strings, to be walked through as UTF-8 without a String of each. */
public interface Strings {
    /** The number of strings. */
    int size();

    /** The string at {@code index}. */
    String get(int index);

    /** Walks through all. */
    void forEach(Metadata.StringVisitor visitor);

    /** The strings of a list. */
    static Strings of(List<String> list) {
        return new Strings() {
            @Override
            public int size() {
                return list.size();
            }

            @Override
            public String get(int index) {
                return list.get(index);
            }

            @Override
            public void forEach(Metadata.StringVisitor visitor) {
                for (int i = 0; i < list.size(); i++) {
                    byte[] bytes = list.get(i).getBytes(StandardCharsets.UTF_8);
                    visitor.visit(i, bytes, 0, bytes.length);
                }
            }
        };
    }

    /** The strings of a file's array; none where the key is absent. */
    static Strings of(Metadata metadata, String key) {
        List<String> list = metadata.strings(key).orElse(List.of());
        return new Strings() {
            @Override
            public int size() {
                return list.size();
            }

            @Override
            public String get(int index) {
                return list.get(index);
            }

            @Override
            public void forEach(Metadata.StringVisitor visitor) {
                metadata.forEachString(key, visitor);
            }
        };
    }
}
