/** The decoder: model, session, tokenizer, chat template, sampler, command line. */
@SuppressWarnings("module") // dev.skim.bench is built after this one.
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
    requires static org.jfree.jfreechart;
    requires static org.apache.xmlgraphics.batik.svggen;
    requires static java.desktop;
    requires static java.xml;
    requires java.logging;
    requires jdk.incubator.vector;
    requires java.net.http;

    exports dev.skim.llm;
    exports dev.skim.llm.profile;
    exports dev.skim.llm.bench to
            dev.skim.bench;

    opens dev.skim.llm.cli to
            info.picocli;
}
