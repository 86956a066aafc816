/** Where files of the user go, how texts in them are read, what they are checked by, and what failures with them mean. */
package dev.skim.llm.storage;
