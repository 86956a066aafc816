package dev.skim.tensor;

import jdk.incubator.vector.FloatVector;

/** What the kernels were chosen to be on this machine, for reports. */
public final class Kernels {
    private Kernels() {}

    /**
     * Bits of a vector: the machine's widest of 128, 256 and 512, or what the property {@code skim.width} forces, for tests and
     * for machines whose widest vectors are slow. A machine without vectors computes as if it had 128 bits.
     *
     * @throws IllegalArgumentException when the property is another number, which this says in a sentence; to be asked before
     *     anything is computed, since no class that computes can be initialised then
     */
    public static int vectorBits() {
        return vectorBits(FloatVector.SPECIES_PREFERRED.vectorBitSize(), System.getProperty("skim.width", "widest"));
    }

    /** Java prefers 64 bits where it has no C2, and SVE may have 384, which are no width of ours. */
    static int vectorBits(int preferred, String forced) {
        return switch (forced) {
            case "widest" -> preferred >= 512 ? 512 : preferred >= 256 ? 256 : 128;
            case "128" -> 128;
            case "256" -> 256;
            case "512" -> 512;
            default -> throw new IllegalArgumentException(
                    "The property skim.width must be 128, 256 or 512, not " + forced + ".");
        };
    }

    /** Whether weights of this type are interleaved in panels, for loops of their own; else rows are expanded one by one. */
    public static boolean interleaves(ElementType type) {
        return !(PanelLayout.of(type) instanceof RawLayout);
    }

    /** Whether products with weights of this type are faster and round more where they may. */
    public static boolean rounds(ElementType type) {
        return PanelLayout.of(type).rounding() != Rounding.NONE;
    }
}
