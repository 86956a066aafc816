package dev.skim.llm;

import dev.skim.llm.decoder.Decoder;
import dev.skim.llm.decoder.Sequence;
import dev.skim.skip.SkipPlan;
import dev.skim.skip.Speculation;
import dev.skim.skip.SpeculationMonitor;
import java.util.SplittableRandom;
import java.util.function.IntFunction;

/**
 * Generates by drafting and verifying: one for a session. A round drafts K tokens, runs the last token of the text and the
 * drafted ones in one batch of the whole model, takes over what the whole model would have given itself, and one token
 * more. A token's logits have the same bits in a batch as alone, so that nothing tells the text from one that was decoded
 * token by token.
 */
final class Speculator {
    private static final int LONGEST = Drafting.LONGEST;

    private static final long REJECTION_SEED = 0x2545F4914F6CDD1DL;

    private final Session session;
    private final Drafter drafter;
    private final SkipPlan promptPlan;
    private final SpeculationMonitor monitor;
    private final int[] draft = new int[LONGEST];
    private final int vocabulary;
    private float[] rows = new float[0];
    private float[] probabilities = new float[0];
    private SplittableRandom random;
    private int drafted;
    private int accepted;

    /** Why the last round was the last; null where it was not. */
    private StopReason stopped;

    Speculator(Session session, Decoder decoder, Sequence sequence, Drafting drafting) {
        this.session = session;
        vocabulary = decoder.vocabularySize();
        int always = drafting instanceof Drafting.Always fixed ? fixed.tokens() : 0;
        switch (drafting instanceof Drafting.Always fixed ? fixed.by() : drafting) {
            case Drafting.PromptLookup lookup -> {
                drafter = new LookupDrafter(LONGEST);
                promptPlan = SkipPlan.NONE;
            }
            case Drafting.SkippedModel skipped -> {
                SkippedModelDrafter model = new SkippedModelDrafter(
                        session, decoder, sequence, skipped.policy().plan(decoder.shape()), always > 0);
                drafter = model;
                promptPlan = model.promptPlan();
            }
            default -> throw new IllegalArgumentException("nothing is drafted by " + drafting);
        }
        double[] acceptance = drafter.acceptance();
        monitor = always > 0
                ? SpeculationMonitor.always(always, acceptance.length)
                : new SpeculationMonitor(acceptance);
    }

    /** The plan by which prompts are read: the whole model. */
    SkipPlan promptPlan() {
        return promptPlan;
    }

    /** Tokens that were drafted in the last request. */
    int drafted() {
        return drafted;
    }

    /** Those of them that stood. */
    int accepted() {
        return accepted;
    }

    String status() {
        return monitor.status();
    }

    /** Forgets the last request's figures. */
    void begin() {
        drafted = 0;
        accepted = 0;
    }

    /**
     * Generates after a prompt that was read.
     *
     * @param push takes each token; says why the generation ends with it, or null
     */
    StopReason generate(
            int[] prompt, Sampling sampling, Sampler sampler, int maxTokens, IntFunction<StopReason> push) {
        drafter.newRequest(prompt, sampling);
        monitor.newRequest();
        random = new SplittableRandom(sampling.seed() ^ REJECTION_SEED);
        int token = sampler.next(session.logits());
        StopReason stop = take(token, sampler, push);
        int generated = 1;
        while (stop == null) {
            // A round gives one token more than it drafts, and its batch must fit.
            int room = session.contextLength() - session.position() - 1;
            int most = Math.min(room, maxTokens > 0 ? maxTokens - generated - 1 : LONGEST);
            int kind = most < 1 ? -1 : drafter.offer();
            int length = kind < 0 ? 0 : monitor.draftLength(Math.min(most, LONGEST), kind);
            int before = session.position();
            if (length > 0) {
                token = round(token, kind, length, sampler, push);
                generated += session.position() - before;
                stop = stopped;
            }
            if (session.position() == before) {
                long begin = System.nanoTime();
                session.decode(token);
                monitor.plain(System.nanoTime() - begin);
                token = sampler.next(session.logits());
                stop = take(token, sampler, push);
                generated++;
            }
        }
        return stop;
    }

    /**
     * One round: leaves the session behind the last token but one, which it returns, and its reason to stop in
     * {@code stopped}. Nothing has happened where no token was drafted.
     */
    private int round(int token, int kind, int length, Sampler sampler, IntFunction<StopReason> push) {
        stopped = null;
        try {
            long start = System.nanoTime();
            int count = drafter.draft(draft, length, sampler);
            if (count == 0) {
                return token;
            }
            int[] batch = new int[count + 1];
            batch[0] = token;
            System.arraycopy(draft, 0, batch, 1, count);
            if (rows.length < batch.length * vocabulary) {
                rows = new float[batch.length * vocabulary];
            }
            long begin = System.nanoTime();
            session.verify(batch, rows);
            long end = System.nanoTime();
            int stood = 0;
            boolean same = true;
            int next = token;
            for (int i = 0; same && stopped == null; i++) {
                session.keep(rows, i);
                next = next(i, count, sampler);
                same = i < count && next == draft[i];
                stood += same ? 1 : 0;
                stopped = take(next, sampler, push);
            }
            drafted += count;
            accepted += stood;
            // What comes after a rejected token, or after the text's end, says nothing about the drafter.
            int judged = same ? stood : Math.min(count, stood + 1);
            monitor.round(kind, count, judged, stood, begin - start, end - begin);
            drafter.verified(same ? stood : count, stood);
            return next;
        } finally {
            session.settle();
        }
    }

    /** The token after row i of the batch: by the rejection rule where one was drafted for its place. */
    private int next(int i, int count, Sampler sampler) {
        float[] drawnFrom = i < count ? drafter.drawnFrom(i) : null;
        if (drawnFrom == null) {
            return sampler.next(session.logits());
        }
        if (probabilities.length == 0) {
            probabilities = new float[vocabulary];
        }
        sampler.distribution(session.logits(), probabilities);
        return Speculation.next(draft[i], probabilities, drawnFrom, random);
    }

    private StopReason take(int token, Sampler sampler, IntFunction<StopReason> push) {
        sampler.accept(token);
        drafter.add(token);
        return push.apply(token);
    }
}
