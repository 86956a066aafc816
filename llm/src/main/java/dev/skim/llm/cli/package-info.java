/** The command line: one class a command, listed in {@link dev.skim.llm.cli.Main}. */
package dev.skim.llm.cli;
