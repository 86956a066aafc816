package dev.skim.llm.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** The methods of Python's str. */
final class StringMethods {
    static final Set<String> NAMES = Set.of("capitalize", "casefold", "center", "count", "endswith", "find", "format",
            "index", "isalnum", "isalpha", "isascii", "isdecimal", "isdigit", "islower", "isnumeric", "isspace", "istitle",
            "isupper", "join", "ljust", "lower", "lstrip", "partition", "removeprefix", "removesuffix", "replace", "rfind",
            "rindex", "rjust", "rpartition", "rsplit", "rstrip", "split", "splitlines", "startswith", "strip", "swapcase",
            "title", "upper", "zfill");

    private StringMethods() {}

    static Object call(Run run, String text, String name, Arguments arguments) {
        return switch (name) {
            case "strip", "lstrip", "rstrip" -> {
                String characters = arguments.bind(name, 0, "chars").textOrNone(0);
                yield strip(text, characters, !name.equals("rstrip"), !name.equals("lstrip"));
            }
            case "split", "rsplit" -> {
                Arguments.Bound bound = arguments.bind(name, 0, "sep", "maxsplit");
                int most = bound.integer(1, -1);
                yield Splitting.split(text, bound.textOrNone(0), most < 0 ? Integer.MAX_VALUE : most, name.equals("rsplit"));
            }
            case "splitlines" -> Splitting.lines(text, arguments.bind(name, 0, "keepends").truth(0, false));
            case "partition", "rpartition" -> {
                String separator = arguments.bind(name, 1, "sep").text(0, null);
                yield Splitting.partition(text, separator, name.equals("rpartition"));
            }
            case "startswith", "endswith" -> affix(text, name, arguments);
            case "removeprefix" -> {
                String prefix = arguments.bind(name, 1, "prefix").text(0, null);
                yield text.startsWith(prefix) ? text.substring(prefix.length()) : text;
            }
            case "removesuffix" -> {
                String suffix = arguments.bind(name, 1, "suffix").text(0, null);
                yield text.endsWith(suffix) ? text.substring(0, text.length() - suffix.length()) : text;
            }
            case "replace" -> {
                Arguments.Bound bound = arguments.bind(name, 2, "old", "new", "count");
                yield replace(run, text, bound.text(0, null), bound.text(1, null), bound.integer(2, -1));
            }
            case "join" -> join(run, text, arguments.bind(name, 1, "iterable").get(0));
            case "format" -> Formatting.braces(run, text, arguments);
            case "find", "rfind", "index", "rindex", "count" -> search(text, name, arguments);
            case "center", "ljust", "rjust", "zfill" -> pad(run, text, name, arguments);
            default -> {
                arguments.bind(name, 0);
                yield plain(text, name);
            }
        };
    }

    /** The arguments as the same method of a string that is marked safe takes them. */
    static Arguments escaped(String name, Arguments arguments) {
        if (!name.equals("join") && !name.equals("format") && !name.equals("replace")) {
            return arguments;
        }
        List<Object> escaped = new ArrayList<>();
        for (Object argument : arguments.positional()) {
            if (argument instanceof List<?> items) {
                List<Object> each = new ArrayList<>();
                for (Object item : items) {
                    each.add(item instanceof String ? Markup.escape(item).text() : item);
                }
                escaped.add(each);
            } else {
                boolean text = argument instanceof String && !(name.equals("replace") && escaped.isEmpty());
                escaped.add(text ? Markup.escape(argument).text() : argument);
            }
        }
        return new Arguments(escaped, arguments.named());
    }

    /** The methods without arguments. */
    private static Object plain(String text, String name) {
        return switch (name) {
            case "upper" -> text.toUpperCase(Locale.ROOT);
            case "lower" -> text.toLowerCase(Locale.ROOT);
            case "casefold" -> text.toUpperCase(Locale.ROOT).toLowerCase(Locale.ROOT);
            case "capitalize" -> capitalize(text);
            case "title" -> title(text);
            case "swapcase" -> swapCase(text);
            default -> is(text, name);
        };
    }

