package dev.skim.llm.storage;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;

/** Bytes as text, where {@code new String} would put a replacement for what is none. */
public final class StrictText {
    private StrictText() {}

    /**
     * Decodes all remaining bytes.
     *
     * @throws CharacterCodingException when they are no text in this encoding
     */
    public static String decode(ByteBuffer bytes, Charset charset) throws CharacterCodingException {
        return charset.newDecoder().decode(bytes).toString();
    }
}
