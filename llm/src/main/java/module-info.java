/** The decoder: model, session, tokenizer, chat template, sampler, command line. */
module dev.skim.llm {
    requires transitive dev.skim.skip;
    requires transitive dev.skim.gguf;
    requires dev.skim.nn;
    requires dev.skim.tensor;
    requires org.eclipse.collections.api;
    requires org.eclipse.collections.impl;
    requires com.fasterxml.jackson.databind;
    requires static info.picocli;
    requires static org.jline.reader;
    requires java.logging;
    requires jdk.incubator.vector;
    requires java.net.http;

    exports dev.skim.llm;

    opens dev.skim.llm.cli to
            info.picocli;
}
