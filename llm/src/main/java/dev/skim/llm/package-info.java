/** The library's public face: load a {@link dev.skim.llm.Model}, open a {@link dev.skim.llm.Session}, generate. */
package dev.skim.llm;
