package dev.skim.llm;

import dev.skim.skip.PromptLookup;

/** Drafts from the text so far. */
final class LookupDrafter implements Drafter {
    /**
     * Tokens of agreement from which on a draft is of the next kind, and the acceptance that each kind begins with. Two
     * tokens in a row come again in any text; eight in a row hardly but in a copy.
     */
    private static final int[] MATCHED = {4, 8};

    private static final double[] ACCEPTANCE = {0.3, 0.6, 0.9};

    private final PromptLookup lookup = new PromptLookup();
    private final int[] longest;
    private int found;

    LookupDrafter(int longest) {
        this.longest = new int[longest];
    }

    @Override
    public double[] acceptance() {
        return ACCEPTANCE.clone();
    }

    @Override
    public void newRequest(int[] prompt, Sampling sampling) {
        lookup.set(prompt);
    }

    @Override
    public void add(int token) {
        lookup.add(token);
    }

    @Override
    public int offer() {
        found = lookup.draft(longest, longest.length);
        if (found == 0) {
            return -1;
        }
        int kind = 0;
        while (kind < MATCHED.length && lookup.matched() >= MATCHED[kind]) {
            kind++;
        }
        return kind;
    }

    @Override
    public int draft(int[] out, int most, Sampler sampler) {
        int count = Math.min(found, most);
        System.arraycopy(longest, 0, out, 0, count);
        return count;
    }

    @Override
    public float[] drawnFrom(int i) {
        return null;
    }

    @Override
    public void verified(int drafted, int accepted) {
        // The monitor learns all that there is to learn.
    }
}
