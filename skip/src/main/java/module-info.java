/** What to leave out: plans, the methods, calibration, profiles. Knows nothing of GGUF, tokens or chat. */
module dev.skim.skip {
    requires transitive dev.skim.nn;
    requires org.eclipse.collections.api;
    requires org.eclipse.collections.impl;

    exports dev.skim.skip;
}
