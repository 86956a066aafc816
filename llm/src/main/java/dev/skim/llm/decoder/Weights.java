package dev.skim.llm.decoder;

import dev.skim.gguf.GgufFile;
import dev.skim.gguf.TensorInfo;
import dev.skim.gguf.TensorReader;
import dev.skim.llm.SkimException;
import dev.skim.nn.Linear;
import dev.skim.nn.RmsNorm;
import dev.skim.tensor.Blocks;
import dev.skim.tensor.ElementType;
import dev.skim.tensor.PackedMatrix;
import dev.skim.tensor.Workers;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.DoubleConsumer;

/**
 * Takes the tensors out of a file by name, checks their shapes and packs them as they are read: what is resident stays near
 * the size of the packed weights.
 */
final class Weights {
    /** {@code rows} rows from {@code first} on of the matrix {@code name + ".weight"}, which has {@code of} rows. */
    record Slice(String name, int first, int rows, int of) {
        /** A whole matrix. */
        static Slice whole(String name, int rows) {
            return new Slice(name, 0, rows, rows);
        }
    }

    private final GgufFile file;
    private final Workers workers;
    private final DoubleConsumer progress;
    private final Set<String> used = new HashSet<>();
    private final long total;
    private long done;

    Weights(GgufFile file, Workers workers, DoubleConsumer progress) {
        this.file = file;
        this.workers = workers;
        this.progress = progress;
        total = Math.max(1, file.tensors().stream().mapToLong(TensorInfo::bytes).sum());
    }

    boolean has(String tensor) {
        return file.tensor(tensor).isPresent();
    }

    /** Rows of a matrix, for what the file alone knows: the vocabulary's size. */
    int rows(String name) {
        TensorInfo tensor = find(name + ".weight");
        if (tensor.shape().size() != 2 || tensor.rows() < 1 || tensor.rows() > Integer.MAX_VALUE) {
            throw fault(tensor.name(), "has the shape " + tensor.shape() + ", and a matrix is needed");
        }
        return (int) tensor.rows();
    }

    /** A norm of {@code size} elements. */
    RmsNorm norm(String name, int size, float epsilon) {
        return new RmsNorm(name, vector(name + ".weight", size), epsilon);
    }

    /** A whole matrix as a layer, with its bias where the file has one. */
    Linear linear(String name, int rows, int columns) {
        return linear(columns, Slice.whole(name, rows));
    }

    /** Stacks slices of matrices, top to bottom; neighbours of one element type become one packed matrix. */
    Linear linear(int columns, Slice... slices) {
        int rows = Arrays.stream(slices).mapToInt(Slice::rows).reduce(0, Math::addExact);
        for (Slice slice : slices) {
            check(slice, columns);
        }
        List<PackedMatrix> parts = new ArrayList<>();
        for (int begin = 0; begin < slices.length; ) {
            int end = begin + 1;
            while (end < slices.length && type(slices[end]) == type(slices[begin])) {
                end++;
            }
            parts.add(pack(Arrays.copyOfRange(slices, begin, end), columns));
            begin = end;
        }
        float[] bias = null;
        int at = 0;
        for (Slice slice : slices) {
            String name = slice.name() + ".bias";
            if (has(name)) {
                bias = bias == null ? new float[rows] : bias;
                float[] whole = vector(name, slice.of());
                System.arraycopy(whole, slice.first(), bias, at, slice.rows());
            }
            at += slice.rows();
        }
        return new Linear(Arrays.stream(slices).map(Slice::name).toList(), parts, bias);
    }

    private void check(Slice slice, int columns) {
        TensorInfo tensor = find(slice.name() + ".weight");
        if (tensor.columns() != columns || tensor.rows() != slice.of() || tensor.shape().size() > 2) {
            throw fault(tensor.name(), "has the shape " + tensor.shape() + ", and [" + columns + ", " + slice.of()
                    + "] is needed");
        }
        if (columns % tensor.type().blockSize() != 0) {
            throw fault(tensor.name(), "is of type " + tensor.type() + ", whose blocks of " + tensor.type().blockSize()
                    + " do not fill rows of " + columns);
        }
    }

    private ElementType type(Slice slice) {
        return find(slice.name() + ".weight").type();
    }

    private PackedMatrix pack(Slice[] slices, int columns) {
        ElementType type = type(slices[0]);
        int rows = Arrays.stream(slices).mapToInt(Slice::rows).sum();
        long rowBytes = type.bytes(columns);
        TensorReader[] readers = new TensorReader[slices.length];
        try {
            for (int i = 0; i < slices.length; i++) {
                readers[i] = file.reader(find(slices[i].name() + ".weight"));
            }
            PackedMatrix packed = PackedMatrix.pack(
                    type, (first, count, target) -> read(slices, readers, rowBytes, first, count, target), rows, columns,
                    workers);
            report(rows * rowBytes);
            return packed;
        } finally {
            for (TensorReader reader : readers) {
                if (reader != null) {
                    reader.close();
                }
            }
        }
    }

    /** Reads rows {@code first} to {@code first + count - 1} of stacked slices. */
    private static void read(
            Slice[] slices, TensorReader[] readers, long rowBytes, int first, int count, byte[] target) {
        int top = 0;
        for (int i = 0; i < slices.length; i++) {
            int begin = Math.max(first, top);
            int end = Math.min(first + count, top + slices[i].rows());
            if (begin < end) {
                readers[i].read(
                        (slices[i].first() + begin - top) * rowBytes,
                        target, Math.toIntExact((begin - first) * rowBytes), Math.toIntExact((end - begin) * rowBytes));
            }
            top += slices[i].rows();
        }
    }

    /** A vector, or an error where it is missing or has another size. */
    float[] vector(String name, int size) {
        TensorInfo tensor = find(name);
        if (tensor.elements() != size || tensor.columns() != size) {
            throw fault(name, "has the shape " + tensor.shape() + ", and [" + size + "] is needed");
        }
        float[] values = new float[size];
        byte[] bytes = new byte[Math.toIntExact(tensor.bytes())];
        try (TensorReader reader = file.reader(tensor)) {
            reader.read(0, bytes, 0, bytes.length);
        }
        Blocks.expand(tensor.type(), MemorySegment.ofArray(bytes), 0, values, 0, size);
        report(tensor.bytes());
        return values;
    }

    /** A vector, or null where the file has none. */
    float[] optionalVector(String name, int size) {
        return has(name) ? vector(name, size) : null;
    }

    /** Refuses a file with tensors that nobody asked for: the model would compute something else than it was trained to. */
    void refuseUnused() {
        Optional<TensorInfo> unused =
                file.tensors().stream().filter(tensor -> !used.contains(tensor.name())).findFirst();
        if (unused.isPresent()) {
            throw fault(unused.get().name(), "is not a tensor that Skim knows in this architecture");
        }
        progress.accept(1);
    }

    private TensorInfo find(String name) {
        used.add(name);
        return file.tensor(name)
                .orElseThrow(() -> new SkimException(file.path().getFileName() + " lacks the tensor " + name + "."));
    }

    private void report(long bytes) {
        done += bytes;
        progress.accept(Math.min(1, (double) done / total));
    }

    private SkimException fault(String tensor, String what) {
        return new SkimException(file.path().getFileName() + ": the tensor " + tensor + " " + what + ".");
    }
}
