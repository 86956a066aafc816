/** The decoder: one layer loop for all model families, built from a configuration that is read from the file. */
package dev.skim.llm.decoder;