    static String strip(String text, String characters, boolean left, boolean right) {
        int start = 0;
        int end = text.length();
        while (left && start < end && stripped(text.codePointAt(start), characters)) {
            start += Character.charCount(text.codePointAt(start));
        }
        while (right && end > start && stripped(text.codePointBefore(end), characters)) {
            end -= Character.charCount(text.codePointBefore(end));
        }
        return text.substring(start, end);
    }

    private static boolean stripped(int c, String characters) {
        return characters == null ? Text.isSpace(c) : characters.indexOf(c) >= 0;
    }

    private static boolean affix(String text, String name, Arguments arguments) {
        Arguments.Bound bound = arguments.bind(name, 1, "prefix", "start", "end");
        String part = bound.has(1) || bound.has(2) ? cut(text, bound, 1) : text;
        if (part == null) {
            return false;
        }
        if (bound.get(0) instanceof Tuple all) {
            for (Object one : all) {
                if (Markup.strip(one) instanceof String affix && affixed(part, affix, name)) {
                    return true;
                }
            }
            return false;
        }
        return affixed(part, bound.text(0, null), name);
    }

    private static boolean affixed(String text, String affix, String name) {
        return name.equals("startswith") ? text.startsWith(affix) : text.endsWith(affix);
    }

    /** The part between the bounds at {@code i} and after, or null if the start lies beyond the end. */
    private static String cut(String text, Arguments.Bound bound, int i) {
        int length = Text.length(text);
        int start = index(bound, i, 0, length);
        int end = index(bound, i + 1, length, length);
        return start > length || start > end ? null : Text.slice(text, start, Math.min(end, length) - start, 1);
    }

    private static int index(Arguments.Bound bound, int i, int otherwise, int length) {
        if (!bound.has(i) || bound.get(i) == null) {
            return otherwise;
        }
        int index = bound.integer(i, otherwise);
        return index < 0 ? Math.max(0, index + length) : index;
    }

    private static Object search(String text, String name, Arguments arguments) {
        Arguments.Bound bound = arguments.bind(name, 1, "sub", "start", "end");
        String wanted = bound.text(0, null);
        String part = cut(text, bound, 1);
        if (name.equals("count")) {
            return part == null ? 0L : count(part, wanted);
        }
        int at = part == null ? -1 : name.startsWith("r") ? part.lastIndexOf(wanted) : part.indexOf(wanted);
        if (at >= 0) {
            return (long) part.codePointCount(0, at) + index(bound, 1, 0, Text.length(text));
        }
        if (name.endsWith("index")) {
            throw new TemplateException("substring not found");
        }
        return -1L;
    }

    private static long count(String text, String wanted) {
        if (wanted.isEmpty()) {
            return Text.length(text) + 1;
        }
        long count = 0;
        for (int i = text.indexOf(wanted); i >= 0; i = text.indexOf(wanted, i + wanted.length())) {
            count++;
        }
        return count;
    }

    /** Replaces the first {@code most} occurrences; all of them if it is negative. */
    static String replace(Run run, String text, String from, String to, int most) {
        int left = most < 0 ? Integer.MAX_VALUE : most;
        run.spend(Values.searchCost(text, from));
        StringBuilder out = new StringBuilder(text.length());
        int position = 0;
        int next = text.indexOf(from);
        while (next >= 0 && left-- > 0) {
            out.append(text, position, next);
            out.append(to);
            run.spend(1L + to.length());
            position = next + from.length();
            // The empty string is found before every character and at the end.
            if (from.isEmpty() && next < text.length()) {
                position = text.offsetByCodePoints(next, 1);
                out.append(text, next, position);
            } else if (from.isEmpty()) {
                break;
            }
            next = text.indexOf(from, position);
        }
        return out.append(text, position, text.length()).toString();
    }

    private static String join(Run run, String separator, Object items) {
        StringBuilder out = new StringBuilder();
        int i = 0;
        for (Object item : Values.list(run, items)) {
            if (!(Markup.strip(item) instanceof String text)) {
                Values.refuseUndefined(item);
                throw new TemplateException("sequence item " + i + ": expected str instance, " + Values.typeName(item)
                        + " found");
            }
            run.spend((long) text.length() + separator.length());
            out.append(i++ == 0 ? "" : separator).append(text);
        }
        return out.toString();
    }

