package dev.skim.gguf;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;

/** Damages a file's bytes as its random numbers say: the same seed, the same damage. */
final class Mutator {
    private static final long[] NOTABLE = {
        0, 1, 2, 3, 4, 5, 7, 8, 9, 12, 13, 24, 31, 32, 33, 40, 63, 64, 255, 256, 4096, 65_535, 65_536, Integer.MAX_VALUE, 1L << 31, (1L << 32) - 1,
        1L << 32, 1L << 33, 1L << 60, 1L << 61, 1L << 62, Long.MAX_VALUE, Long.MIN_VALUE, -1, -2, -8, -32, 0x2020_2020_2020_2020L,
    };

    private final Random random;

    Mutator(long seed) {
        this.random = new Random(seed);
    }

    /** Mostly one wound, which gets deepest; at times several. All but a few lie in the header. */
    byte[] mutate(byte[] sound, int headerSize) {
        byte[] bytes = sound.clone();
        int wounds = random.nextInt(3) > 0 ? 1 : 2 + random.nextInt(6);
        for (int i = 0; i < wounds && bytes.length > 0; i++) {
            int reach = random.nextInt(20) == 0 ? bytes.length : Math.min(bytes.length, headerSize);
            bytes = wound(bytes, random.nextInt(reach), reach);
        }
        return bytes;
    }

    private byte[] wound(byte[] bytes, int at, int reach) {
        switch (random.nextInt(10)) {
            case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
            case 1 -> bytes[at] = (byte) random.nextInt(256);
            case 2, 3 -> overwrite(bytes, at, notable(bytes.length), 8);
            case 4 -> overwrite(bytes, at, notable(bytes.length), 4);
            case 5 -> overwrite(bytes, at, readLong(bytes, at) + random.nextInt(65) - 32, 8);
            case 6 -> {
                return Arrays.copyOf(bytes, random.nextBoolean() ? at : random.nextInt(bytes.length));
            }
            case 7 -> {
                return splice(bytes, at, 0, slice(bytes, random.nextInt(reach), 1 + random.nextInt(64)));
            }
            case 8 -> {
                return splice(bytes, at, 1 + random.nextInt(random.nextBoolean() ? 8 : 64), new byte[0]);
            }
            default -> {
                byte[] copied = slice(bytes, random.nextInt(reach), 1 + random.nextInt(64));
                return splice(bytes, at, copied.length, copied);
            }
        }
        return bytes;
    }

    private long notable(int size) {
        return switch (random.nextInt(8)) {
            case 0 -> size + random.nextInt(17) - 8;
            case 1 -> size / (1 + random.nextInt(64));
            case 2 -> random.nextLong();
            default -> NOTABLE[random.nextInt(NOTABLE.length)];
        };
    }

    private static long readLong(byte[] bytes, int at) {
        return ByteBuffer.wrap(Arrays.copyOfRange(bytes, at, at + 8)).order(ByteOrder.LITTLE_ENDIAN).getLong();
    }

    private static void overwrite(byte[] bytes, int at, long value, int size) {
        for (int i = 0; i < size && at + i < bytes.length; i++) {
            bytes[at + i] = (byte) (value >>> 8 * i);
        }
    }

    private static byte[] slice(byte[] bytes, int at, int length) {
        return Arrays.copyOfRange(bytes, at, Math.min(bytes.length, at + length));
    }

    /** The bytes with {@code removed} of them at {@code at} replaced by others. */
    private static byte[] splice(byte[] bytes, int at, int removed, byte[] inserted) {
        int rest = Math.min(bytes.length, at + removed);
        byte[] spliced = Arrays.copyOf(bytes, at + inserted.length + bytes.length - rest);
        System.arraycopy(inserted, 0, spliced, at, inserted.length);
        System.arraycopy(bytes, rest, spliced, at + inserted.length, bytes.length - rest);
        return spliced;
    }
}
