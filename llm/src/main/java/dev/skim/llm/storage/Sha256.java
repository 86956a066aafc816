package dev.skim.llm.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256. */
public final class Sha256 {
    private Sha256() {}

    /** That of a whole file, in lower-case hexadecimal; the file's position stays. */
    public static String of(FileChannel file) throws IOException {
        MessageDigest digest = newDigest();
        ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 18);
        long at = 0;
        while (true) {
            int count = file.read(buffer.clear(), at);
            if (count < 0) {
                return HexFormat.of().formatHex(digest.digest());
            }
            at += count;
            digest.update(buffer.flip());
        }
    }

    /** A digest of nothing yet. */
    public static MessageDigest newDigest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
