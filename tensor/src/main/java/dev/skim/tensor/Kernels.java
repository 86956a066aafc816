package dev.skim.tensor;

/** What the kernels were chosen to be on this machine, for reports. */
public final class Kernels {
    private Kernels() {}

    /** Bits of a vector: the machine's widest up to 512, or what the property {@code skim.width} forces. */
    public static int vectorBits() {
        return Simd.BITS;
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
