package dev.skim.skip;

/**
 * Cosine and norm ratio of one token's residual stream before and after a step, in double (AdaSkip eq. 1 and 3).
 *
 * @param cosine 0 where a stream has no length
 * @param ratio of the norm after to the norm before; 1 where the stream before has no length
 */
record Similarity(double cosine, double ratio) {
    /** The least denominator, as in the AdaSkip code; streams shorter than this have no direction to speak of. */
    private static final double EPSILON = 1e-8;

    /** Of the token whose stream begins at {@code at} in both. */
    static Similarity of(float[] before, float[] after, int at, int width) {
        return of(dot(before, at, after, at, width), norm(before, at, width), norm(after, at, width));
    }

    /** From the product of the two streams and their norms. */
    static Similarity of(double product, double before, double after) {
        return new Similarity(product / Math.max(before * after, EPSILON), before < EPSILON ? 1 : after / before);
    }

    static double norm(float[] a, int offset, int count) {
        return Math.sqrt(dot(a, offset, a, offset, count));
    }

    /** {@code sum a[i] * b[i]}; four partial sums, since C2 keeps a double sum in order. */
    static double dot(float[] a, int aOffset, float[] b, int bOffset, int count) {
        double s0 = 0;
        double s1 = 0;
        double s2 = 0;
        double s3 = 0;
        int i = 0;
        for (; i + 3 < count; i += 4) {
            s0 = Math.fma((double) a[aOffset + i], (double) b[bOffset + i], s0);
            s1 = Math.fma((double) a[aOffset + i + 1], (double) b[bOffset + i + 1], s1);
            s2 = Math.fma((double) a[aOffset + i + 2], (double) b[bOffset + i + 2], s2);
            s3 = Math.fma((double) a[aOffset + i + 3], (double) b[bOffset + i + 3], s3);
        }
        for (; i < count; i++) {
            s0 = Math.fma((double) a[aOffset + i], (double) b[bOffset + i], s0);
        }
        return (s0 + s1) + (s2 + s3);
    }
}
