package dev.skim.launcher;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/**
 * Command-line arguments that survive a machine without a UTF-8 locale, as most containers are. There Java decodes and
 * encodes arguments as ASCII, and every other character of a prompt would be lost twice on the way.
 */
final class Arguments {
    private static final String PROPERTY = "skim.arguments";

    private Arguments() {}

    /** What the user typed: from the launcher that started this process, from Linux itself, or as Java has it. */
    static String[] received(String[] arguments) {
        String packed = System.getProperty(PROPERTY);
        if (packed != null) {
            System.clearProperty(PROPERTY);
            String joined = new String(Base64.getUrlDecoder().decode(packed), StandardCharsets.UTF_8);
            return joined.substring(0, joined.length() - 1).split("\0", -1);
        }
        return isAscii(arguments) ? arguments : fromLinux(arguments);
    }

    private static String[] fromLinux(String[] arguments) {
        try {
            byte[] line = Files.readAllBytes(Paths.get("/proc/self/cmdline"));
            String[] all = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(line)).toString().split("\0", -1);
            int end = all.length - 1;
            return end < arguments.length ? arguments : Arrays.copyOfRange(all, end - arguments.length, end);
        } catch (CharacterCodingException e) {
            return arguments;
        } catch (IOException e) {
            return arguments;
        }
    }

    /** The tail of a command that calls a main class with these arguments. */
    static List<String> passedOn(String mainClass, String[] arguments) {
        // On Windows a quote in an argument would be lost on the way.
        if (isAscii(arguments) && Arrays.stream(arguments).noneMatch(argument -> argument.contains("\""))) {
            List<String> tail = new ArrayList<>(Collections.singletonList(mainClass));
            tail.addAll(Arrays.asList(arguments));
            return tail;
        }
        String joined = String.join("\0", arguments) + "\0";
        String packed = Base64.getUrlEncoder().encodeToString(joined.getBytes(StandardCharsets.UTF_8));
        return Arrays.asList("-D" + PROPERTY + "=" + packed, mainClass);
    }

    /** Asks for UTF-8 file names where they would be ASCII: no locale is named, or the C one, or one that is not installed. */
    static void useUnicodeLocale(Map<String, String> environment, String fileNameEncoding) {
        if (Charset.isSupported(fileNameEncoding) && Charset.forName(fileNameEncoding).equals(StandardCharsets.US_ASCII)) {
            environment.put("LC_ALL", "C.UTF-8");
        }
    }

    private static boolean isAscii(String[] arguments) {
        for (String argument : arguments) {
            if (argument.chars().anyMatch(c -> c > 127)) {
                return false;
            }
        }
        return true;
    }
}
