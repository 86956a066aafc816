package dev.skim.skip;

/** Cosine and norm ratio of one token's residual stream before and after a step, in double (AdaSkip eq. 1 and 3). */
final class Similarity {
    /** The least denominator, as in the AdaSkip code; streams shorter than this have no direction to speak of. */
    private static final double EPSILON = 1e-8;

    private Similarity() {}

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

    /** The cosine from a product and two norms; 0 where a norm is 0. */
    static double cosine(double product, double aNorm, double bNorm) {
        return product / Math.max(aNorm * bNorm, EPSILON);
    }

    /** {@code |b| / |a|}; 1 where a has no length. */
    static double ratio(double aNorm, double bNorm) {
        return aNorm < EPSILON ? 1 : bNorm / aNorm;
    }
}
