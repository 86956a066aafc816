package dev.skim.llm.jinja;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Python's ways to take a string apart. */
final class Splitting {
    private Splitting() {}

    /** Splits at the separator (null: at runs of white space), at most {@code most} times, counted from the right if so. */
    static List<Object> split(String text, String separator, int most, boolean fromRight) {
        if (separator != null && separator.isEmpty()) {
            throw new TemplateException("empty separator");
        }
        List<Object> parts = new ArrayList<>();
        if (separator == null) {
            if (fromRight) {
                wordsFromRight(text, most, parts);
            } else {
                words(text, most, parts);
            }
        } else if (fromRight) {
            int end = text.length();
            for (int at = text.lastIndexOf(separator); at >= 0 && parts.size() < most; ) {
                parts.add(text.substring(at + separator.length(), end));
                end = at;
                at = at < separator.length() ? -1 : text.lastIndexOf(separator, at - separator.length());
            }
            parts.add(text.substring(0, end));
            Collections.reverse(parts);
        } else {
            int start = 0;
            for (int at = text.indexOf(separator); at >= 0 && parts.size() < most; at = text.indexOf(separator, start)) {
                parts.add(text.substring(start, at));
                start = at + separator.length();
            }
            parts.add(text.substring(start));
        }
        return parts;
    }

    private static void words(String text, int most, List<Object> parts) {
        int start = skip(text, 0, true);
        while (start < text.length() && parts.size() < most) {
            int end = skip(text, start, false);
            parts.add(text.substring(start, end));
            start = skip(text, end, true);
        }
        if (start < text.length()) {
            parts.add(text.substring(start));
        }
    }

    private static void wordsFromRight(String text, int most, List<Object> parts) {
        int end = skipBack(text, text.length(), true);
        while (end > 0 && parts.size() < most) {
            int start = skipBack(text, end, false);
            parts.add(text.substring(start, end));
            end = skipBack(text, start, true);
        }
        if (end > 0) {
            parts.add(text.substring(0, end));
        }
        Collections.reverse(parts);
    }

    private static int skip(String text, int from, boolean space) {
        int i = from;
        while (i < text.length() && Text.isSpace(text.charAt(i)) == space) {
            i++;
        }
        return i;
    }

    private static int skipBack(String text, int from, boolean space) {
        int i = from;
        while (i > 0 && Text.isSpace(text.charAt(i - 1)) == space) {
            i--;
        }
        return i;
    }

    static List<Object> lines(String text, boolean keepEnds) {
        List<Object> lines = new ArrayList<>();
        int start = 0;
        while (start < text.length()) {
            int end = start;
            while (end < text.length() && !isLineEnd(text.charAt(end))) {
                end++;
            }
            int next = end == text.length() ? end : text.startsWith("\r\n", end) ? end + 2 : end + 1;
            lines.add(text.substring(start, keepEnds ? next : end));
            start = next;
        }
        return lines;
    }

    private static boolean isLineEnd(char c) {
        return c >= '\n' && c <= '\r' || c >= 0x1c && c <= 0x1e || c == 0x85 || c == 0x2028 || c == 0x2029;
    }

    static Tuple partition(String text, String separator, boolean last) {
        if (separator.isEmpty()) {
            throw new TemplateException("empty separator");
        }
        int at = last ? text.lastIndexOf(separator) : text.indexOf(separator);
        if (at < 0) {
            return last ? Tuple.of("", "", text) : Tuple.of(text, "", "");
        }
        return Tuple.of(text.substring(0, at), separator, text.substring(at + separator.length()));
    }
}
