package dev.skim.gguf;

import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The name of one file of a split model.
 *
 * @param file the file
 * @param stem the name before {@code -00001-of-00003.gguf}
 * @param part which part this is, from 0
 * @param count how many there are
 */
record SplitName(Path file, String stem, int part, int count) {
    private static final Pattern PATTERN = Pattern.compile("(.+)-(\\d{5})-of-(\\d{5})\\.gguf", Pattern.DOTALL);

    /** The parsed name, or null where a file is not named like a part. */
    static SplitName of(Path file) {
        Path name = file.getFileName();
        Matcher matcher = name == null ? null : PATTERN.matcher(name.toString());
        if (matcher == null || !matcher.matches()) {
            return null;
        }
        int number = Integer.parseInt(matcher.group(2));
        int count = Integer.parseInt(matcher.group(3));
        return number < 1 || number > count ? null : new SplitName(file, matcher.group(1), number - 1, count);
    }

    /** The file that holds another part. */
    Path file(int part) {
        return file.resolveSibling(Layout.splitName(stem, part, count));
    }
}
