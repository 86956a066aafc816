/** The decoder: model, session, tokenizer, chat template, sampler, command line. */
module dev.skim.llm {
    requires transitive dev.skim.skip;
    requires transitive dev.skim.gguf;
    requires dev.skim.nn;
    requires dev.skim.tensor;
    requires org.eclipse.collections.api;
    requires org.eclipse.collections.impl;
    requires com.fasterxml.jackson.databind;
    requires info.picocli;
    requires java.net.http;

    exports dev.skim.llm;
}
