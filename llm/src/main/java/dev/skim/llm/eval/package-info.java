/** Skipping policies side by side: rates, perplexity, agreement with the whole model, and pictures of them. */
package dev.skim.llm.eval;
