package dev.skim.llm.cli;

import dev.skim.llm.SessionOptions;
import dev.skim.nn.KvType;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** How exactly a session computes. */
final class PrecisionOptions {
    @Mixin
    private KvOptions kv;

    @Option(
            names = "--exact",
            description = "Compute all in f32. Otherwise what is multiplied with Q4_0 to Q5_1, Q2_K to Q6_K, "
                    + "IQ3_XXS, IQ3_S, IQ4_XS, TQ1_0 or TQ2_0 is rounded to 8 bits or more, and sums with Q8_0 are rounded once more, which is faster.")
    private boolean exact;

    SessionOptions apply(SessionOptions options) {
        return options.withKvType(kv.type()).withExact(exact);
    }

    KvType kvType() {
        return kv.type();
    }

    boolean exact() {
        return exact;
    }
}
