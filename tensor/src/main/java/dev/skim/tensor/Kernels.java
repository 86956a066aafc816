package dev.skim.tensor;

/** What the kernels were chosen to be on this machine, for reports. */
public final class Kernels {
    private Kernels() {}

    /** Bits of a vector: the machine's widest up to 512, or what the property {@code skim.width} forces. */
    public static int vectorBits() {
        return Simd.BITS;
    }

    /** Whether products with weights of this type unpack them in registers; else they are expanded first. */
    public static boolean unpacks(ElementType type) {
        return !(PanelLayout.of(type) instanceof RawLayout);
    }

    /** Whether products with weights of this type may round the activations and use 16-bit lanes. */
    public static boolean rounds(ElementType type) {
        return PanelLayout.of(type).rounding() != Rounding.NONE;
    }
}
