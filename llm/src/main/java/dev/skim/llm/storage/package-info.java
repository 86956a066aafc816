/** Where files of the user go, how texts in them are read, and what failures with them mean. */
package dev.skim.llm.storage;
