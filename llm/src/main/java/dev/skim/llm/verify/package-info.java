/** Holds a model's computation against recorded outputs: what {@code skim verify} and the tests share. */
package dev.skim.llm.verify;
