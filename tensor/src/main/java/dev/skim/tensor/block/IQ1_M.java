package dev.skim.tensor.block;

/**
 * 256 elements in 56 bytes: 32 bytes of low code bits, 32 nibbles with a code's upper three bits and the sign of its
 * shift, then 4 times 16 bits with four 3-bit scales each, one for 16 elements; their top nibbles are the f16
 * {@code d}, lowest first. Codes and elements are those of {@link IQ1_S}.
 */
public final class IQ1_M extends PointCodec {
    /** Made once, for its element type. */
    public IQ1_M() {
        super(56, 0.125f);
    }

    @Override
    float factor(byte[] source, int at) {
        long scales = Fields.i64(source, at + 48);
        long half = scales >>> 12 & 0xF | scales >>> 24 & 0xF0 | scales >>> 36 & 0xF00 | scales >>> 48 & 0xF000;
        return Float.float16ToFloat((short) half);
    }

    @Override
    public int multiple(byte[] source, int at, int group) {
        return 1 + 2 * (Fields.u16(source, at + 48 + group / 4 * 2) >>> 3 * (group % 4) & 7);
    }

    @Override
    public long numbers(byte[] source, int at, int k) {
        int nibble = Fields.u8(source, at + 32 + k / 2) >>> 4 * (k % 2);
        return IQ1_S.shifted(Fields.u8(source, at + k) | (nibble & 7) << 8, nibble >>> 3 & 1);
    }
}