    private static String pad(Run run, String text, String name, Arguments arguments) {
        Arguments.Bound bound = name.equals("zfill") ? arguments.bind(name, 1, "width")
                : arguments.bind(name, 1, "width", "fillchar");
        int missing = bound.integer(0, 0) - Text.length(text);
        if (missing <= 0) {
            return text;
        }
        run.spend(missing);
        if (name.equals("zfill")) {
            int sign = text.startsWith("-") || text.startsWith("+") ? 1 : 0;
            return text.substring(0, sign) + "0".repeat(missing) + text.substring(sign);
        }
        String fill = bound.values().length > 1 ? bound.text(1, " ") : " ";
        if (Text.length(fill) != 1) {
            throw new TemplateException("The fill character must be exactly one character long");
        }
        // Python puts the odd character of center() on the left if the width is odd too.
        int left = switch (name) {
            case "ljust" -> 0;
            case "rjust" -> missing;
            default -> missing / 2 + (missing & bound.integer(0, 0) & 1);
        };
        return fill.repeat(left) + text + fill.repeat(missing - left);
    }

    static String capitalize(String text) {
        if (text.isEmpty()) {
            return text;
        }
        int end = text.offsetByCodePoints(0, 1);
        return titleCase(text.substring(0, end)) + text.substring(end).toLowerCase(Locale.ROOT);
    }

    /** One character in title case; where that is more than one (the German sharp s), capital and small. */
    private static String titleCase(String character) {
        int c = character.codePointAt(0);
        int title = Character.toTitleCase(c);
        String upper = character.toUpperCase(Locale.ROOT);
        return title == c && upper.length() > character.length()
                ? upper.charAt(0) + upper.substring(1).toLowerCase(Locale.ROOT) : Character.toString(title);
    }

    static String title(String text) {
        StringBuilder out = new StringBuilder(text.length());
        boolean inWord = false;
        for (int i = 0; i < text.length(); ) {
            int end = text.offsetByCodePoints(i, 1);
            String character = text.substring(i, end);
            out.append(inWord ? character.toLowerCase(Locale.ROOT) : titleCase(character));
            inWord = isCased(character.codePointAt(0));
            i = end;
        }
        return out.toString();
    }

    private static boolean isCased(int c) {
        return Character.isUpperCase(c) || Character.isLowerCase(c) || Character.isTitleCase(c);
    }

    private static String swapCase(String text) {
        StringBuilder out = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); ) {
            int end = text.offsetByCodePoints(i, 1);
            String character = text.substring(i, end);
            boolean upper = Character.isUpperCase(character.codePointAt(0));
            out.append(upper ? character.toLowerCase(Locale.ROOT) : character.toUpperCase(Locale.ROOT));
            i = end;
        }
        return out.toString();
    }

    /** {@code isalpha} and its like: whether there are characters and all are so. */
    static boolean is(String text, String name) {
        boolean found = false;
        boolean afterCased = false;
        for (int i = 0; i < text.length(); ) {
            int c = text.codePointAt(i);
            i += Character.charCount(c);
            boolean cased = isCased(c);
            boolean right = switch (name) {
                case "isalpha" -> Character.isLetter(c);
                case "isalnum" -> Character.isLetter(c) || isNumeric(c);
                case "isdigit" -> Character.isDigit(c) || isDigitLike(c);
                case "isdecimal" -> Character.isDigit(c);
                case "isnumeric" -> isNumeric(c);
                case "isspace" -> Text.isSpace(c);
                case "isascii" -> c < 0x80;
                case "islower" -> !cased || Character.isLowerCase(c);
                case "isupper" -> !cased || Character.isUpperCase(c);
                default -> !cased || afterCased == Character.isLowerCase(c);
            };
            if (!right) {
                return false;
            }
            found |= cased || !(name.equals("islower") || name.equals("isupper") || name.equals("istitle"));
            afterCased = cased;
        }
        return found || name.equals("isascii");
    }

    /** Superscripts, circled digits and the like. */
    private static boolean isDigitLike(int c) {
        int value = Character.getNumericValue(c);
        return Character.getType(c) == Character.OTHER_NUMBER && value >= 0 && value <= 9;
    }

    private static boolean isNumeric(int c) {
        int type = Character.getType(c);
        return type == Character.DECIMAL_DIGIT_NUMBER || type == Character.LETTER_NUMBER || type == Character.OTHER_NUMBER;
    }
}
