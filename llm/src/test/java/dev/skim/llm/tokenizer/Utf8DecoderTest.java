package dev.skim.llm.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;

class Utf8DecoderTest {
    private static final byte[] CRITICAL = {
        0, 0x41, 0x7F, (byte) 0x80, (byte) 0x8F, (byte) 0x90, (byte) 0x9F, (byte) 0xA0, (byte) 0xBF, (byte) 0xC0, (byte) 0xC1,
        (byte) 0xC2, (byte) 0xDF, (byte) 0xE0, (byte) 0xE1, (byte) 0xED, (byte) 0xEE, (byte) 0xEF, (byte) 0xF0, (byte) 0xF1,
        (byte) 0xF4, (byte) 0xF5, (byte) 0xFF
    };

    @Property(tries = 5000)
    void decodesAnyBytesAsTheJdkDoes(@ForAll @Size(max = 12) int[] choices) {
        byte[] bytes = new byte[choices.length];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = CRITICAL[Math.floorMod(choices[i], CRITICAL.length)];
        }
        Utf8Decoder decoder = new Utf8Decoder();
        StringBuilder all = new StringBuilder();
        for (byte b : bytes) {
            StringBuilder part = new StringBuilder();
            decoder.push(b, part);
            assertEquals(part.toString(), Utf8.wellFormed(part.toString()), "half a character");
            all.append(part);
        }
        decoder.flush(all);
        assertEquals(new String(bytes, StandardCharsets.UTF_8), all.toString());
    }
}
