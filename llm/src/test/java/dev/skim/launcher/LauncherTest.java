package dev.skim.launcher;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.DataInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LauncherTest {
    @ParameterizedTest
    @CsvSource({"25,25", "25.0.3,25", "1.8.0_402,8", "1.8,8", "11.0.2,11", "26-ea,26", "'',0", "x,0"})
    void readsVersions(String version, int feature) {
        assertEquals(feature, Jdk.feature(version));
    }

    @Test
    void knowsAJdkByItsReleaseFile(@TempDir Path home) throws IOException {
        assertEquals(0, Jdk.version(home.toFile()));
        Path java = Files.createDirectories(home.resolve("bin")).resolve("java");
        Files.writeString(java, "");
        assertTrue(java.toFile().setExecutable(true));
        assertEquals(0, Jdk.version(home.toFile()));
        Files.writeString(home.resolve("release"), "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"25.0.1\"\n");
        assertEquals(25, Jdk.version(home.toFile()));
    }

    @Test
    void asksForLittleInAdvanceWhereThatCounts(@TempDir Path folder) throws IOException {
        List<String> usual = Launcher.fileOptions(folder.resolve("absent"), 8);
        assertTrue(usual.contains("-XX:InitialRAMPercentage=25"));
        for (int mode = 0; mode <= 2; mode++) {
            List<String> expected = new ArrayList<>(usual);
            if (mode == 2) {
                expected.add("-XX:InitialRAMPercentage=1");
            }
            Path file = Files.writeString(folder.resolve("mode" + mode), mode + "\n");
            assertEquals(expected, Launcher.fileOptions(file, 8));
        }
    }

    @ParameterizedTest
    @CsvSource({"1,true", "2,true", "3,true", "4,false", "64,false"})
    void compilesTwoKernelsAtATimeOnFewProcessors(int processors, boolean asked, @TempDir Path folder) {
        List<String> options = Launcher.fileOptions(folder.resolve("absent"), processors);
        assertEquals(asked, options.contains("-XX:CICompilerCount=3"));
    }

    /** What passedOn packs, received unpacks; it is ASCII, which every locale lets through. */
    @Property(tries = 200)
    void argumentsSurvive(@ForAll @Size(min = 1, max = 5) List<String> list) {
        String[] arguments = list.stream().map(a -> a.replace('\0', ' ')).map(LauncherTest::whole).toArray(String[]::new);
        List<String> passed = Arguments.passedOn("Main", arguments);
        String[] received;
        if (passed.get(0).startsWith("-Dskim.arguments=")) {
            assertEquals(2, passed.size());
            System.setProperty("skim.arguments", passed.get(0).substring("-Dskim.arguments=".length()));
            received = Arguments.received(new String[0]);
        } else {
            assertEquals("Main", passed.get(0));
            received = passed.subList(1, passed.size()).toArray(String[]::new);
        }
        assertTrue(passed.stream().allMatch(a -> a.chars().allMatch(c -> c < 128)));
        assertArrayEquals(arguments, received);
    }

    /** Half a surrogate pair is no text, and no shell can pass one. */
    private static String whole(String text) {
        return text.codePoints()
                .filter(c -> c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }

    @Test
    void asksForUtf8WhereFileNamesWouldBeAscii() {
        Map<String, String> german = new HashMap<>(Map.of("LANG", "de_DE.UTF-8"));
        Arguments.useUnicodeLocale(german, "UTF-8");
        Arguments.useUnicodeLocale(german, "ISO-8859-1");
        assertEquals(Map.of("LANG", "de_DE.UTF-8"), german);
        Arguments.useUnicodeLocale(german, "ANSI_X3.4-1968");
        assertEquals("C.UTF-8", german.get("LC_ALL"));
    }

    @Test
    void quotesArePacked() {
        assertEquals(List.of("Main", "a b"), Arguments.passedOn("Main", new String[] {"a b"}));
        assertTrue(Arguments.passedOn("Main", new String[] {"say \"a\""}).get(0).startsWith("-Dskim.arguments="));
    }

    @ParameterizedTest
    @CsvSource({"-XX:+UseG1GC,true", "-Xmx1g -XX:+UseZGC,true", "-XX:-UseG1GC,false", "-XX:+UseSerialGC,false", "-Xint,false"})
    void knowsThatACollectorIsNamed(String options, boolean named) {
        for (String name : List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "SKIM_JAVA_OPTS")) {
            assertEquals(named, Launcher.namesCollector(Map.of(name, options)));
        }
    }

    /** A launcher that an old Java cannot load could not tell that the Java is old. */
    @ParameterizedTest
    @ValueSource(strings = {"Launcher", "Jdk", "Arguments", "Child"})
    void isCompiledForJava8(String name) throws IOException {
        try (DataInputStream in = new DataInputStream(Launcher.class.getResourceAsStream(name + ".class"))) {
            assertEquals(0xCAFEBABE, in.readInt());
            in.readUnsignedShort();
            assertEquals(52, in.readUnsignedShort());
        }
    }
}
