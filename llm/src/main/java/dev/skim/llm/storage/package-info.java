/** Where files of the user go, and how texts in them are read. */
package dev.skim.llm.storage;
