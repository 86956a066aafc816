package dev.skim.gguf;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.util.List;

/**
 * Gives a tensor's bytes when {@link GgufWriter} wants them, so that a model larger than memory can be written. It is asked
 * once for each time that the tensor is written, and must give exactly the tensor's bytes, in pieces of any size.
 */
@FunctionalInterface
public interface TensorSource {
    /**
     * Writes all the tensor's bytes, in the file's form: little-endian, blocks as the element type lays them out.
     *
     * @param out takes every byte that it is given; closing it does nothing
     */
    void writeTo(WritableByteChannel out) throws IOException;

    /** The bytes of a segment, such as a mapped tensor of another file. */
    static TensorSource of(MemorySegment bytes) {
        return out -> {
            byte[] piece = new byte[(int) Math.min(bytes.byteSize(), 1 << 16)];
            for (long at = 0; at < bytes.byteSize(); at += piece.length) {
                int length = (int) Math.min(bytes.byteSize() - at, piece.length);
                MemorySegment.copy(bytes, ValueLayout.JAVA_BYTE, at, piece, 0, length);
                out.write(ByteBuffer.wrap(piece, 0, length));
            }
        };
    }

    /** The values of an F32 tensor. */
    static TensorSource of(float[] values) {
        return of(List.of(values));
    }

    /** The values of an F32 tensor, piece by piece: row by row, for instance. */
    static TensorSource of(Iterable<float[]> pieces) {
        return out -> {
            ByteBuffer buffer = ByteBuffer.allocate(1 << 16).order(ByteOrder.LITTLE_ENDIAN);
            for (float[] piece : pieces) {
                for (int at = 0; at < piece.length; ) {
                    int length = Math.min(piece.length - at, buffer.capacity() / Float.BYTES);
                    buffer.clear();
                    buffer.asFloatBuffer().put(piece, at, length);
                    out.write(buffer.limit(length * Float.BYTES));
                    at += length;
                }
            }
        };
    }
}
