package dev.skim.llm;

import dev.skim.nn.KvType;
import dev.skim.skip.SkipPolicy;
import java.util.Objects;

/**
 * How a session is opened.
 *
 * @param contextLength positions of the context; 0 takes the length that the model was trained for
 * @param skip what to leave out
 * @param drafting how tokens are drafted that the whole model then verifies: faster, with nothing lost
 * @param kvType how keys and values of the tokens are held; all but f32 round them
 * @param exact whether all products are taken in f32; else those with Q4_0 to Q5_1, Q2_K to Q6_K, IQ3_XXS, IQ3_S, IQ4_XS,
 *     TQ1_0 and TQ2_0 take their input rounded to 8 bits or more in groups of 32 to 128, which is faster and moves the logits a
 *     little; those with Q8_0 are in f32 then too, but rounded once more
 */
public record SessionOptions(int contextLength, SkipPolicy skip, Drafting drafting, KvType kvType, boolean exact) {
    /** Positions of a context at most: more than any model has, and few enough to be counted and put into arrays. */
    public static final int MOST_POSITIONS = 1 << 24;

    /** The model's own context length, nothing left out. */
    public static final SessionOptions DEFAULT = new SessionOptions(0, SkipPolicy.NONE);

    /** Options with nothing drafted, and all in f32. */
    public SessionOptions(int contextLength, SkipPolicy skip) {
        this(contextLength, skip, Drafting.NONE, KvType.F32, true);
    }

    /** Checks the length, and that the model that verifies is the whole one. */
    public SessionOptions {
        if (contextLength < 0 || contextLength > MOST_POSITIONS) {
            throw new SkimException("The context length must be 0 (the model's own) to " + MOST_POSITIONS + ", not "
                    + contextLength + ".");
        }
        Objects.requireNonNull(skip);
        Objects.requireNonNull(drafting);
        Objects.requireNonNull(kvType);
        if (!(drafting instanceof Drafting.None) && skip != SkipPolicy.NONE) {
            throw new SkimException("Speculation verifies with the whole model, so it does not go with the skip policy "
                    + skip + "; to draft with what that leaves, speculate with draft:" + skip + ".");
        }
    }

    /** The same with another context length. */
    public SessionOptions withContextLength(int contextLength) {
        return new SessionOptions(contextLength, skip, drafting, kvType, exact);
    }

    /** The same with something else left out. */
    public SessionOptions withSkip(SkipPolicy skip) {
        return new SessionOptions(contextLength, skip, drafting, kvType, exact);
    }

    /** The same with another way to draft. */
    public SessionOptions withDrafting(Drafting drafting) {
        return new SessionOptions(contextLength, skip, drafting, kvType, exact);
    }

    /** The same with keys and values held in another way. */
    public SessionOptions withKvType(KvType kvType) {
        return new SessionOptions(contextLength, skip, drafting, kvType, exact);
    }

    /** The same with products that are exact, or not. */
    public SessionOptions withExact(boolean exact) {
        return new SessionOptions(contextLength, skip, drafting, kvType, exact);
    }
}
